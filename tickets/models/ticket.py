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
from escalation import tiers
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
IS_OPEN = Q(status__in=[status.value for status in OPEN_STATUSES])
BY_ITS_NAME = [(name, name) for name in ("requester", "application", "component", "team")]


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

    def parts_visible_to(self, actor: Actor) -> list[TicketQuerySet]:
        """`visible_to` in parts that share no ticket, to be counted one by one: an index serves each of them alone."""
        if actor.is_customer:
            return [self.visible_to(actor)]
        if not can(actor, Permission.VIEW_TICKETS):
            return []
        return [self.filter(confidential=False), self.filter(confidential=True).visible_to(actor)]

    def hidden_from(self, actor: Actor) -> TicketQuerySet:
        """What `visible_to` leaves out; for staff these are few."""
        if actor.is_customer or not can(actor, Permission.VIEW_TICKETS):
            return self.exclude(pk__in=Ticket.objects.visible_to(actor).values("pk"))
        confidential = Ticket.objects.filter(confidential=True)
        return self.filter(confidential=True).exclude(pk__in=confidential.visible_to(actor).values("pk"))

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
    team = models.ForeignKey(
        Team, on_delete=models.PROTECT, null=True, db_index=False, related_name="tickets"
    )
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        db_index=False,
        related_name="assigned_tickets",
    )
    communication_owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+",
        help_text="Who speaks with the customer while others do the work.",
    )  # fmt: skip

    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, null=True, db_index=False, related_name="tickets"
    )
    requester = models.ForeignKey(
        Contact, on_delete=models.PROTECT, null=True, db_index=False, related_name="tickets"
    )
    customer_rank = models.PositiveSmallIntegerField(
        default=3, help_text="0 strategic, 1 key, 2 standard, 3 none."
    )
    application = models.ForeignKey(
        Application, on_delete=models.PROTECT, null=True, db_index=False, related_name="tickets"
    )
    component = models.ForeignKey(
        Component, on_delete=models.PROTECT, null=True, db_index=False, related_name="tickets"
    )
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
    passed_around = models.BooleanField(
        default=False, help_text="Handed on too often, or across too many teams."
    )
    reopened_count = models.PositiveIntegerField(default=0)
    external_id = models.CharField(max_length=100, blank=True)
    imported = models.JSONField(default=dict, help_text="Facts of the desk it came from.")

    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    first_responded_at = models.DateTimeField(null=True)
    resolved_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    close_due_at = models.DateTimeField(null=True, help_text="When a resolved ticket closes itself.")
    page_due_at = models.DateTimeField(
        null=True, help_text="When people are paged because nobody took this P0."
    )
    customer_replied_at = models.DateTimeField(
        null=True, help_text="Set while a customer's message is unanswered."
    )

    # The nearest running clock, copied here in the transaction that moves it, for the queue.
    due_at = models.DateTimeField(null=True)
    due_goal = models.CharField(max_length=20, blank=True)
    breached_at = models.DateTimeField(null=True)

    objects = TicketQuerySet.as_manager()

    class Meta:
        # Two families. Open work: partial, so that a queue costs the same whatever the history. History: the
        # columns that lists filter by, each with the order of those lists, so that a page is read and not sorted.
        # SQLite answers from an index alone only if that holds the columns of its own condition, too.
        indexes = [
            models.Index(
                fields=["due_at", "priority", "customer_rank", "created_at", "id"],
                name="tickets_queue",
                condition=IS_OPEN,
            ),
            models.Index(fields=["assignee", "due_at"], name="tickets_mine", condition=IS_OPEN),
            models.Index(fields=["status", "tier"], name="tickets_open_by_status", condition=IS_OPEN),
            *(
                models.Index(fields=[name, "due_at"], name=f"tickets_open_by_{word}", condition=IS_OPEN)
                for name, word in [("organisation", "customer"), *BY_ITS_NAME]
            ),
            models.Index(
                fields=["close_due_at"], name="tickets_close_due", condition=Q(close_due_at__isnull=False)
            ),
            models.Index(
                fields=["page_due_at"], name="tickets_page_due", condition=Q(page_due_at__isnull=False)
            ),
            models.Index(
                fields=["review_at"], name="tickets_review_due", condition=Q(review_at__isnull=False)
            ),
            models.Index(fields=["created_at", "id", "kind", "confidential"], name="tickets_by_age"),
            models.Index(fields=["updated_at", "id"], name="tickets_by_update"),
            models.Index(
                fields=["resolved_at", "status", "confidential"],
                name="tickets_by_end",
                condition=Q(confidential=False, resolved_at__isnull=False),
            ),
            models.Index(
                fields=["breached_at", "confidential"],
                name="tickets_by_breach",
                condition=Q(confidential=False, breached_at__isnull=False),
            ),
            models.Index(fields=["due_at"], name="tickets_by_due", condition=Q(due_at__isnull=False)),
            models.Index(
                fields=["created_at", "id", "confidential"],
                name="tickets_confidential",
                condition=Q(confidential=True),
            ),
            *(
                models.Index(
                    fields=[name, "created_at", "id", "status"],
                    name=f"tickets_by_{word}",
                    # What names nobody is found among open work. A status in the index lets a list of what is
                    # closed pass over the rest, and makes it the wider one to SQLite, which has no statistics
                    # and takes the narrower for open work.
                    condition=Q(**{f"{name}__isnull": False}),
                )
                for name, word in [("organisation", "customer"), ("assignee", "assignee"), *BY_ITS_NAME]
            ),
            models.Index(fields=["external_id"], name="tickets_by_external"),
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
        return tiers.name(self.tier)
