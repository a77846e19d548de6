"""One customer issue: an unbroken conversation plus the facts needed to solve it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from catalogue.models import Application, Component
from core.accounts.permissions import Permission, can
from core.common.actor import Actor
from core.common.ids import Referenced, Versioned
from core.common.vocabulary import Channel, Exposure, Level, Priority, Severity, TicketKind
from customers.models import Contact, Organisation
from customers.queries import organisations_seen_whole
from escalation.models import Team
from worklog.models import Watcher


class Status(models.TextChoices):
    NEW = "new", "New"
    OPEN = "open", "Open"
    WAITING = "waiting", "Waiting for the customer"
    ON_HOLD = "on_hold", "On hold"
    RESOLVED = "resolved", "Resolved"
    CLOSED = "closed", "Closed"


OPEN_STATUSES = (Status.NEW, Status.OPEN, Status.WAITING, Status.ON_HOLD)


class HoldReason(models.TextChoices):
    VENDOR = "vendor", "A vendor"
    CHANGE = "change", "A change"
    PROBLEM = "problem", "A problem"
    SCHEDULED = "scheduled", "An agreed date"


class ResolutionCode(models.TextChoices):
    FIXED = "fixed", "Fixed"
    WORKAROUND = "workaround", "Workaround"
    CONFIGURATION = "configuration", "Configuration"
    KNOWN_ERROR = "known_error", "Known error"
    USER_ERROR = "user_error", "User error"
    DUPLICATE = "duplicate", "Duplicate"
    NOT_REPRODUCIBLE = "not_reproducible", "Not reproducible"
    NO_FAULT = "no_fault", "No fault found"
    REJECTED = "rejected", "Rejected"
    SPAM = "spam", "Spam"


class PriorityCell(models.Model):
    """One cell of the priority matrix; cells that are missing here have the default."""

    impact = models.CharField(max_length=6, choices=Level.choices)
    urgency = models.CharField(max_length=6, choices=Level.choices)
    priority = models.CharField(max_length=2, choices=Priority.choices)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["impact", "urgency"], name="tickets_cell_once")]

    def __str__(self) -> str:
        return f"{self.impact} impact, {self.urgency} urgency: {self.priority}"


class TicketQuerySet(models.QuerySet):  # type: ignore[type-arg]
    def visible_to(self, actor: Actor) -> TicketQuerySet:
        """Staff: all but confidential tickets that do not name them.

        Customers: their own and what those went into by a merge, or their organisation's.
        """
        if actor.is_system:
            return self
        if not can(actor, Permission.VIEW_TICKETS) or actor.user_id is None:
            return self.none()
        mine = Q(requester__user_id=actor.user_id)
        if actor.is_customer:
            merged = Ticket.objects.filter(mine, organisation_id=F("merged_into__organisation_id"))
            mine |= Q(pk__in=merged.values("merged_into"))  # their request goes on there
            return self.filter(
                mine | Q(confidential=False, organisation_id__in=organisations_seen_whole(actor))
            )
        watched = Watcher.objects.filter(subject_kind="ticket", user_id=actor.user_id).values("subject_id")
        return self.filter(Q(confidential=False) | mine | Q(assignee_id=actor.user_id) | Q(pk__in=watched))

    def open(self) -> TicketQuerySet:
        return self.filter(status__constant_in=OPEN_STATUSES)


class Ticket(Referenced, Versioned):
    PREFIX = "TKT"
    SUBJECT = "ticket"

    # Where it stands in the work order; the queries of the queue fill them in, no column holds them.
    band: str
    rank_reason: str
    present: list[Any]  # who has it open, where presence.place looked

    subject = models.CharField(max_length=250)
    description = models.TextField(blank=True)
    description_html = models.TextField(blank=True)
    kind = models.CharField(max_length=20, choices=TicketKind.choices, default=TicketKind.ISSUE)
    channel = models.CharField(max_length=10, choices=Channel.choices, default=Channel.WEB)
    exposure = models.CharField(max_length=20, choices=Exposure.choices, default=Exposure.CUSTOMER_FACING)
    areas = models.JSONField(default=list)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.NEW)
    hold_reason = models.CharField(max_length=10, choices=HoldReason.choices, blank=True)
    pause_note = models.TextField(blank=True, help_text="Why it waits or is on hold, and for whom.")
    review_at = models.DateTimeField(null=True, help_text="When somebody looks at a paused ticket again.")

    impact = models.CharField(max_length=6, choices=Level.choices, default=Level.MEDIUM)
    urgency = models.CharField(max_length=6, choices=Level.choices, default=Level.MEDIUM)
    priority = models.CharField(max_length=2, choices=Priority.choices)
    priority_reason = models.TextField(blank=True, help_text="Set when a person overrode the matrix.")
    severity = models.CharField(max_length=4, choices=Severity.choices, blank=True)
    tier = models.PositiveSmallIntegerField(default=1)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, related_name="tickets")
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="assigned_tickets"
    )
    communication_owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+",
        help_text="Who speaks with the customer while others do the work.",
    )  # fmt: skip

    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, null=True, related_name="tickets"
    )
    requester = models.ForeignKey(Contact, on_delete=models.PROTECT, null=True, related_name="tickets")
    customer_rank = models.PositiveSmallIntegerField(
        default=3, help_text="0 strategic, 1 key, 2 standard, 3 none."
    )
    application = models.ForeignKey(Application, on_delete=models.PROTECT, null=True, related_name="tickets")
    component = models.ForeignKey(Component, on_delete=models.PROTECT, null=True, related_name="tickets")
    environment = models.JSONField(default=dict)
    steps_to_reproduce = models.TextField(blank=True)
    affected_version = models.CharField(max_length=60, blank=True)
    risk = models.TextField(
        blank=True, help_text="Threat, weakness, likelihood and damage, where a fix may be needed."
    )
    tags = models.JSONField(default=list)
    confidential = models.BooleanField(default=False)

    custom = models.JSONField(default=dict, help_text="Values of the desk's own fields, by key.")

    merged_into = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="merged_from", help_text="Where it went."
    )
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="children")

    resolution_code = models.CharField(max_length=20, choices=ResolutionCode.choices, blank=True)
    breach_cause = models.TextField(blank=True)
    handoff_count = models.PositiveIntegerField(default=0)
    reopened_count = models.PositiveIntegerField(default=0)
    external_id = models.CharField(max_length=100, blank=True)
    imported = models.JSONField(default=dict, help_text="Facts of the desk it came from.")

    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    first_responded_at = models.DateTimeField(null=True)
    resolved_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    close_due_at = models.DateTimeField(null=True, help_text="When a resolved ticket closes itself.")
    customer_replied_at = models.DateTimeField(
        null=True, help_text="Set while a customer's message is unanswered."
    )

    # The nearest running clock, copied here in the transaction that moves it, for the queue.
    due_at = models.DateTimeField(null=True)
    due_goal = models.CharField(max_length=20, blank=True)
    breached_at = models.DateTimeField(null=True)

    objects = TicketQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["due_at", "priority", "customer_rank", "created_at", "id"],
                name="tickets_queue",
                condition=Q(status__in=["new", "open", "waiting", "on_hold"]),
            ),
            models.Index(
                fields=["assignee", "due_at"],
                name="tickets_mine",
                condition=Q(status__in=["new", "open", "waiting", "on_hold"]),
            ),
            models.Index(
                fields=["status", "tier"],
                name="tickets_open_by_status",
                condition=Q(status__in=["new", "open", "waiting", "on_hold"]),
            ),
            models.Index(
                fields=["close_due_at"], name="tickets_close_due", condition=Q(close_due_at__isnull=False)
            ),
            models.Index(
                fields=["review_at"], name="tickets_review_due", condition=Q(review_at__isnull=False)
            ),
            models.Index(fields=["created_at", "id"], name="tickets_by_age"),
            models.Index(fields=["updated_at", "id"], name="tickets_by_update"),
            models.Index(fields=["organisation", "created_at"], name="tickets_by_customer"),
            models.Index(fields=["requester", "created_at"], name="tickets_by_requester"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["external_id"], name="tickets_external_once", condition=~Q(external_id="")
            ),
            models.CheckConstraint(condition=Q(tier__gte=1, tier__lte=5), name="tickets_tier_1_to_5"),
        ]

    def __str__(self) -> str:
        return f"{self.reference} {self.subject}"

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_STATUSES

    @property
    def tier_label(self) -> str:
        return f"L{self.tier}"
