"""What people type to be told about incidents."""

from __future__ import annotations

from django import forms

from catalogue.models import Application
from customers.models import CHANNELS, EMAIL, Audience, Organisation


class SubscriptionForm(forms.Form):
    """About what, by which way. `email` is for who sets the lists; without it the list gets oneself."""

    application = forms.ModelChoiceField(
        Application.objects.all(), to_field_name="slug", required=False, empty_label="Any application"
    )
    organisation = forms.ModelChoiceField(
        Organisation.objects.all(), to_field_name="slug", required=False, label="Customer", empty_label="Any customer",
        help_text="With both: what hits that customer there. With neither: incidents that name no application.",
    )  # fmt: skip
    transport = forms.ChoiceField(choices=CHANNELS, initial=EMAIL, label="Told by")
    audience = forms.ChoiceField(choices=Audience.choices, label="Written for")
    url = forms.CharField(
        max_length=2000, required=False, label="Address of the chat or webhook", widget=forms.URLInput,
        help_text="From Teams (Workflows), Slack (Incoming Webhooks) or the receiving program. Kept sealed.",
    )  # fmt: skip
    label = forms.CharField(
        max_length=60, required=False, label="What you call it", help_text="For example #incidents"
    )
    email = forms.EmailField(
        max_length=254, required=False, label="Another address",
        help_text="Empty: you. An address that the desk does not know must be confirmed there first.",
    )  # fmt: skip

    def __init__(self, *args: object, may_set: bool, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        if not may_set:
            del self.fields["email"]
