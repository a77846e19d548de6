"""Incidents and how often one owes an update."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q

from catalogue.models import Application, Component, Region
from core.accounts.permissions import Permission, can
from core.common.actor import Actor
from core.common.ids import Referenced, Versioned
from core.common.vocabulary import Severity
from customers.models import Organisation
from incidents import links


class Status(models.TextChoices):
    DECLARED = "declared", "Declared"
    INVESTIGATING = "investigating", "Investigating"
    IDENTIFIED = "identified", "Cause found"
    MONITORING = "monitoring", "Watching"
    RESTORED = "restored", "Restored"
    CLOSED = "closed", "Closed"


DRILL = "[DRILL]"
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

    def real(self) -> IncidentQuerySet:
        """Without the exercises, which count nowhere and are told to nobody outside."""
        return self.filter(drill=False)


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
    bridge_url = models.CharField(max_length=500, blank=True, help_text="Of a scheme that links.py knows.")
    chat_url = models.CharField(max_length=500, blank=True)
    public = models.BooleanField(
        default=True, help_text="On the public status page, where it hits a public application."
    )
    drill = models.BooleanField(default=False, help_text="An exercise: nobody outside the desk is told.")
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="children"
    )
    merged_into = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="merged"
    )

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
    undelivered_since = models.DateTimeField(
        null=True,
        blank=True,
        help_text="The commander was told that updates do not go out; empty once they do.",
    )
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
                condition=Q(status__in=OPEN)
                | Q(merged_into__isnull=False)
                | (~Q(severity="") & Q(restored_at__isnull=False)),
                name="incidents_restored_is_assessed",
            ),
            models.CheckConstraint(
                condition=Q(merged_into__isnull=True) | ~Q(status__in=OPEN), name="incidents_merged_is_over"
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
            models.Index(
                fields=["undelivered_since"],
                name="incidents_undelivered",
                condition=Q(undelivered_since__isnull=False),
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
    def shown_title(self) -> str:
        """The title; that of an exercise says so wherever it is read."""
        return f"{DRILL} {self.title}" if self.drill else self.title

    @property
    def bridge_link(self) -> str:
        """Where people meet; empty for an address that is no safe link."""
        return self.bridge_url if links.is_safe(self.bridge_url) else ""

    @property
    def chat_link(self) -> str:
        return self.chat_url if links.is_safe(self.chat_url) else ""

    @property
    def ended_at(self) -> datetime | None:
        """When the impact clock stopped: restored, or merged into another one."""
        return self.restored_at or self.closed_at

    @property
    def next_number(self) -> int:
        """The number that the next update will carry."""
        return self.update_count + 1
