"""What a step of a team's rotations leaves behind: the past, what was announced, the gaps that were found."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from escalation.models.directory import Team
from escalation.models.rotations import Rotation

USER = settings.AUTH_USER_MODEL


class Roster(models.Model):
    """One step of one team: its layers together say who is on call.

    Whoever writes anything that decides that locks this row first. What lies before `kept_until` is stored in
    `Duty`, with layers and stand-ins laid over each other, so no later edit of any of them touches it.
    `keep_at` is when the past is stored again without an edit, `handoff_at` the next hand-off to a different
    person (empty: none in sight).
    """

    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="rosters")
    step = models.PositiveSmallIntegerField()
    kept_until = models.DateTimeField()
    keep_at = models.DateTimeField()
    handoff_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["team", "step"]
        constraints = [models.UniqueConstraint(fields=["team", "step"], name="escalation_roster_once")]
        indexes = [
            models.Index(fields=["keep_at"], name="escalation_roster_keep"),
            models.Index(
                fields=["handoff_at"], name="escalation_roster_handoff", condition=Q(handoff_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.team}, step {self.step}"


class Duty(models.Model):
    """Who was on call at one step of a team: the past, which stays what it was whatever the rules say now."""

    roster = models.ForeignKey(Roster, on_delete=models.PROTECT, related_name="duties")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    user = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    why = models.CharField(max_length=10)
    layer = models.CharField(max_length=100)
    instead_of = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["starts_at"]
        constraints = [
            models.UniqueConstraint(fields=["roster", "starts_at"], name="escalation_duty_starts_once"),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="escalation_duty_ends"),
        ]

    def __str__(self) -> str:
        return f"{self.user} from {self.starts_at:%Y-%m-%d %H:%M}"


class Shift(models.Model):
    """A stretch on call as calendars are told of it; one that was taken away stays, cancelled.

    The number is the UID of the calendar entry; `sequence` counts its changes (RFC 5545).
    """

    roster = models.ForeignKey(Roster, on_delete=models.PROTECT, related_name="shifts")
    rotation = models.ForeignKey(Rotation, on_delete=models.PROTECT, related_name="shifts")
    user = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="shifts")
    instead_of = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    sequence = models.PositiveIntegerField(default=0)
    changed_at = models.DateTimeField()
    cancelled_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["starts_at", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="escalation_shift_ends")
        ]
        indexes = [
            models.Index(fields=["roster", "ends_at"], name="escalation_shift_by_end"),
            models.Index(fields=["user", "ends_at"], name="escalation_shift_by_user"),
        ]

    def __str__(self) -> str:
        return f"{self.user} from {self.starts_at:%Y-%m-%d %H:%M}"


class Gap(models.Model):
    """A stretch of the next 30 days in which a step has nobody.

    `tell_at` is when the team's lead and manager are told of it (empty: told, or a repetition of one that they
    know); `closed_at` when somebody filled it.
    """

    roster = models.ForeignKey(Roster, on_delete=models.PROTECT, related_name="gaps")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    found_at = models.DateTimeField()
    tell_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["starts_at", "id"]
        indexes = [
            models.Index(fields=["tell_at"], name="escalation_gap_tell", condition=Q(tell_at__isnull=False)),
            models.Index(fields=["roster", "ends_at"], name="escalation_gap_by_end"),
        ]

    def __str__(self) -> str:
        return f"{self.roster} from {self.starts_at:%Y-%m-%d %H:%M}"
