"""Whose turn it is: rotations, and who stands in."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q

from core.common.ids import Versioned
from escalation import on_call
from escalation.models.directory import DirectoryQuerySet, Team, check_zone

USER = settings.AUTH_USER_MODEL


class Rotation(Versioned):
    """A layer of people who take turns. Rules are local to `zone`.

    `step` 1 is called first, 2 when step 1 does not answer. Rotations of one step are layers: the lower
    `position` answers first, the others fill its gaps. What is past is stored in `Duty`.
    """

    SUBJECT = "rotation"

    class Period(models.TextChoices):
        HOURLY = on_call.Period.HOURLY.value, "Hours"
        DAILY = on_call.Period.DAILY.value, "Days"
        WEEKLY = on_call.Period.WEEKLY.value, "Weeks"

    class Weekday(models.IntegerChoices):
        MONDAY = 0, "Monday"
        TUESDAY = 1, "Tuesday"
        WEDNESDAY = 2, "Wednesday"
        THURSDAY = 3, "Thursday"
        FRIDAY = 4, "Friday"
        SATURDAY = 5, "Saturday"
        SUNDAY = 6, "Sunday"

    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="rotations")
    name = models.CharField(max_length=100)
    step = models.PositiveSmallIntegerField(default=1, help_text="1 is called first, 2 if 1 does not answer.")
    position = models.PositiveSmallIntegerField(
        default=0, help_text="Layer within the step; lower answers first."
    )
    zone = models.CharField(max_length=64, validators=[check_zone])
    period = models.CharField(max_length=10, choices=Period.choices, default=Period.WEEKLY)
    every = models.PositiveSmallIntegerField(
        default=1, validators=[MinValueValidator(1)], help_text="A turn lasts so many hours, days or weeks."
    )
    handoff_weekday = models.PositiveSmallIntegerField(choices=Weekday.choices, default=Weekday.MONDAY)
    handoff_time = models.TimeField(help_text="Wall clock in the rotation's zone, to the minute.")
    start = models.DateField(help_text="The first turn begins on this day at the hand-off time.")
    begun_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="Since when the first turn runs, if not since then."
    )
    restrictions = models.JSONField(
        default=list,
        blank=True,
        help_text='Hours covered; none means always: [{"weekdays": [0, 1], "from": "08:00", "to": "18:00"}].',
    )
    active = models.BooleanField(default=True)

    objects = DirectoryQuerySet.as_manager()

    class Meta:
        ordering = ["team", "step", "position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["team", "name"], name="escalation_rotation_name"),
            models.CheckConstraint(condition=Q(every__range=(1, 366)), name="escalation_rotation_every"),
        ]

    def __str__(self) -> str:
        return f"{self.team}: {self.name}"


class RotationMember(models.Model):
    """A person's place in the order of turns."""

    rotation = models.ForeignKey(Rotation, on_delete=models.CASCADE, related_name="turns")
    user = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="rotation_turns")
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["rotation", "position"], name="escalation_turn_position_once")
        ]

    def __str__(self) -> str:
        return f"{self.position}. {self.user}"


class Override(models.Model):
    """`user` stands in between two moments, for `instead_of` or, when that is empty, for whoever it is."""

    SUBJECT = "override"

    rotation = models.ForeignKey(Rotation, on_delete=models.PROTECT, related_name="overrides")
    user = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="stand_ins")
    instead_of = models.ForeignKey(
        USER, on_delete=models.PROTECT, null=True, blank=True, related_name="stood_in_for"
    )
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    reason = models.CharField(max_length=200, blank=True)
    cancelled_at = models.DateTimeField(null=True, editable=False)

    objects = DirectoryQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="escalation_override_ends")
        ]
        indexes = [models.Index(fields=["rotation", "ends_at"], name="escalation_override_by_end")]

    def __str__(self) -> str:
        return f"{self.user} on {self.rotation}"

    @property
    def ended(self) -> datetime:
        """When it stops to count: its end, or the earlier moment of its cancellation."""
        return min(self.ends_at, self.cancelled_at) if self.cancelled_at else self.ends_at
