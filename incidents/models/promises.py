"""The ledger of promises: what became of each moment at which an update was owed."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from core.accounts.permissions import Permission, can
from core.common.actor import Actor
from escalation.models import Team
from incidents.models.incident import Incident
from incidents.models.story import Update


class PromiseQuerySet(models.QuerySet):  # type: ignore[type-arg]
    def visible_to(self, actor: Actor) -> PromiseQuerySet:
        """Who sees incidents sees how their promises were kept."""
        return self if can(actor, Permission.VIEW_INCIDENTS) else self.none()

    def real(self) -> PromiseQuerySet:
        """Without those of exercises, which count nowhere."""
        return self.filter(incident__drill=False)


class Promise(models.Model):
    """One due moment and what became of it; written in the transaction that answers it.

    The unique (incident, due_at) says that a moment is counted once; lines of moved ones stand beside it.
    `person` and `team` are who had to write at that time: people change teams later, and what was theirs stays
    theirs. `late_seconds` is from the moment to the first update after it; empty when none came.
    """

    class Outcome(models.TextChoices):
        KEPT = "kept", "Kept"
        COVERED = "covered", "Covered by the desk"
        LATE = "late", "Late"
        MISSED = "missed", "Missed"
        MOVED = "moved", "Moved"

    SUBJECT = "promise"

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="promises")
    due_at = models.DateTimeField()
    outcome = models.CharField(max_length=7, choices=Outcome.choices)
    late_seconds = models.PositiveIntegerField(null=True)
    settled_at = models.DateTimeField()
    answer = models.ForeignKey(Update, on_delete=models.PROTECT, null=True, related_name="+")
    moved_to = models.DateTimeField(null=True)
    reason = models.TextField(blank=True, help_text="Why it was moved.")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    team = models.ForeignKey(Team, on_delete=models.SET_NULL, null=True, related_name="+")

    objects = PromiseQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["incident", "due_at"],
                condition=~Q(outcome="moved"),
                name="incidents_promise_once",
            )
        ]
        indexes = [models.Index(fields=["due_at"], name="incidents_promise_due")]

    def __str__(self) -> str:
        return f"{self.incident_id} {self.due_at:%Y-%m-%d %H:%M} {self.outcome}"

    @property
    def look(self) -> str:
        """The colour of its chip; the word says the same."""
        return {"kept": "green", "covered": "blue", "late": "amber", "missed": "red"}.get(
            self.outcome, "violet"
        )

    @property
    def told(self) -> bool:
        """Whether readers heard of a moved promise."""
        return self.answer_id is not None
