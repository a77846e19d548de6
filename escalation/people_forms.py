"""What people say of themselves in the directory."""

from __future__ import annotations

from typing import Any

from django import forms

from core.accounts.models import User
from escalation import people
from escalation.local_time import DAYS
from escalation.team_forms import zones

OF_THE_ACCOUNT = ("first_name", "last_name", "job_title", "phone", "timezone")
OF_THE_CARD = ("work_phone", "chat", "languages", "work_days", "work_from", "work_to")


class PersonForm(forms.Form):
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    first_name = forms.CharField(max_length=150, required=False)
    last_name = forms.CharField(max_length=150, required=False)
    job_title = forms.CharField(max_length=100, required=False)
    work_phone = forms.CharField(
        max_length=40, required=False, label="Work number", help_text="Every colleague sees this one."
    )
    phone = forms.CharField(
        max_length=40,
        required=False,
        label="On-call number",
        help_text="Private: colleagues see it while you are on call or next in an escalation.",
    )
    chat = forms.CharField(max_length=200, required=False)
    languages = forms.CharField(max_length=200, required=False, help_text="English, Portuguese.")
    timezone = forms.ChoiceField(label="Time zone")
    work_days = forms.TypedMultipleChoiceField(
        choices=list(enumerate(DAYS)),
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label="Working days",
    )
    work_from = forms.TimeField(
        required=False, widget=forms.TimeInput({"type": "time"}, format="%H:%M"), label="From"
    )
    work_to = forms.TimeField(
        required=False,
        widget=forms.TimeInput({"type": "time"}, format="%H:%M"),
        label="To",
        help_text="By the clock there; before the start means the next day.",
    )

    def __init__(self, *args: Any, sees_number: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["timezone"].choices = zones()  # type: ignore[attr-defined]
        if not sees_number:
            field = self.fields["phone"]
            field.help_text = (
                "Private: not shown to you. What you type replaces it; empty leaves it as it is."
            )


def initial_of(person: User, *, sees_number: bool) -> dict[str, Any]:
    """What stands in the form of a person; a private number only for who may read it."""
    initial = {name: getattr(person, name) for name in OF_THE_ACCOUNT}
    card = people.card_of(person)
    if card is not None:
        initial |= {name: getattr(card, name) for name in OF_THE_CARD}
    if not sees_number:
        del initial["phone"]
    return initial | {"version": getattr(person, "version", None)}
