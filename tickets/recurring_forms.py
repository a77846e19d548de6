"""What people type about a recurring ticket."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django import forms

from catalogue.models import Application
from core.common.errors import RuleBroken
from core.common.vocabulary import Level, TicketKind
from customers.models import Organisation
from escalation.models import Team
from tickets import recurrence_rules
from tickets.forms import LEVEL_WORDS, LongText

PRESETS = {
    "daily": "FREQ=DAILY",
    "workdays": "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
    "weekly": "FREQ=WEEKLY",
    "monthly": "FREQ=MONTHLY",
    "month_end": "FREQ=MONTHLY;BYMONTHDAY=-1",
    "quarterly": "FREQ=MONTHLY;INTERVAL=3",
    "yearly": "FREQ=YEARLY",
}
REPEATS = [
    ("daily", "Every day"),
    ("workdays", "Monday to Friday"),
    ("weekly", "Every week, on the weekday of the first date"),
    ("monthly", "Every month, on the day of the first date"),
    ("month_end", "On the last day of every month"),
    ("quarterly", "Every three months"),
    ("yearly", "Every year"),
    ("own", "By a rule of my own"),
]


class RecurrenceForm(forms.Form):
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    name = forms.CharField(max_length=100, help_text="Its name in the list, such as Certificates.")
    starts_on = forms.DateField(
        label="First date", widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )
    at = forms.TimeField(label="At", widget=forms.TimeInput({"type": "time"}, format="%H:%M"))
    zone = forms.CharField(max_length=64, label="Time zone", help_text="Such as Europe/Paris.")
    repeats = forms.ChoiceField(choices=REPEATS, initial="weekly")
    rule = forms.CharField(
        required=False, max_length=300, label="Own rule",
        help_text="An iCalendar rule: FREQ=MONTHLY;BYDAY=1MO is the first Monday of every month.",
    )  # fmt: skip
    subject = forms.CharField(max_length=250, label="What the ticket says, in one line")
    description = LongText(required=False, label="What is to be done")
    kind = forms.ChoiceField(choices=TicketKind.choices, initial=TicketKind.SERVICE_REQUEST)
    organisation = forms.ModelChoiceField(
        Organisation.objects.all(), to_field_name="slug", required=False, label="Customer", empty_label="None"
    )
    application = forms.ModelChoiceField(
        Application.objects.all(), to_field_name="slug", required=False, empty_label="None"
    )
    team = forms.ModelChoiceField(
        Team.objects.filter(active=True), to_field_name="slug", required=False, empty_label="By the directory"
    )
    impact = forms.ChoiceField(choices=LEVEL_WORDS["impact"], widget=forms.RadioSelect, initial=Level.LOW)
    urgency = forms.ChoiceField(choices=LEVEL_WORDS["urgency"], widget=forms.RadioSelect, initial=Level.LOW)
    tags = forms.CharField(required=False, max_length=400, help_text="With commas between.")

    def rule_so_far(self, rule_of: Callable[[dict[str, Any]], str]) -> tuple[str, str, datetime]:
        """Rule, zone and first moment of what is typed, whatever the other fields hold. Raises RuleBroken."""
        self.is_valid()
        typed = self.cleaned_data
        if not {"starts_on", "at", "zone", "repeats", "rule"} <= set(typed):
            raise RuleBroken("Choose the first date, the time and the zone.")
        wall = datetime.combine(typed["starts_on"], typed["at"])
        return rule_of(typed), typed["zone"], recurrence_rules.local(wall, typed["zone"])
