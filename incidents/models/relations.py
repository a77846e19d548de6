"""Incidents and other work: merges, the requesters who are answered, and the changes that are suspected."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from incidents.models.incident import Incident
from tickets.models import Ticket


class Merge(models.Model):
    """An incident went into another one; `moved` is what went along, for the way back."""

    source = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="merges")
    target = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()
    moved = models.JSONField(default=dict)
    undone_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source"], condition=Q(undone_at__isnull=True), name="incidents_merged_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.source} into {self.target}"


class Answer(models.Model):
    """The word to the requester of a linked ticket that the service works again.

    One row for each (incident, ticket): the proof that a requester is answered once. `due_at` is what the sweep
    looks for; empty again once it was answered, or when the incident failed again before. `number` is that of the
    "Service restored" which it passes on.
    """

    SUBJECT = "incident_answer"

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="answers")
    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveIntegerField()
    text = models.TextField(blank=True)
    due_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    declined_by_label = models.CharField(max_length=150, blank=True, help_text="Who decided to say nothing.")
    entry_id = models.BigIntegerField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["incident", "ticket"], name="incidents_answered_once")]
        indexes = [
            models.Index(fields=["due_at"], name="incidents_answer_due", condition=Q(due_at__isnull=False))
        ]

    def __str__(self) -> str:
        return f"{self.incident_id} answers {self.ticket_id}"


class SuspectedChange(models.Model):
    """What people think of a change: it may be the cause, or it is not. The change stands above this app."""

    class Verdict(models.TextChoices):
        SUSPECTED = "suspected", "Suspected"
        CLEARED = "cleared", "Cleared"

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="suspicions")
    change_id = models.BigIntegerField()
    verdict = models.CharField(max_length=9, choices=Verdict.choices)
    note = models.TextField(blank=True)
    by_label = models.CharField(max_length=150)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["incident", "change_id"], name="incidents_one_verdict")
        ]

    def __str__(self) -> str:
        return f"CHG-{self.change_id} {self.verdict}"
