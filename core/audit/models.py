"""The audit trail, which is also the list of everything that happened and that others react to."""

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models


class Event(models.Model):
    """One fact: who did what to what, when, through which door, and what it changed.

    No foreign key leads away from here: nothing blocks a row, nothing cascades into it. The database
    itself refuses UPDATE and DELETE (see append_only.py).
    """

    name = models.CharField(max_length=60)
    at = models.DateTimeField()
    actor_kind = models.CharField(max_length=20)
    actor_id = models.BigIntegerField(null=True)
    actor_label = models.CharField(max_length=150)
    door = models.CharField(max_length=20)
    subject_kind = models.CharField(max_length=30)
    subject_id = models.BigIntegerField()
    subject_ref = models.CharField(max_length=150)
    before = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    after = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    data = models.JSONField(default=dict, encoder=DjangoJSONEncoder)

    class Meta:
        indexes = [
            models.Index(fields=["subject_kind", "subject_id", "id"], name="audit_by_subject"),
            models.Index(fields=["name", "at"], name="audit_by_name"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.subject_ref} by {self.actor_label}"


class Delivery(models.Model):
    """One event for one handler. Written with the event; the due time is cleared when handled."""

    event = models.ForeignKey(Event, on_delete=models.DO_NOTHING, related_name="deliveries")
    handler = models.CharField(max_length=120)
    due_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["event", "handler"], name="audit_delivery_once")]
        indexes = [
            models.Index(
                fields=["due_at"], name="audit_delivery_due", condition=models.Q(due_at__isnull=False)
            )
        ]

    def __str__(self) -> str:
        return f"event {self.event_id} to {self.handler}"
