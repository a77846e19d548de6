"""Everything that leaves the desk is a row here first."""

from django.db import models


class Lane(models.TextChoices):
    """Messages of one lane wait only for messages of the same lane; the order here is the order of haste."""

    INCIDENT = "incident", "Incident updates"
    PAGE = "page", "Pages"
    REPLY = "reply", "Replies"
    WEBHOOK = "webhook", "Webhooks"
    DIGEST = "digest", "Reminders and digests"
    BULK = "bulk", "Bulk"


class OutgoingMessage(models.Model):
    """One message to one recipient.

    `due_at` is the next attempt while queued and the end of the lease while sending; it is empty once the
    row is final. `message_id` is derived from the dedup key, so that a repeat after a crash between the
    server's accept and our mark carries the same one. `repeats` counts those doubtful moments.
    """

    class State(models.TextChoices):
        QUEUED = "queued", "Queued"
        SENDING = "sending", "Sending"
        SENT = "sent", "Sent"
        FAILED = "failed", "Failed"
        DROPPED = "dropped", "Dropped"

    SUBJECT = "message"

    lane = models.CharField(max_length=20, choices=Lane.choices)
    transport = models.CharField(max_length=20, default="email")
    topic = models.CharField(max_length=60)
    to = models.CharField(max_length=320)
    subject = models.CharField(max_length=300)
    text = models.TextField()
    html = models.TextField(blank=True)
    headers = models.JSONField(default=dict)
    about_kind = models.CharField(max_length=30, blank=True)
    about_id = models.BigIntegerField(null=True)
    about_version = models.PositiveIntegerField(null=True)
    dedup_key = models.CharField(max_length=200, unique=True)
    message_id = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    attempts = models.PositiveIntegerField(default=0)
    repeats = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    note = models.TextField(blank=True, help_text="Why it was dropped, or the last error.")

    class Meta:
        indexes = [
            models.Index(fields=["due_at"], name="outbox_due", condition=models.Q(due_at__isnull=False)),
            models.Index(fields=["about_kind", "about_id"], name="outbox_about"),
        ]

    def __str__(self) -> str:
        return f"{self.topic} to {self.to} ({self.state})"
