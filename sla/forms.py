"""What people type about service levels. Rules stand in the models; here a form only gets its text into shape."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, ClassVar
from zoneinfo import available_timezones

from django import forms
from django.http import QueryDict

from catalogue.models import Application
from core.common.vocabulary import CustomerTier, Priority, TicketKind
from core.common.wall_forms import LocalTimesForm, WallField, local_text
from customers.models import Organisation
from sla import calendars, rules, typed
from sla.models import Calendar, Cause, Policy
from sla.rules import Facts
from sla.simulation import Pause

ANY = [("", "Any")]
HOLD_WORDS = {
    "vendor": "a vendor",
    "change": "a change",
    "problem": "a problem’s fix",
    "scheduled": "an agreed date",
}
PAUSES = 3


class TypedField(forms.CharField):
    """Text with a reading of its own; `say` is the way back. A reading that fails says so in its sentence."""

    read: ClassVar[Callable[[str], Any]]
    say: ClassVar[Callable[[Any], str]]

    def clean(self, value: Any) -> Any:
        try:
            return type(self).read(super().clean(value))
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error

    def prepare_value(self, value: Any) -> Any:
        if value is None or isinstance(value, str):
            return value or ""
        return type(self).say(value)


class DurationField(TypedField):
    read, say = staticmethod(typed.minutes_of), staticmethod(typed.text_of_minutes)


class HoursField(TypedField):
    read, say = staticmethod(typed.spans_of), staticmethod(typed.text_of)


class DaysField(TypedField):
    widget = forms.Textarea
    read, say = staticmethod(typed.days_of), staticmethod(typed.text_of_days)


class ListedInput(forms.TextInput):
    """A text with suggestions."""

    def __init__(self, name: str, **attrs: Any) -> None:
        super().__init__(attrs={"list": name, "autocomplete": "off", **attrs})


def _target(label: str) -> DurationField:
    return DurationField(
        required=False, max_length=40, label=label, help_text="4 h, 1 h 30 or 45 min; empty: not promised."
    )


class PolicyForm(forms.Form):
    """`version` refuses a stale edit; `open_clocks` says what happens to what is open now."""

    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    name = forms.CharField(max_length=100, help_text="The ticket’s page shows it.")
    priority = forms.ChoiceField(choices=[*ANY, *Priority.choices], required=False)
    customer_tier = forms.ChoiceField(choices=[*ANY, *CustomerTier.choices], required=False)
    kind = forms.ChoiceField(choices=[*ANY, *TicketKind.choices], required=False)
    application = forms.ModelChoiceField(
        Application.objects.all(), to_field_name="slug", required=False, empty_label="Any"
    )
    first_response_minutes = _target("First response within")
    next_response_minutes = _target("Next response within")
    resolution_minutes = _target("Resolution within")
    calendar = forms.ModelChoiceField(
        Calendar.objects.all(), to_field_name="slug", empty_label="Choose", label="Counted by the calendar"
    )
    pause_reasons = forms.MultipleChoiceField(
        choices=[(reason, HOLD_WORDS[reason]) for reason in rules.HOLD_REASONS],
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label="On hold, the clocks stand still for",
        help_text="Waiting for the customer always pauses them.",
    )
    order = forms.IntegerField(
        min_value=0,
        max_value=32_000,
        initial=100,
        help_text="Among equally specific policies the lowest counts.",
    )
    active = forms.BooleanField(required=False, initial=True, label="In force")
    open_clocks = forms.ChoiceField(
        choices=[("follow", "follow, with the time used so far"), ("keep", "keep what was promised")],
        widget=forms.RadioSelect,
        initial="follow",
        label="Open clocks",
        required=False,
    )

    @classmethod
    def of(cls, policy: Policy) -> PolicyForm:
        names = [name for name in cls.base_fields if name != "open_clocks"]
        initial = {name: getattr(policy, name) for name in names}
        initial["application"] = policy.application.slug if policy.application else ""
        return cls(initial={**initial, "calendar": policy.calendar.slug})

    def values(self) -> dict[str, Any]:
        """The facts, as the operations take them. Call it after the form was found valid."""
        return {
            name: value for name, value in self.cleaned_data.items() if name not in ("version", "open_clocks")
        }

    @property
    def follows(self) -> bool:
        return self.cleaned_data.get("open_clocks") != "keep"


def countries() -> list[tuple[str, str]]:
    return [("", "None"), *calendars.countries()]


class CalendarForm(forms.Form):
    """A day in a line. `version` refuses a stale edit; the name in addresses stays as it was first given."""

    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    name = forms.CharField(max_length=100)
    slug = forms.SlugField(
        required=False, label="Name in addresses", help_text="Small letters, digits, dashes."
    )
    zone = forms.CharField(
        max_length=64, label="Time zone", initial="Europe/London", widget=ListedInput("zones"),
        help_text="Such as Europe/Paris.",
    )  # fmt: skip
    always_open = forms.BooleanField(required=False, label="Around the clock: the hours below do not matter")
    holiday_country = forms.ChoiceField(
        choices=countries, required=False, label="Closed on the public holidays of"
    )
    holiday_subdivision = forms.CharField(
        required=False, max_length=10, label="In its part", help_text="Such as SCT; empty: the whole country."
    )
    extra_days = DaysField(
        required=False, max_length=20_000, label="Single days that differ",
        help_text="One a line: 2027-12-24 09:00-12:00, or 2027-12-31 closed.",
    )  # fmt: skip

    def __init__(self, *args: Any, new: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for day, label in zip(calendars.DAYS, calendars.DAY_NAMES, strict=True):
            weekend = day in ("sat", "sun")
            self.fields[day] = HoursField(
                required=False, max_length=200, label=label, initial="" if weekend else "09:00-17:00",
                widget=forms.TextInput(attrs={"placeholder": "closed"}),
            )  # fmt: skip
        if new:
            self.fields["slug"].required = True
        else:
            del self.fields["slug"]

    @classmethod
    def of(cls, calendar: Calendar) -> CalendarForm:
        initial = {name: getattr(calendar, name) for name in Calendar.HOURS if name != "weekly"}
        days = {day: typed.text_of(calendar.weekly.get(day, [])) for day in calendars.DAYS}
        return cls(initial={**initial, **days, "version": calendar.version})

    def values(self) -> dict[str, Any]:
        """The facts, as the operations take them. Call it after the form was found valid."""
        data = self.cleaned_data
        facts = {name: data[name] for name in self.fields if name not in ("version", *calendars.DAYS)}
        return {**facts, "weekly": {day: data[day] for day in calendars.DAYS if data[day]}}

    @property
    def days(self) -> list[forms.BoundField]:
        return [self[day] for day in calendars.DAYS]


def zones() -> list[str]:
    """Names to choose a time zone from."""
    return sorted(
        name for name in available_timezones() if "/" in name and not name.startswith(("Etc/", "posix"))
    )


class CauseForm(forms.Form):
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    cause = forms.ChoiceField(choices=[("", "Choose"), *Cause.choices], required=False)
    note = forms.CharField(required=False, max_length=2000, label="What happened, in a sentence")


def _moment(label: str) -> WallField:
    return WallField(label=label, required=False)


class SimulationForm(LocalTimesForm):
    """Times are typed in the reader's zone."""

    priority = forms.ChoiceField(choices=Priority.choices, initial=Priority.P2)
    organisation = forms.ModelChoiceField(
        Organisation.objects.all(), to_field_name="slug", required=False, empty_label="None", label="Customer"
    )
    customer_tier = forms.ChoiceField(
        choices=[("", "The customer’s own"), *CustomerTier.choices], required=False, label="Customer tier"
    )
    kind = forms.ChoiceField(choices=TicketKind.choices, initial=TicketKind.ISSUE, required=False)
    application = forms.ModelChoiceField(
        Application.objects.all(), to_field_name="slug", required=False, empty_label="None"
    )
    at = WallField(label="Opened at")
    policy = forms.ModelChoiceField(
        Policy.objects.all(),
        required=False,
        empty_label="The one that fits",
        label="If this policy were taken",
    )
    calendar = forms.ModelChoiceField(
        Calendar.objects.all(), to_field_name="slug", required=False, empty_label="The policy’s",
        label="If this calendar counted",
    )  # fmt: skip

    def __init__(self, data: QueryDict | None, *, zone: str, now: datetime) -> None:
        self.typed_in = zone
        if data is not None and "at" not in data:
            data = None
        super().__init__(data, initial={"at": local_text(now, zone)})
        for number in range(1, PAUSES + 1):
            for edge, label in (("since", "from"), ("to", "to")):
                self.fields[f"pause_{number}_{edge}"] = _moment(f"Pause {number} {label}")

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        for number in range(1, PAUSES + 1):
            since, to = (data.get(f"pause_{number}_{edge}") for edge in ("since", "to"))
            if bool(since) != bool(to):
                self.add_error(f"pause_{number}_to" if since else f"pause_{number}_since", "Give both ends.")
        return data

    def facts(self) -> Facts:
        data = self.cleaned_data
        organisation, application = data["organisation"], data["application"]
        return Facts(
            priority=data["priority"],
            customer_tier=data["customer_tier"] or (organisation.tier if organisation else ""),
            kind=data["kind"],
            application_id=application.pk if application else None,
        )

    def pauses(self) -> list[Pause]:
        edges = [
            tuple(self.cleaned_data.get(f"pause_{number}_{edge}") for edge in ("since", "to"))
            for number in range(1, PAUSES + 1)
        ]
        return [Pause(since, to) for since, to in edges if since and to]

    @property
    def pauses_given(self) -> bool:
        """Whether somebody typed one, so that it is in sight."""
        return any(self[name].value() for name in self.fields if name.startswith("pause_"))

    @property
    def pause_fields(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        return [(self[f"pause_{n}_since"], self[f"pause_{n}_to"]) for n in range(1, PAUSES + 1)]
