"""What people type when they do one thing to many tickets, and how they are asked."""

from __future__ import annotations

from typing import Any

from django import forms

from core.common.vocabulary import Priority
from sla.models import Cause
from tickets.forms import AssignForm, LinkForm, LongText, TakeForm, choices_with_nothing
from tickets.models import ResolutionCode
from tickets.relation_forms import MergeForm


class TagForm(forms.Form):
    add = forms.CharField(required=False, max_length=400, label="Add", help_text="Tags with commas between.")
    remove = forms.CharField(required=False, max_length=400, label="Remove")

    def clean(self) -> dict[str, Any]:
        read = super().clean() or {}
        return {name: [tag.strip() for tag in text.split(",") if tag.strip()] for name, text in read.items()}


class ManyPriorityForm(forms.Form):
    priority = forms.ChoiceField(choices=Priority.choices)
    reason = LongText(label="Why it differs from impact and urgency", required=False)


class ManyResolveForm(forms.Form):
    code = forms.ChoiceField(
        choices=choices_with_nothing(ResolutionCode.choices, "Choose"), required=False, label="How it ended"
    )
    note = LongText(label="What solved it", required=False, help_text="Each customer reads this.")
    breach_cause = forms.ChoiceField(
        choices=choices_with_nothing(Cause.choices, "Choose"),
        required=False,
        label="Why a service level was missed",
        help_text="Needed where a clock ran out.",
    )
    breach_note = LongText(label="What happened, in a sentence", required=False)


FORMS: dict[str, type[forms.Form]] = {
    "take": TakeForm,
    "assign": AssignForm,
    "set_priority": ManyPriorityForm,
    "link": LinkForm,
    "merge": MergeForm,
    "tag": TagForm,
    "resolve": ManyResolveForm,
}
# Title, button and sign of the question.
QUESTIONS: dict[str, tuple[str, str, str]] = {
    "take": ("Take {count}", "Take {count}", "user"),
    "assign": ("Assign {count}", "Assign {count}", "user"),
    "set_priority": ("Priority of {count}", "Set the priority of {count}", "flag"),
    "link": ("Link {count} to other work", "Link {count}", "link"),
    "merge": ("Merge {count} into another ticket", "Merge {count}", "merge"),
    "tag": ("Tags of {count}", "Change the tags of {count}", "edit"),
    "resolve": ("Resolve {count}", "Resolve {count} and tell the customers", "check"),
}
