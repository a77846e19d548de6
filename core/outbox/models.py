"""Everything that leaves the desk is a row here first."""

from django.db import models
from django.db.models import Q


class Lane(models.TextChoices):
    """Messages of one lane wait only for messages of the same lane; the order here is the order of haste."""

    INCIDENT = "incident", "Incident updates"
    PAGE = "page", "Pages"
    REPLY = "reply", "Replies"
    WEBHOOK = "webhook", "Webhooks"
    DIGEST = "digest", "Reminders and digests"
    BULK = "bulk", "Bulk"


class Endpoint(models.Model):
    """An address outside to which the desk posts. The address is a secret: only its host is ever shown."""

    class Transport(models.TextChoices):
        TEAMS = "teams", "Microsoft Teams"
        SLACK = "slack", "Slack"
        WEBHOOK = "webhook", "Webhook"

    transport = models.CharField(max_length=20, choices=Transport.choices)
    host = models.CharField(max_length=255)
    sealed_url = models.TextField(blank=True)
    template = models.TextField(blank=True, help_text="The body, for a receiver with a shape of its own.")
    format = models.CharField(max_length=10, default="json")
    sealed_authorization = models.TextField(blank=True)
    sealed_secret = models.TextField(blank=True, help_text="Signs the body where there is no template.")
    sealed_old_secret = models.TextField(blank=True, help_text="Signs as well until old_secret_until.")
    old_secret_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    fingerprint = models.CharField(
        max_length=64, blank=True, help_text="Keyed, of the address: the same for the same place."
    )
    removed_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.get_transport_display()} at {self.host}"


class Circuit(models.Model):
    """How one way out is doing: the mail server, or one endpoint.

    After repeated failures it is open: what goes there waits, and `probe_at` lets one message try from time to time.
    """

    SUBJECT = "circuit"

    route = models.CharField(max_length=40, unique=True)
    failures = models.PositiveIntegerField(default=0, help_text="In a row.")
    failing_since = models.DateTimeField(null=True)
    opened_at = models.DateTimeField(null=True)
    probe_at = models.DateTimeField(null=True)
    probes = models.PositiveIntegerField(default=0)
    error = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(opened_at__isnull=True) | Q(probe_at__isnull=False), name="outbox_open_is_probed"
            )
        ]

    def __str__(self) -> str:
        return f"{self.route}: {'open' if self.opened_at else 'closed'}"


class DeadAddress(models.Model):
    """A mail address that its server refused for good. Nothing more is sent there until somebody clears the mark."""

    SUBJECT = "address"

    address = models.CharField(max_length=320, unique=True, help_text="In lower case.")
    since = models.DateTimeField()
    why = models.TextField()
    cleared_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.address


class OutgoingMessage(models.Model):
    """One message to one recipient.

    `due_at` is the next attempt while queued and the end of the lease while sending; it is empty once the
    row is final, and while a queued one is held until its turn (queue.release), which is then its `created_at`.
    `message_id` is derived from the dedup key, so that a repeat after a crash between the server's accept and our
    mark carries the same one. `repeats` counts those doubtful moments.
    What is no mail goes to an `endpoint`; `data` is what it needs besides the text: {"links": [[label, url]],
    "values": {name: text}}.
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
    endpoint = models.ForeignKey(Endpoint, on_delete=models.PROTECT, null=True, related_name="messages")
    topic = models.CharField(max_length=60)
    to = models.CharField(max_length=320)
    subject = models.CharField(max_length=300)
    text = models.TextField()
    html = models.TextField(blank=True)
    headers = models.JSONField(default=dict)
    data = models.JSONField(default=dict)
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
            models.Index(
                fields=["lane", "due_at"], name="outbox_lane_due", condition=Q(due_at__isnull=False)
            ),
            models.Index(fields=["about_kind", "about_id"], name="outbox_about"),
        ]

    def __str__(self) -> str:
        return f"{self.topic} to {self.to} ({self.state})"

    @property
    def route(self) -> str:
        """Which way out it takes; what fails there holds up whatever else goes there."""
        return "mail" if self.endpoint_id is None else f"endpoint-{self.endpoint_id}"

    @property
    def links(self) -> list[tuple[str, str]]:
        """(label, address) of what to open from the message."""
        return [(label, url) for label, url in self.data.get("links", [])]
