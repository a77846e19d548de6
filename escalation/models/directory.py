"""Teams, vendors and people: the exact name, what they own, how to reach them, who keeps the entry right."""

from __future__ import annotations

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from catalogue.models import Component
from core.accounts.permissions import Permission, can
from core.common.actor import Actor
from core.common.ids import Versioned
from core.common.vocabulary import Area

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


class Reviewed(models.Model):
    """An entry that somebody checks every quarter; `next_chase_at` is when its keeper hears of it next."""

    reviewed_at = models.DateTimeField(null=True, blank=True)
    review_due = models.DateField(help_text="When somebody must have checked this entry again.")
    next_chase_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        abstract = True

    def is_overdue(self, today: date) -> bool:
        """Whether the entry should have been checked before this day."""
        return self.review_due < today


class Team(Versioned, Reviewed):
    """A group that takes work, with the exact name by which everybody calls it; vendors are teams too.

    `contract`, `quote` and `portal_url` are for vendors, whose `hours` are their support hours.
    """

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
    is_vendor = models.BooleanField(default=False, help_text="An outside company that we call.")
    contract = models.CharField(max_length=100, blank=True, help_text="The number by which they know us.")
    quote = models.CharField(
        max_length=200, blank=True, help_text="What to quote on the phone: site number, pass phrase."
    )
    portal_url = models.URLField(max_length=300, blank=True, help_text="Where their cases are opened.")
    active = models.BooleanField(default=True)

    objects = DirectoryQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [models.CheckConstraint(condition=Q(tier__range=(1, 5)), name="escalation_team_tier")]
        indexes = [
            models.Index(
                fields=["next_chase_at"],
                name="escalation_team_chase",
                condition=Q(next_chase_at__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        unknown = set(self.areas) - set(Area.values) if isinstance(self.areas, list) else {str(self.areas)}
        if unknown:
            raise ValidationError({"areas": f"Unknown: {', '.join(sorted(unknown))}."})


class Membership(models.Model):
    """A person works in a team."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(USER, on_delete=models.CASCADE, related_name="memberships")

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["team", "user"], name="escalation_member_once")]

    def __str__(self) -> str:
        return f"{self.user} in {self.team}"


class Card(Versioned, Reviewed):
    """What the directory says of a person beyond their account. They keep it right themselves.

    The number in the account is private and shows while they are on call; `work_phone` always shows.
    Working hours are wall clock in the person's zone; an end before the start lies on the next day.
    """

    SUBJECT = "person"

    user = models.OneToOneField(USER, on_delete=models.CASCADE, related_name="card")
    work_phone = models.CharField(max_length=40, blank=True, help_text="Every colleague sees this number.")
    chat = models.CharField(max_length=200, blank=True)
    languages = models.CharField(max_length=200, blank=True, help_text="English, Portuguese.")
    work_days = models.JSONField(default=list, blank=True, help_text="0 is Monday.")
    work_from = models.TimeField(null=True, blank=True)
    work_to = models.TimeField(null=True, blank=True)

    objects = DirectoryQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["next_chase_at"],
                name="escalation_card_chase",
                condition=Q(next_chase_at__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return str(self.user)

    def clean(self) -> None:
        days = self.work_days
        if not isinstance(days, list) or any(day not in range(7) for day in days):
            raise ValidationError({"work_days": "Days are 0 for Monday to 6 for Sunday."})
        if (self.work_from is None) != (self.work_to is None):
            raise ValidationError({"work_to": "Working hours have a start and an end, or neither."})
