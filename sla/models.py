"""Calendars, policies, and the clocks that run by them. A clock knows time only, never its subject's team."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NoReturn

from django.core.exceptions import ValidationError
from django.db import models

from catalogue.models import Application
from core.common.ids import Versioned
from core.common.vocabulary import CustomerTier, Priority, TicketKind
from sla import calendars, rules
from sla.business_time import Hours

BUSINESS_WEEK = {day: [["09:00", "17:00"]] for day in calendars.DAYS[:5]}


class Goal(models.TextChoices):
    FIRST_RESPONSE = "first_response", "First response"
    NEXT_RESPONSE = "next_response", "Next response"
    RESOLUTION = "resolution", "Resolution"


def business_week() -> dict[str, Any]:
    """Monday to Friday, nine to five: what a new calendar starts with."""
    return {day: [list(span) for span in spans] for day, spans in BUSINESS_WEEK.items()}


class Calendar(Versioned):
    """When somebody works: hours by weekday in a time zone, less public holidays, with single days replaced."""

    SUBJECT = "calendar"

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=100)
    zone = models.CharField("time zone", max_length=64, default="Europe/London")
    weekly = models.JSONField(
        default=business_week, blank=True, help_text='{"mon": [["09:00", "12:00"], ["13:00", "17:00"]], ...}'
    )
    holiday_country = models.CharField(
        max_length=2, blank=True, help_text="Two letters, such as GB; empty: none."
    )
    holiday_subdivision = models.CharField(max_length=10, blank=True, help_text="A part of it, such as SCT.")
    extra_days = models.JSONField(
        default=dict,
        blank=True,
        help_text='{"2027-12-24": [["09:00", "12:00"]]}; an empty list closes the day.',
    )
    always_open = models.BooleanField(
        default=False, help_text="Around the clock: the hours above do not matter."
    )

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def hours(self) -> Hours:
        """The opening hours, ready for arithmetic. Raises ValueError when this calendar makes no sense."""
        return calendars.hours_from(
            zone=self.zone,
            weekly=self.weekly,
            country=self.holiday_country,
            subdivision=self.holiday_subdivision,
            extra_days=self.extra_days,
            always_open=self.always_open,
        )

    def clean(self) -> None:
        """Refuse, with a sentence, a calendar by which nothing could ever fall due."""
        if not isinstance(self.weekly, dict) or not isinstance(self.extra_days, dict):
            raise ValidationError("Opening hours are written by day, in curly braces.")
        try:
            if self.holiday_country:
                calendars.check_country(self.holiday_country, self.holiday_subdivision)
            self.hours()
        except ValueError as error:
            raise ValidationError(str(error)) from error

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.clean()
        super().save(*args, **kwargs)


class Policy(models.Model):
    """What is promised to whom: targets in minutes of a calendar. Empty match fields mean anybody."""

    SUBJECT = "policy"

    name = models.CharField(max_length=100, unique=True)
    order = models.PositiveIntegerField(
        default=100, help_text="Among equally specific policies the lowest counts."
    )
    customer_tier = models.CharField(max_length=20, choices=CustomerTier.choices, blank=True)
    kind = models.CharField(max_length=30, choices=TicketKind.choices, blank=True)
    application = models.ForeignKey(
        Application, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    priority = models.CharField(max_length=2, choices=Priority.choices, blank=True)
    first_response_minutes = models.PositiveIntegerField(null=True, blank=True)
    next_response_minutes = models.PositiveIntegerField(null=True, blank=True)
    resolution_minutes = models.PositiveIntegerField(null=True, blank=True)
    calendar = models.ForeignKey(Calendar, on_delete=models.PROTECT, related_name="policies")
    pause_reasons = models.JSONField(
        default=list, blank=True, help_text='Reasons for holding that pause the clocks, such as ["vendor"].'
    )
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ["order", "id"]
        verbose_name_plural = "policies"

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.clean()
        super().save(*args, **kwargs)

    @property
    def targets(self) -> tuple[int | None, int | None, int | None]:
        """First response, next response, resolution: minutes, None where nothing is promised."""
        return self.first_response_minutes, self.next_response_minutes, self.resolution_minutes

    def target(self, goal: str) -> int | None:
        """The minutes promised for a goal; None when nothing is promised."""
        return dict(zip(Goal.values, self.targets, strict=True))[goal] or None

    def clean(self) -> None:
        """Refuse, with a sentence, a policy that contradicts itself."""
        if not isinstance(self.pause_reasons, list):
            raise ValidationError("Reasons that pause are a list, such as [“vendor”].")
        sentence = rules.contradiction(targets=self.targets, pause_reasons=self.pause_reasons)
        if sentence:
            raise ValidationError(sentence)
        if self.calendar_id is None:  # the missing field is reported by the form
            return
        try:
            self.calendar.hours().add(
                datetime.fromisoformat("2027-01-01T00:00:00Z"), max(filter(None, self.targets))
            )
        except ValueError as error:
            raise ValidationError(
                f"The calendar “{self.calendar}” cannot keep this policy: {error}"
            ) from error


class Clock(Versioned):
    """Time towards one goal of one subject. What was promised is copied on when it starts.

    `elapsed_seconds` is the business time of closed ledger rows; while running, the time since
    `running_since` comes on top. `alarms_sent` is the last alarm given (rules.reached says how they count).
    """

    class State(models.TextChoices):
        RUNNING = "running", "Running"
        PAUSED = "paused", "Paused"
        MET = "met", "Met"
        CANCELLED = "cancelled", "Cancelled"

    SUBJECT = "clock"
    OPEN = (State.RUNNING, State.PAUSED)

    subject_kind = models.CharField(max_length=30)
    subject_id = models.BigIntegerField()
    goal = models.CharField(max_length=20, choices=Goal.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.RUNNING)
    target_minutes = models.PositiveIntegerField()
    calendar = models.ForeignKey(Calendar, on_delete=models.PROTECT, related_name="clocks")
    policy = models.ForeignKey(Policy, null=True, on_delete=models.SET_NULL, related_name="clocks")
    policy_name = models.CharField(max_length=100)
    pause_reasons = models.JSONField(default=list)
    started_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    elapsed_seconds = models.PositiveBigIntegerField(default=0)
    running_since = models.DateTimeField(null=True)
    paused_at = models.DateTimeField(null=True)
    breached_at = models.DateTimeField(null=True)
    met_at = models.DateTimeField(null=True)
    next_alarm_at = models.DateTimeField(null=True)
    alarms_sent = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subject_kind", "subject_id", "goal"],
                condition=models.Q(state__in=["running", "paused"]),
                name="sla_one_open_clock_per_goal",
            )
        ]
        indexes = [
            models.Index(fields=["subject_kind", "subject_id"], name="sla_clock_subject"),
            models.Index(
                fields=["next_alarm_at"], name="sla_clock_alarm", condition=models.Q(state="running")
            ),
            models.Index(
                fields=["calendar"],
                name="sla_clock_open",
                condition=models.Q(state__in=["running", "paused"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_goal_display()} of {self.subject_kind} {self.subject_id} ({self.state})"

    @property
    def target_seconds(self) -> int:
        return self.target_minutes * 60

    def elapsed_at(self, now: datetime) -> int:
        """Seconds of business time used up by this moment."""
        if self.running_since is None:
            return self.elapsed_seconds
        return self.elapsed_seconds + self.calendar.hours().between(self.running_since, now)

    def alarm_due_at(self, alarm: int) -> datetime:
        """The moment of an alarm, if the clock keeps running; at once when its time has passed already."""
        if self.running_since is None:
            raise ValueError("A clock that stands still has no alarms.")
        left = rules.elapsed_at_alarm(self.target_seconds, alarm) - self.elapsed_seconds
        return self.calendar.hours().add(self.running_since, timedelta(seconds=max(left, 0)))


class LedgerQuerySet(models.QuerySet["Interval"]):
    """Rows are added, and an open one is closed once; nothing else."""

    def close(self, *, at: datetime, seconds: int) -> int:
        """Close the open rows among these; closed ones stay as they are. Returns how many were open."""
        return models.QuerySet.update(self.filter(to_at__isnull=True), to_at=at, seconds=seconds)

    def update(self, **kwargs: Any) -> NoReturn:
        raise TypeError("The ledger of a clock is append-only.")

    def delete(self) -> NoReturn:
        raise TypeError("The ledger of a clock is append-only.")


class Interval(models.Model):
    """A stretch of a clock's life: counted or not, why, and by which version of its calendar."""

    clock = models.ForeignKey(Clock, on_delete=models.PROTECT, related_name="ledger")
    from_at = models.DateTimeField()
    to_at = models.DateTimeField(null=True)
    counted = models.BooleanField()
    seconds = models.PositiveBigIntegerField(null=True, help_text="Business time counted, once closed.")
    why = models.CharField(max_length=200)
    calendar_version = models.PositiveIntegerField()

    objects = LedgerQuerySet.as_manager()

    class Meta:
        ordering = ["from_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["clock"], condition=models.Q(to_at__isnull=True), name="sla_one_open_interval"
            )
        ]

    def __str__(self) -> str:
        return f"{'counted' if self.counted else 'not counted'}: {self.why}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            raise TypeError("The ledger of a clock is append-only.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("The ledger of a clock is append-only.")
