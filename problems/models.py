"""Problems: why it happened, and what must be done so that it does not happen again."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from catalogue.models import Application, Component
from core.accounts.permissions import Permission, can
from core.common.actor import Actor
from core.common.ids import Referenced, Versioned
from core.common.vocabulary import Priority
from escalation.models import Team

USER = settings.AUTH_USER_MODEL


class ProblemQuerySet(models.QuerySet["Problem"]):
    def visible_to(self, actor: Actor) -> ProblemQuerySet:
        """All of it for staff who work with problems; for customers problems do not exist."""
        return self if can(actor, Permission.VIEW_PROBLEMS) else self.none()


class Source(models.TextChoices):
    INCIDENT = "incident", "Incident"
    RECURRING = "recurring", "Recurring"
    ENHANCEMENT = "enhancement", "Enhancement"
    AUTOMATION = "automation", "Automation"
    PROACTIVE = "proactive", "Proactive"


class Status(models.TextChoices):
    OPEN = "open", "New"
    INVESTIGATING = "investigating", "Finding the cause"
    KNOWN_ERROR = "known_error", "Known error"
    FIXING = "fixing", "Fix planned"
    RESOLVED = "resolved", "Watching the fix"
    CLOSED = "closed", "Closed"


class CauseCategory(models.TextChoices):
    CODE = "code", "Code"
    CONFIGURATION = "configuration", "Configuration"
    CHANGE = "change", "Change"
    CAPACITY = "capacity", "Capacity"
    HARDWARE = "hardware", "Hardware"
    NETWORK = "network", "Network"
    DATA = "data", "Data"
    THIRD_PARTY = "third_party", "Third party"
    SECURITY = "security", "Security"
    PROCESS = "process", "Process"
    HUMAN_ERROR = "human_error", "Human error"
    UNKNOWN = "unknown", "Could not be found"


class FixKind(models.TextChoices):
    HOTFIX = "hotfix", "Hotfix"
    PATCH = "patch", "Patch"
    BUG_FIX = "bug_fix", "Bug fix"
    MAINTENANCE = "maintenance", "Maintenance"


class Audience(models.TextChoices):
    INTERNAL = "internal", "Support staff"
    CUSTOMERS = "customers", "Customers"


class Problem(Referenced, Versioned):
    """One cause behind one or many interruptions. What it came from and what fixes it are links."""

    PREFIX = "PRB"
    SUBJECT = "problem"

    title = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    source = models.CharField(max_length=20, choices=Source.choices, default=Source.PROACTIVE)
    status = models.CharField(max_length=20, choices=Status.choices, default=Status.OPEN)
    priority = models.CharField(max_length=2, choices=Priority.choices, default=Priority.P2)
    application = models.ForeignKey(
        Application, on_delete=models.PROTECT, null=True, blank=True, related_name="problems"
    )
    component = models.ForeignKey(
        Component, on_delete=models.PROTECT, null=True, blank=True, related_name="problems"
    )
    team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, blank=True, related_name="problems")
    owner = models.ForeignKey(
        USER, on_delete=models.PROTECT, null=True, blank=True, related_name="problems_owned"
    )
    opened_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="problems_opened")
    # The ticket or incident that it was raised from: each raises one problem only, whoever clicks at once.
    raised_from_kind = models.CharField(max_length=20, blank=True)
    raised_from_id = models.BigIntegerField(null=True)

    cause_category = models.CharField(max_length=20, choices=CauseCategory.choices, blank=True)
    cause = models.TextField(blank=True)
    whys = models.JSONField(default=list, help_text="The answers to five times “why?”, as texts.")
    contributing_factors = models.TextField(blank=True)
    evidence = models.TextField(blank=True)
    workaround = models.TextField(blank=True)
    fix_kind = models.CharField(max_length=20, choices=FixKind.choices, blank=True)

    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    reopened_count = models.PositiveIntegerField(default=0)

    objects = ProblemQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["raised_from_kind", "raised_from_id"],
                name="problems_raised_once",
                condition=Q(raised_from_id__isnull=False),
            )
        ]
        indexes = [
            models.Index(
                fields=["status", "priority", "id"], name="problems_board", condition=~Q(status="closed")
            ),
            models.Index(fields=["created_at", "id"], name="problems_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.reference} {self.title}"

    @property
    def cause_known(self) -> bool:
        return bool(self.cause)


class KnownError(Versioned):
    """What people meet, and what they can do until it is fixed. Proposed by one, published by another."""

    SUBJECT = "known_error"

    problem = models.OneToOneField(Problem, on_delete=models.PROTECT, related_name="known_error")
    symptom = models.TextField()
    workaround = models.TextField()
    audience = models.CharField(max_length=20, choices=Audience.choices, default=Audience.INTERNAL)
    matcher = models.CharField(max_length=200, blank=True, help_text="Words by which it is recognised.")
    proposed_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, null=True, related_name="known_errors_proposed"
    )
    proposed_at = models.DateTimeField()
    published_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, null=True, related_name="known_errors_published"
    )
    published_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"Known error of {self.problem.reference}"

    @property
    def is_published(self) -> bool:
        return self.published_at is not None

    @property
    def author_name(self) -> str:
        """Who wrote it: the proposer, or the publisher where nobody proposed."""
        author = self.proposed_by or self.published_by
        return author.display_name if author is not None else "The desk"


class ActionStatus(models.TextChoices):
    PROPOSED = "proposed", "Proposed"
    ACCEPTED = "accepted", "Accepted"
    IN_PROGRESS = "in_progress", "In progress"
    DONE = "done", "Done"
    DROPPED = "dropped", "Dropped"


OPEN_ACTIONS = (ActionStatus.PROPOSED, ActionStatus.ACCEPTED, ActionStatus.IN_PROGRESS)


class ActionQuerySet(models.QuerySet["FollowUpAction"]):
    def visible_to(self, actor: Actor) -> ActionQuerySet:
        """As their problems."""
        return self if can(actor, Permission.VIEW_PROBLEMS) else self.none()

    def open(self) -> ActionQuerySet:
        return self.filter(status__in=OPEN_ACTIONS)


class FollowUpAction(Versioned):
    """Something that somebody promised to do by a day; chased until it is done or dropped with a reason.

    `next_reminder_at` is the due column of its sweep; it is empty once the action is finished.
    """

    SUBJECT = "action"

    problem = models.ForeignKey(Problem, on_delete=models.PROTECT, related_name="actions")
    title = models.CharField(max_length=200)
    team = models.ForeignKey(
        Team, on_delete=models.PROTECT, null=True, blank=True, related_name="follow_up_actions"
    )
    owner = models.ForeignKey(
        USER, on_delete=models.PROTECT, null=True, blank=True, related_name="follow_up_actions"
    )
    due = models.DateField()
    priority = models.CharField(max_length=2, choices=Priority.choices, default=Priority.P2)
    status = models.CharField(max_length=20, choices=ActionStatus.choices, default=ActionStatus.PROPOSED)
    drop_reason = models.TextField(blank=True)
    next_reminder_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    objects = ActionQuerySet.as_manager()

    class Meta:
        ordering = ["due", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(next_reminder_at__isnull=True)
                | Q(status__in=["proposed", "accepted", "in_progress"]),
                name="problems_finished_is_not_chased",
            ),
            models.CheckConstraint(
                condition=~Q(status="dropped") | ~Q(drop_reason=""), name="problems_dropped_with_reason"
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_reminder_at"],
                name="problems_reminder",
                condition=Q(next_reminder_at__isnull=False),
            ),
            models.Index(
                fields=["due", "id"],
                name="problems_open_actions",
                condition=Q(status__in=["proposed", "accepted", "in_progress"]),
            ),
            models.Index(fields=["finished_at"], name="problems_finished_actions"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_ACTIONS

    @property
    def receiver(self) -> str:
        """Who it was handed to, in words."""
        if self.owner is not None:
            return self.owner.display_name
        return self.team.name if self.team is not None else ""

    @property
    def zone(self) -> str:
        """The time zone in which its day begins: the owner's, else the team's."""
        if self.owner is not None:
            return self.owner.timezone
        return self.team.zone if self.team is not None else "UTC"
