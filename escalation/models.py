"""The escalation directory: who owns what, and whose turn it is."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q

from catalogue.models import Component
from core.accounts.permissions import Permission, can
from core.common.actor import Actor
from core.common.ids import Versioned
from core.common.vocabulary import Area
from escalation import on_call

USER = settings.AUTH_USER_MODEL


def check_zone(name: str) -> None:
    """Refuse what is no IANA time zone."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValidationError(f"{name} is no time zone. Example: Europe/London.") from error


class DirectoryQuerySet(models.QuerySet):
    def visible_to(self, actor: Actor) -> DirectoryQuerySet:
        """All of it for staff; for customers the directory does not exist."""
        return self if can(actor, Permission.VIEW_DIRECTORY) else self.none()


class Team(Versioned):
    """A group that takes work, with the exact name by which everybody calls it; vendors are teams too."""

    SUBJECT = "team"

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=100, unique=True)
    tier = models.PositiveSmallIntegerField(default=1)
    scope = models.TextField(blank=True, help_text="What they own: routes between sites, site-to-site VPN.")
    not_scope = models.TextField(blank=True, help_text="What people take for theirs and is not.")
    keywords = models.TextField(blank=True, help_text="Words of error messages that belong here.")
    have_ready = models.CharField(
        max_length=200, blank=True, help_text="What a caller should have ready: batch number, bank."
    )
    areas = models.JSONField(default=list, blank=True, help_text="Kinds of trouble, such as network.")
    components = models.ManyToManyField(Component, blank=True, related_name="teams")
    zone = models.CharField(max_length=64, default="UTC", validators=[check_zone])
    hours = models.CharField(max_length=100, blank=True, help_text="In words: Mon to Fri 08:00-18:00.")
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=40, blank=True)
    chat = models.CharField(max_length=200, blank=True)
    lead = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, blank=True, related_name="teams_led")
    manager = models.ForeignKey(
        USER, on_delete=models.PROTECT, null=True, blank=True, related_name="teams_managed"
    )
    owner = models.ForeignKey(
        USER,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="directory_entries",
        help_text="Who keeps this entry right.",
    )
    members: models.ManyToManyField[Any, Any] = models.ManyToManyField(
        USER, through="Membership", related_name="teams"
    )
    is_vendor = models.BooleanField(default=False)
    active = models.BooleanField(default=True)
    reviewed_at = models.DateTimeField(null=True, blank=True)
    review_due = models.DateField(help_text="When somebody must have checked this entry again.")

    objects = DirectoryQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [models.CheckConstraint(condition=Q(tier__range=(1, 5)), name="escalation_team_tier")]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        unknown = set(self.areas) - set(Area.values) if isinstance(self.areas, list) else {str(self.areas)}
        if unknown:
            raise ValidationError({"areas": f"Unknown: {', '.join(sorted(unknown))}."})

    @property
    def tier_name(self) -> str:
        return f"L{self.tier}"

    def is_overdue(self, today: date) -> bool:
        """Whether the entry should have been checked before this day."""
        return self.review_due < today


class Membership(models.Model):
    """A person works in a team."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(USER, on_delete=models.CASCADE, related_name="memberships")

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["team", "user"], name="escalation_member_once")]

    def __str__(self) -> str:
        return f"{self.user} in {self.team}"


class Rotation(Versioned):
    """A layer of people who take turns. Rules are local to `zone`.

    `step` 1 is called first, 2 when step 1 does not answer. Rotations of one step are layers: the lower
    `position` answers first, the others fill its gaps. What lies before `past_until` is stored in `Duty`.
    """

    SUBJECT = "rotation"

    class Period(models.TextChoices):
        DAILY = on_call.Period.DAILY.value, "Daily"
        WEEKLY = on_call.Period.WEEKLY.value, "Weekly"

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
    handoff_weekday = models.PositiveSmallIntegerField(choices=Weekday.choices, default=Weekday.MONDAY)
    handoff_time = models.TimeField(help_text="Wall clock in the rotation's zone, to the minute.")
    start = models.DateField(help_text="The first turn begins on this day at the hand-off time.")
    restrictions = models.JSONField(
        default=list,
        blank=True,
        help_text='Hours covered; none means always: [{"weekdays": [0, 1], "from": "08:00", "to": "18:00"}].',
    )
    active = models.BooleanField(default=True)
    past_until = models.DateTimeField(null=True, blank=True, editable=False)

    objects = DirectoryQuerySet.as_manager()

    class Meta:
        ordering = ["team", "step", "position", "id"]
        constraints = [models.UniqueConstraint(fields=["team", "name"], name="escalation_rotation_name")]

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


class Duty(models.Model):
    """Who was on call by one rotation, kept when its rule changed, so that the past stays what it was."""

    rotation = models.ForeignKey(Rotation, on_delete=models.CASCADE, related_name="duties")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    user = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    why = models.CharField(max_length=10)
    instead_of = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["starts_at"]
        constraints = [models.UniqueConstraint(fields=["rotation", "starts_at"], name="escalation_duty_once")]

    def __str__(self) -> str:
        return f"{self.user} from {self.starts_at:%Y-%m-%d %H:%M}"
