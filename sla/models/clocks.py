"""The clocks that run by a promise, and their ledger. A clock knows time only, never its subject's team."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NoReturn

from django.db import models

from core.common.ids import Versioned
from sla import rules
from sla.business_time import Hours
from sla.models.calendars import Calendar, CalendarVersion
from sla.models.policies import Goal, Policy


class Clock(Versioned):
    """Time towards one goal of one subject. What was promised is copied on when it starts.

    `elapsed_seconds` is the business time of closed ledger rows; while running, the time since
    `running_since` comes on top, by the hours of `calendar_version`: an edited calendar moves the clock to its
    new hours at the moment of the edit (operations.following). `alarms_sent` is the last alarm given
    (rules.reached says how they count). `chosen` says why this policy, as it was judged then: the facts, which
    of them the policy asked for, and the policies that fitted as well and lost.
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
    calendar_version = models.PositiveIntegerField(default=1)
    policy = models.ForeignKey(Policy, null=True, on_delete=models.SET_NULL, related_name="clocks")
    policy_name = models.CharField(max_length=100)
    chosen = models.JSONField(default=dict)
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
            # What was kept and what was missed in a period, counted without a look at the rows.
            models.Index(
                fields=["subject_kind", "goal", "met_at", "subject_id", "breached_at"],
                name="sla_clock_kept",
                condition=models.Q(met_at__isnull=False, breached_at__isnull=True),
            ),
            models.Index(
                fields=["subject_kind", "goal", "breached_at", "subject_id"],
                name="sla_clock_missed",
                condition=models.Q(breached_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_goal_display()} of {self.subject_kind} {self.subject_id} ({self.state})"

    @property
    def target_seconds(self) -> int:
        return self.target_minutes * 60

    def is_promise_of(self, policy: Policy) -> bool:
        """Whether a policy promises just what this clock was started for."""
        return (
            self.target_minutes == policy.target(self.goal)
            and self.calendar_id == policy.calendar_id
            and sorted(self.pause_reasons) == sorted(policy.pause_reasons)
        )

    def hours(self) -> Hours:
        """The hours by which this clock counts: those of its version of the calendar."""
        if self.calendar_version == self.calendar.version:
            return self.calendar.hours()
        kept = CalendarVersion.objects.filter(calendar=self.calendar_id, number=self.calendar_version).first()
        return kept.hours() if kept else self.calendar.hours()

    def elapsed_at(self, now: datetime) -> int:
        """Seconds of business time used up by this moment."""
        if self.running_since is None:
            return self.elapsed_seconds
        return self.elapsed_seconds + self.hours().between(self.running_since, now)

    def alarm_due_at(self, alarm: int) -> datetime:
        """The moment of an alarm, if the clock keeps running; at once when its time has passed already."""
        if self.running_since is None:
            raise ValueError("A clock that stands still has no alarms.")
        left = rules.elapsed_at_alarm(self.target_seconds, alarm) - self.elapsed_seconds
        return self.hours().add(self.running_since, timedelta(seconds=max(left, 0)))


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
    """A stretch of a clock's life: counted or not, why, and by which version of which calendar.

    The calendar stands on the row, as a clock takes over the ledger of the one before it, which may have run
    by another.
    """

    clock = models.ForeignKey(Clock, on_delete=models.PROTECT, related_name="ledger")
    from_at = models.DateTimeField()
    to_at = models.DateTimeField(null=True)
    counted = models.BooleanField()
    seconds = models.PositiveBigIntegerField(null=True, help_text="Business time counted, once closed.")
    why = models.CharField(max_length=200)
    calendar = models.ForeignKey(Calendar, on_delete=models.PROTECT, related_name="+")
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
