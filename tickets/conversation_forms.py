"""What people type to talk on a ticket: replies, notes, tags, macros."""

from __future__ import annotations

from typing import Any

from django import forms

from core.accounts.models import User
from core.common.vocabulary import Priority
from escalation.models import Team
from tickets.forms import FilesField, LongText, choices_with_nothing
from tickets.models import HoldReason, Macro
from tickets.operations.macros import ME
from tickets.rules import THEN


class NumbersField(forms.Field):
    """Several numbers of one name; what is no number is left out."""

    widget = forms.MultipleHiddenInput

    def to_python(self, value: Any) -> list[int]:
        return [int(text) for text in value or [] if str(text).isdigit() and len(str(text)) < 18]


class ReplyForm(forms.Form):
    """`kept` are files that came back with a reply that was undone."""

    kind = forms.ChoiceField(choices=[("reply", "Reply to customer"), ("note", "Internal note")])
    text = LongText(label="Message")
    last_seen = forms.IntegerField(required=False, widget=forms.HiddenInput)
    then = forms.ChoiceField(choices=THEN, required=False)
    files = FilesField(required=False)
    kept = NumbersField(required=False)
    minutes = forms.IntegerField(required=False, min_value=1, max_value=1440)


class DraftForm(forms.Form):
    kind = forms.ChoiceField(choices=[("reply", "Reply"), ("note", "Note")])
    text = LongText(required=False)
    mark = forms.CharField(required=False, max_length=50)


class HeldForm(forms.Form):
    last_seen = forms.IntegerField(required=False, widget=forms.HiddenInput)


class TagChoices(forms.MultipleChoiceField):
    """Tags to tick; which ones there are depends on the ticket, so any is taken."""

    widget = forms.CheckboxSelectMultiple

    def valid_value(self, value: str) -> bool:
        return True


class TagsForm(forms.Form):
    tags = TagChoices(required=False, label="Tags and those in use here")
    new = forms.CharField(
        required=False, max_length=400, label="New tags", help_text="Separated by commas: card, weekend."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = self.data.getlist("tags") if self.is_bound else self.initial.get("offered", [])
        self.fields["tags"].choices = [(tag, tag) for tag in offered]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        typed = [" ".join(tag.split()) for tag in data.get("new", "").split(",")]
        return {"tags": list(dict.fromkeys([*data.get("tags", []), *filter(None, typed)]))}


class UseMacroForm(forms.Form):
    """`typed` is what stands in the reply box at the moment, where a script could tell."""

    macro = forms.ModelChoiceField(Macro.objects.filter(active=True))
    typed = LongText(required=False)


class MacroForm(forms.Form):
    name = forms.CharField(max_length=100)
    text = LongText(required=False, help_text="Markdown, with the variables listed beside.")
    public = forms.TypedChoiceField(
        choices=[("1", "To the customer"), ("", "As an internal note")],
        coerce=bool, required=False, empty_value=False, initial="1", label="The text goes",
    )  # fmt: skip
    team = forms.ModelChoiceField(
        Team.objects.filter(active=True), to_field_name="slug", required=False, empty_label="Everybody",
        label="Who has it",
    )  # fmt: skip
    active = forms.BooleanField(required=False, initial=True, label="In use")
    priority = forms.ChoiceField(choices=choices_with_nothing(Priority.choices, "Leave"), required=False)
    to_team = forms.ModelChoiceField(
        Team.objects.filter(active=True), to_field_name="slug", required=False, empty_label="Leave",
        label="Give to team",
    )  # fmt: skip
    assignee = forms.ChoiceField(required=False, label="Give to")
    tags = forms.CharField(required=False, max_length=400, label="Add tags", help_text="Separated by commas.")
    status = forms.ChoiceField(
        choices=[("", "Leave"), ("waiting", "Waiting, when the reply is sent"), ("on_hold", "On hold, at once"),
                 ("resolved", "Resolved, when the reply is sent")],
        required=False,
    )  # fmt: skip
    hold_reason = forms.ChoiceField(
        choices=choices_with_nothing(HoldReason.choices, "–"), required=False, label="On hold for"
    )
    code = forms.ChoiceField(
        choices=choices_with_nothing(
            [(value.partition(":")[2], label.partition(", ")[2].capitalize()) for value, label in THEN if ":" in value],
            "–",
        ),
        required=False, label="How it was resolved",
    )  # fmt: skip
    reason = forms.CharField(
        required=False, max_length=300, label="Why", help_text="Stands in the history of each ticket."
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    example = forms.CharField(
        required=False, max_length=40, label="Try it on", help_text="A ticket, for example TKT-12."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = User.objects.filter(is_active=True).exclude(role_grants__role="customer").distinct()
        named = [(user.username, user.display_name) for user in people.order_by("first_name", "last_name")]
        self.fields["assignee"].choices = [("", "Leave"), (ME, "Whoever uses it"), *named]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = dict(self.cleaned_data)
        team = data.pop("to_team", None)
        single = ("priority", "assignee", "status", "hold_reason", "code", "reason")
        changes = {name: data.pop(name, "") for name in single}
        changes["team"] = team.slug if team else ""
        changes["tags"] = [tag.strip() for tag in data.pop("tags", "").split(",") if tag.strip()]
        version = data.pop("version", None)
        return {**data, "changes": changes, "if_version": version}


def initial_of(macro: Macro) -> dict[str, Any]:
    """What the form shows of a macro."""
    changes = dict(macro.changes)
    return {
        **changes,
        "to_team": changes.get("team", ""),
        "tags": ", ".join(changes.get("tags", [])),
        "name": macro.name,
        "text": macro.text,
        "public": "1" if macro.public else "",
        "team": macro.team.slug if macro.team else "",
        "active": macro.active,
        "version": macro.version,
    }
