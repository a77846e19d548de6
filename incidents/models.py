"""Incidents, the ledger of what was told to whom, and the timeline."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from catalogue.models import Application, Component, Region
from core.accounts.permissions import Permission, can
from core.common.actor import Actor
from core.common.ids import Referenced, Versioned
from core.common.vocabulary import Severity
from customers.models import Audience, Organisation


class Status(models.TextChoices):
    DECLARED = "declared", "Declared"
    INVESTIGATING = "investigating", "Investigating"
    IDENTIFIED = "identified", "Cause found"
    MONITORING = "monitoring", "Watching"
    RESTORED = "restored", "Restored"
    CLOSED = "closed", "Closed"


OPEN = (Status.DECLARED, Status.INVESTIGATING, Status.IDENTIFIED, Status.MONITORING)


class WhenDue(models.TextChoices):
    """What happens when an update falls due and nobody has written one."""

    HOLD = "hold", "Send a holding update"
    REMIND = "remind", "Remind only"


class Cadence(models.Model):
    """How often an incident of a severity owes an update. Without a row: every 15 minutes, holding."""

    SUBJECT = "cadence"

    severity = models.CharField(
        max_length=4, choices=Severity.choices, blank=True, unique=True, help_text="Empty: none assessed yet."
    )
    minutes = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Empty: on demand.")
    when_due = models.CharField(max_length=6, choices=WhenDue.choices, default=WhenDue.HOLD)

    class Meta:
        verbose_name = "update cadence"
        constraints = [
            models.CheckConstraint(
                condition=Q(minutes__isnull=True) | Q(minutes__gte=1, minutes__lte=1440),
                name="incidents_cadence_within_a_day",
            )
        ]

    def __str__(self) -> str:
        return f"{self.severity or 'not assessed'}: {self.minutes or 'on demand'}"


class IncidentQuerySet(models.QuerySet):  # type: ignore[type-arg]
    def visible_to(self, actor: Actor) -> IncidentQuerySet:
        """Staff see every incident; for customers there are none."""
        return self if can(actor, Permission.VIEW_INCIDENTS) else self.none()

    def live(self) -> IncidentQuerySet:
        return self.filter(status__in=OPEN)


class Incident(Referenced, Versioned):
    """An interruption that needs coordinated response and communication.

    `next_update_due_at` and `next_reminder_due_at` are what the sweeps look for; the database itself keeps
    them empty once the service is restored. `update_count` is the number of the last update.
    """

    PREFIX = "INC"
    SUBJECT = "incident"

    title = models.CharField(max_length=200)
    summary = models.TextField(blank=True, help_text="In the customer's language.")
    severity = models.CharField(
        max_length=4, choices=Severity.choices, blank=True, help_text="Empty until somebody looked."
    )
    status = models.CharField(max_length=13, choices=Status.choices, default=Status.DECLARED)
    applications = models.ManyToManyField(Application, blank=True, related_name="incidents")
    components = models.ManyToManyField(Component, blank=True, related_name="incidents")
    regions = models.ManyToManyField(Region, blank=True, related_name="incidents")
    organisations = models.ManyToManyField(Organisation, blank=True, related_name="incidents")
    declared_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    commander = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    communications_lead = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    scribe = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    bridge_url = models.URLField(max_length=500, blank=True)
    chat_url = models.URLField(max_length=500, blank=True)

    started_at = models.DateTimeField(help_text="When the impact began.")
    detected_at = models.DateTimeField()
    declared_at = models.DateTimeField()
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    restored_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    cadence_minutes = models.PositiveSmallIntegerField(null=True, default=15, help_text="Empty: on demand.")
    cadence_by_hand = models.BooleanField(default=False)
    when_due = models.CharField(max_length=6, choices=WhenDue.choices, default=WhenDue.HOLD)
    next_update_due_at = models.DateTimeField(null=True, blank=True)
    next_reminder_due_at = models.DateTimeField(null=True, blank=True)
    update_count = models.PositiveIntegerField(default=0)
    form_key = models.UUIDField(
        null=True, editable=False, unique=True, help_text="Of the page that declared it."
    )

    objects = IncidentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=OPEN)
                | Q(next_update_due_at__isnull=True, next_reminder_due_at__isnull=True),
                name="incidents_due_only_while_open",
            ),
            models.CheckConstraint(
                condition=Q(status__in=OPEN) | (~Q(severity="") & Q(restored_at__isnull=False)),
                name="incidents_restored_is_assessed",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_update_due_at"],
                name="incidents_update_due",
                condition=Q(next_update_due_at__isnull=False),
            ),
            models.Index(
                fields=["next_reminder_due_at"],
                name="incidents_reminder_due",
                condition=Q(next_reminder_due_at__isnull=False),
            ),
            models.Index(fields=["status", "-declared_at"], name="incidents_by_status"),
            models.Index(fields=["-declared_at", "-id"], name="incidents_by_age"),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def is_open(self) -> bool:
        return self.status in OPEN

    @property
    def next_number(self) -> int:
        """The number that the next update will carry."""
        return self.update_count + 1


class Update(models.Model):
    """One line of the promise ledger: what was told, when it was due, how late it was.

    The unique (incident, number) is the proof that a due moment was answered once. `next_due_at` is what
    the text promised.
    """

    class Kind(models.TextChoices):
        ACKNOWLEDGEMENT = "acknowledgement", "Acknowledgement"
        UPDATE = "update", "Update"
        HOLDING = "holding", "Holding update"
        CATCH_UP = "catch_up", "Catch-up"
        RESTORED = "restored", "Service restored"
        CORRECTION = "correction", "Correction"

    SUBJECT = "update"

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="updates")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=15, choices=Kind.choices)
    audience = models.CharField(
        max_length=10, choices=Audience.choices, blank=True, help_text="Empty: everybody."
    )
    subject = models.CharField(max_length=77)
    body = models.TextField()
    what = models.TextField(blank=True)
    affected = models.TextField(blank=True)
    doing = models.TextField(blank=True)
    workaround = models.TextField(blank=True)
    due_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField()
    late_seconds = models.PositiveIntegerField(default=0)
    next_due_at = models.DateTimeField(null=True)
    recipients = models.PositiveIntegerField(default=0)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    author_label = models.CharField(max_length=150)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["incident", "number"], name="incidents_update_once")]

    def __str__(self) -> str:
        return self.subject

    @property
    def is_automatic(self) -> bool:
        return self.kind in (self.Kind.HOLDING, self.Kind.CATCH_UP)


class TimelineEntry(models.Model):
    """What happened. `recorded_at` differs from `happened_at` where a person wrote it down later."""

    class Kind(models.TextChoices):
        OBSERVATION = "observation", "Observation"
        DECISION = "decision", "Decision"
        UPDATE = "update", "Update"
        SYSTEM = "system", "System"

    SUBJECT = "timeline_entry"
    BY_PEOPLE = (Kind.OBSERVATION, Kind.DECISION)

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="timeline")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    body = models.TextField()
    happened_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    author_label = models.CharField(max_length=150)
    for_postmortem = models.BooleanField(default=False)
    update_sent = models.ForeignKey(Update, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name_plural = "timeline entries"
        indexes = [models.Index(fields=["incident", "happened_at", "id"], name="incidents_timeline")]

    def __str__(self) -> str:
        return self.body[:60]

    @property
    def is_back_dated(self) -> bool:
        return (self.recorded_at - self.happened_at).total_seconds() >= 60
