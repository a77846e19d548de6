"""Calendars that other programs read by a secret address."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from escalation.models.directory import Team
from escalation.models.rotations import Rotation

USER = settings.AUTH_USER_MODEL


class CalendarFeed(models.Model):
    """The shifts of one team, one rotation or one person. Only a digest of the address is stored; it is shown once.

    The feed shows what its owner may see, and ends with the owner's account.
    """

    SUBJECT = "calendar_feed"

    owner = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="calendar_feeds")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, related_name="calendar_feeds")
    rotation = models.ForeignKey(Rotation, on_delete=models.PROTECT, null=True, related_name="calendar_feeds")
    person = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="calendar_feeds_of")
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    last_read_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(team__isnull=False, rotation__isnull=True, person__isnull=True)
                | Q(team__isnull=True, rotation__isnull=False, person__isnull=True)
                | Q(team__isnull=True, rotation__isnull=True, person__isnull=False),
                name="escalation_feed_of_one_thing",
            )
        ]

    def __str__(self) -> str:
        return f"Shifts of {self.person.display_name if self.person else self.team or self.rotation}"
