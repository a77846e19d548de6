"""The form of a webhook."""

from __future__ import annotations

from typing import Any

from django import forms

from core.accounts.models import User
from core.common.actor import Actor
from webhooks import published, queries
from webhooks.models import Webhook


class Events(forms.MultipleChoiceField):
    """The published names, each with what it says; those that nothing sends yet say so."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, **kwargs: Any) -> None:
        choices = []
        for kind in published.KINDS:
            choices.append((f"{kind}.*", f"{kind}.*"))
            rows = [row for row in published.PUBLISHED if row.kind == kind and not row.planned]
            choices += [(row.name, row.name) for row in rows]
        super().__init__(choices=choices, **kwargs)


class WebhookForm(forms.Form):
    """A new webhook, or with `webhook` an existing one, whose address is never shown again."""

    name = forms.CharField(max_length=100, help_text="Such as Asset register.")
    url = forms.CharField(
        max_length=2_000, label="Address", widget=forms.URLInput({"autocomplete": "off"}),
        help_text="Starts with https://. It is kept sealed and never shown again.",
    )  # fmt: skip
    events = Events(
        help_text="kind.* takes all of a kind, with those to come. Nothing is sent for alerts yet."
    )
    only = forms.CharField(
        required=False, max_length=40, label="Only about",
        help_text="A reference such as INC-4; empty means everything.",
    )  # fmt: skip
    owner = forms.ModelChoiceField(
        User.objects.none(), to_field_name="username", required=False, label="With the rights of",
        empty_label=None, help_text="It is told nothing that this account may not see.",
    )  # fmt: skip
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, by: Actor, webhook: Webhook | None = None) -> None:
        super().__init__(data, initial=_initial(webhook, by))
        owner: Any = self.fields["owner"]
        owner.queryset = queries.possible_owners(by)
        owner.label_from_instance = lambda user: user.display_name
        if webhook is not None:
            self.fields["url"].required = False
            self.fields["url"].label = "New address"
            self.fields["url"].help_text = f"Leave it empty to keep the one at {webhook.host}."


def _initial(webhook: Webhook | None, by: Actor) -> dict[str, Any]:
    if webhook is None:
        me = User.objects.filter(pk=by.user_id).values_list("username", flat=True).first()
        return {"owner": me, "events": []}
    return {
        "name": webhook.name, "events": webhook.events, "only": webhook.only_shown, "owner": webhook.owner.username,
        "version": webhook.version,
    }  # fmt: skip
