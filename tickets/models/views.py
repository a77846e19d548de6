"""Saved views: a filter with a name, columns and an order."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from core.accounts.permissions import Permission, can
from core.common.actor import Actor
from core.common.ids import Versioned
from escalation.models import Team


class SavedViewQuerySet(models.QuerySet):  # type: ignore[type-arg]
    def visible_to(self, actor: Actor) -> SavedViewQuerySet:
        """One's own, and those of one's teams; the tickets in them are filtered again for each reader."""
        if not can(actor, Permission.VIEW_QUEUE):
            return self.none()
        return self.filter(Q(owner_id=actor.user_id) | Q(team__memberships__user_id=actor.user_id)).distinct()


class SavedView(Versioned):
    SUBJECT = "saved_view"

    name = models.CharField(max_length=60)
    slug = models.SlugField(max_length=80, unique=True)
    query = models.CharField(max_length=2000, blank=True, help_text="The filters, as in the address.")
    columns = models.JSONField(default=list, blank=True)
    ordering = models.CharField(max_length=60, blank=True, help_text="Empty: the work order.")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_views")
    team = models.ForeignKey(
        Team, on_delete=models.CASCADE, null=True, blank=True, related_name="saved_views"
    )
    position = models.PositiveSmallIntegerField(default=0)

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        ordering = ["position", "name"]

    def __str__(self) -> str:
        return self.name
