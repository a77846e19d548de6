"""Merging, doing many at once, and tickets that come again by themselves."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from core.accounts.permissions import Permission, can
from core.common.actor import Actor
from core.common.ids import Versioned
from tickets.models.ticket import Ticket


class Merge(models.Model):
    """`source` went into `target`. `moved` lists what went along, so that it can be undone."""

    source = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="merges")
    target = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="merged_here")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()
    moved = models.JSONField(default=dict)
    undone_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source"], name="tickets_merged_once", condition=models.Q(undone_at__isnull=True)
            )
        ]

    def __str__(self) -> str:
        return f"{self.source_id} into {self.target_id}"


class BulkRunQuerySet(models.QuerySet):  # type: ignore[type-arg]
    def visible_to(self, actor: Actor) -> BulkRunQuerySet:
        """One's own: what it names was visible to whoever started it."""
        return self.filter(by_id=actor.user_id) if can(actor, Permission.WORK_TICKET) else self.none()


class BulkRun(models.Model):
    """One verb over many tickets: what each became, for the summary and for the undo."""

    SUBJECT = "bulk_run"

    verb = models.CharField(max_length=30)
    values = models.JSONField(default=dict)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    results = models.JSONField(
        default=list, help_text="Per ticket: id, done or not, why, and what it was before."
    )
    todo = models.JSONField(default=list, help_text="Id and version of each ticket that waits for its turn.")
    undoing = models.BooleanField(default=False)
    next_at = models.DateTimeField(null=True, help_text="When a worker goes on with it.")
    finished_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True, help_text="When somebody asked to take it back.")

    objects = BulkRunQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["next_at"], name="tickets_bulk_due", condition=models.Q(next_at__isnull=False)
            ),
            models.Index(fields=["by", "at"], name="tickets_bulk_by_person"),
        ]

    def __str__(self) -> str:
        return f"{self.verb} by {self.by}"

    @property
    def is_finished(self) -> bool:
        return self.finished_at is not None


class Recurrence(Versioned):
    """A ticket that is opened again and again, by an iCalendar rule in a zone."""

    SUBJECT = "recurrence"

    name = models.CharField(max_length=100)
    values = models.JSONField(default=dict, help_text="What tickets.operations.create gets, by name.")
    rule = models.CharField(max_length=300, help_text="An RRULE such as FREQ=WEEKLY;BYDAY=MO.")
    zone = models.CharField(max_length=64, default="UTC")
    starts_at = models.DateTimeField()
    next_at = models.DateTimeField(null=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    active = models.BooleanField(default=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["next_at"], name="tickets_recurrence_due", condition=models.Q(next_at__isnull=False)
            )
        ]

    def __str__(self) -> str:
        return self.name
