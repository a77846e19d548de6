"""Promises that were missed: facts with a time, kept apart from the clocks, which may go on under another promise."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models

from core.common.ids import Versioned
from sla import subjects
from sla.models.clocks import Clock
from sla.models.policies import Goal

if TYPE_CHECKING:
    from core.common.actor import Actor


class Cause(models.TextChoices):
    """Why a service level was missed."""

    STAFFING = "staffing", "Not enough people on shift"
    OVERLOOKED = "overlooked", "Overlooked or taken late"
    MISROUTED = "misrouted", "Went to the wrong team first"
    HANDED_AROUND = "handed_around", "Handed on too often"
    DIAGNOSIS = "diagnosis", "Hard to find the cause"
    VENDOR = "vendor", "A vendor was late"
    CHANGE = "change", "Waited for a change or a release"
    CUSTOMER = "customer", "Waited for the customer without saying so"
    INCIDENT = "incident", "A major incident took everybody"
    PROMISE = "promise", "The promise did not fit the work"
    OTHER = "other", "Something else"


class BreachQuerySet(models.QuerySet["Breach"]):
    def visible_to(self, actor: Actor) -> BreachQuerySet:
        """Breaches of what the actor may see."""
        seen = models.Q(pk__in=[])
        for kind, info in subjects.known().items():
            seen |= models.Q(subject_kind=kind, subject_id__in=info.visible_to(actor).values("pk"))
        return self.filter(seen)

    def unexplained(self) -> BreachQuerySet:
        return self.filter(cause="")


class Breach(Versioned):
    """One missed promise: who had the work then, since when, by how much, and why.

    `clock` is the last one that carries it: a new priority's clock takes over the breach of the old one.
    `over_seconds` is the business time beyond the target when a clock that carried it last ended or paused;
    while one runs, `over_at` adds what came since.
    """

    SUBJECT = "breach"

    subject_kind = models.CharField(max_length=30)
    subject_id = models.BigIntegerField()
    goal = models.CharField(max_length=20, choices=Goal.choices)
    clock = models.ForeignKey(Clock, on_delete=models.PROTECT, related_name="breaches")
    breached_at = models.DateTimeField()
    target_minutes = models.PositiveIntegerField()
    policy_name = models.CharField(max_length=100)
    over_seconds = models.PositiveBigIntegerField(default=0)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    owner_label = models.CharField(max_length=150, blank=True)
    team_label = models.CharField(max_length=150, blank=True)
    cause = models.CharField(max_length=20, choices=Cause.choices, blank=True)
    cause_note = models.TextField(blank=True)
    explained_at = models.DateTimeField(null=True, blank=True)
    explained_by = models.CharField(max_length=150, blank=True)

    objects = BreachQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "breaches"
        constraints = [
            models.UniqueConstraint(
                fields=["subject_kind", "subject_id", "goal", "breached_at"], name="sla_one_row_per_breach"
            )
        ]
        indexes = [
            models.Index(fields=["-breached_at", "-id"], name="sla_breach_latest"),
            models.Index(
                fields=["-breached_at"], name="sla_breach_unexplained", condition=models.Q(cause="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_goal_display()} of {self.subject_kind} {self.subject_id} missed"

    @property
    def reference(self) -> str:
        """The reference of what the promise was for."""
        return subjects.of(self.subject_kind).reference(self.subject_id)

    @property
    def path(self) -> str:
        """The page of what the promise was for."""
        return subjects.of(self.subject_kind).address(self.subject_id)

    def over_at(self, now: datetime) -> int:
        """Seconds of business time beyond the target by this moment. Needs `clock` and its calendar."""
        if self.clock.state != Clock.State.RUNNING:
            return self.over_seconds
        return max(self.over_seconds, self.clock.elapsed_at(now) - self.clock.target_seconds)
