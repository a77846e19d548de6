"""A shift that somebody would give away: asked, then taken, withdrawn or expired."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from core.common.ids import Versioned
from escalation.models.directory import DirectoryQuerySet
from escalation.models.rotations import Override, Rotation

USER = settings.AUTH_USER_MODEL


class Swap(Versioned):
    """`asked_by` gives away a stretch on call, to `asked_of` or (empty) to anybody of the team.

    With `return_starts_at` and `return_ends_at` the one asked gives a stretch of theirs in return. Taking makes
    the stand-ins; `expires_at` is when the clock ends an offer that nobody took, empty once it is final.
    """

    SUBJECT = "swap"

    class State(models.TextChoices):
        ASKED = "asked", "Asked"
        TAKEN = "taken", "Taken"
        WITHDRAWN = "withdrawn", "Withdrawn"
        EXPIRED = "expired", "Expired"

    rotation = models.ForeignKey(Rotation, on_delete=models.PROTECT, related_name="swaps")
    asked_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="swaps_asked")
    asked_of = models.ForeignKey(
        USER, on_delete=models.PROTECT, null=True, blank=True, related_name="swaps_asked_of"
    )
    taken_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, null=True, blank=True, related_name="swaps_taken"
    )
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    return_starts_at = models.DateTimeField(null=True, blank=True)
    return_ends_at = models.DateTimeField(null=True, blank=True)
    note = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.ASKED)
    created_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    overrides = models.ManyToManyField(Override, blank=True, related_name="swaps")

    objects = DirectoryQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="escalation_swap_ends"),
            models.CheckConstraint(
                condition=Q(return_starts_at__isnull=True, return_ends_at__isnull=True)
                | Q(return_ends_at__gt=F("return_starts_at"), asked_of__isnull=False),
                name="escalation_swap_return",
            ),
            models.CheckConstraint(
                condition=Q(state="asked", expires_at__isnull=False)
                | ~Q(state="asked") & Q(expires_at__isnull=True),
                name="escalation_swap_due_while_asked",
            ),
        ]
        indexes = [
            models.Index(
                fields=["expires_at"], name="escalation_swap_due", condition=Q(expires_at__isnull=False)
            )
        ]

    def __str__(self) -> str:
        return f"{self.asked_by} on {self.rotation}"
