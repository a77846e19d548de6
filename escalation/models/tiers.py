"""How many tiers this desk has, what they are called and what each does."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from core.common.ids import Versioned
from escalation.models.directory import DirectoryQuerySet

MOST_TIERS = 5


class Tier(Versioned):
    """A level of expertise. The tiers in use are 1 to n without a gap; one that was taken away keeps its name."""

    SUBJECT = "tier"

    number = models.PositiveSmallIntegerField(unique=True)
    name = models.CharField(max_length=20, unique=True, help_text="As everybody says it: L1.")
    does = models.TextField(blank=True, help_text="What is done here, and when it goes on to the next tier.")
    active = models.BooleanField(default=True)

    objects = DirectoryQuerySet.as_manager()

    class Meta:
        ordering = ["number"]
        constraints = [
            models.CheckConstraint(condition=Q(number__range=(1, MOST_TIERS)), name="escalation_tier_1_to_5")
        ]

    def __str__(self) -> str:
        return self.name
