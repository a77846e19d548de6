"""A change to production, its approvals, and the periods in which nothing may change."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models

from catalogue.models import Application, Component
from changes import risk
from changes.vocabulary import ApprovalRole, Decision, FixKind, Outcome, Result, Status, Type
from core.accounts.permissions import Permission, can
from core.common.actor import Actor
from core.common.ids import Referenced, Versioned
from incidents.models import Incident
from tickets.models import Ticket

RUNNING = (Status.SUBMITTED, Status.APPROVED, Status.SCHEDULED, Status.IMPLEMENTING, Status.VALIDATING)
DECIDED = (Status.SCHEDULED, Status.IMPLEMENTING, Status.VALIDATING)


class ChangeQuerySet(models.QuerySet["Change"]):
    def visible_to(self, actor: Actor) -> ChangeQuerySet:
        """Who works here sees every change; for customers there are none."""
        return self if can(actor, Permission.VIEW_CHANGES) else self.none()

    def in_window(self, starts: Any, ends: Any) -> ChangeQuerySet:
        """Those whose planned window shares a moment with [starts, ends)."""
        return self.filter(planned_start__lt=ends, planned_end__gt=starts)


class Change(Referenced, Versioned):
    """What is changed in production, why, how, and how one gets back.

    `risk` holds the answers, `risk_score` their sum (5 to 25, null until all are given).
    `override_reason` answers hard collisions, `collision_comment` soft ones.
    `approval_due_at` stands while an emergency runs on approvals that are still owed, `approval_chase_at` is
    when their givers are reminded next.
    """

    PREFIX = "CHG"
    SUBJECT = "change"

    title = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    need = models.TextField(blank=True)
    type = models.CharField(max_length=10, choices=Type.choices, default=Type.NORMAL)
    fix_kind = models.CharField(max_length=12, choices=FixKind.choices, blank=True)
    touches_code = models.BooleanField(default=False)
    touches_sql = models.BooleanField(default=False)
    commit_links = models.JSONField(default=list, blank=True)
    applications = models.ManyToManyField(Application, blank=True, related_name="changes")
    components = models.ManyToManyField(Component, blank=True, related_name="changes")
    planned_start = models.DateTimeField(null=True, blank=True)
    planned_end = models.DateTimeField(null=True, blank=True)
    downtime = models.BooleanField(default=False)
    risk = models.JSONField(default=dict, blank=True)
    risk_score = models.PositiveSmallIntegerField(null=True, blank=True)
    implementation_plan = models.TextField(blank=True)
    backout_plan = models.TextField(blank=True)
    validation_plan = models.TextField(blank=True)
    responsible = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="changes_to_do",
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="changes_written"
    )
    incident = models.ForeignKey(
        Incident, on_delete=models.PROTECT, null=True, blank=True, related_name="emergency_changes"
    )
    ticket = models.ForeignKey(
        Ticket, on_delete=models.PROTECT, null=True, blank=True, related_name="emergency_changes"
    )
    override_reason = models.TextField(blank=True)
    collision_comment = models.TextField(blank=True)
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.DRAFT)
    outcome = models.CharField(max_length=12, choices=Outcome.choices, blank=True)
    outcome_note = models.TextField(blank=True)
    implemented_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="changes_done"
    )
    validated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="changes_checked",
    )
    validation_result = models.CharField(max_length=10, choices=Result.choices, blank=True)
    validation_note = models.TextField(blank=True)
    approval_round = models.PositiveIntegerField(default=0)
    approval_due_at = models.DateTimeField(null=True, blank=True)
    approval_chase_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True)
    approved_at = models.DateTimeField(null=True)
    scheduled_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    validated_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    objects = ChangeQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["planned_start", "planned_end"],
                name="changes_running",
                condition=models.Q(status__in=RUNNING),
            ),
            models.Index(fields=["planned_start"], name="changes_calendar"),
            models.Index(fields=["created_at"], name="changes_created"),
            models.Index(
                fields=["approval_chase_at"],
                name="changes_approval_chase",
                condition=models.Q(approval_chase_at__isnull=False),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(planned_end__isnull=True)
                | models.Q(planned_start__isnull=True)
                | models.Q(planned_end__gt=models.F("planned_start")),
                name="changes_ends_after_start",
            )
        ]

    def __str__(self) -> str:
        return f"{self.reference} {self.title}"

    @property
    def risk_level(self) -> str:
        return risk.level(self.risk_score)

    @property
    def risk_words(self) -> str:
        """ "Risk 12 of 25, medium"; empty until all questions are answered."""
        return f"Risk {self.risk_score} of {risk.HIGHEST}, {self.risk_level}" if self.risk_score else ""


class Approval(models.Model):
    """One approval that a change needs: written at submission with its explanation, decided by a person.

    A round is one submission; editing what was approved voids the round and starts the next.
    """

    SUBJECT = "approval"

    change = models.ForeignKey(Change, on_delete=models.CASCADE, related_name="approvals")
    round = models.PositiveIntegerField()
    place = models.PositiveSmallIntegerField()
    role = models.CharField(max_length=20, choices=ApprovalRole.choices)
    why = models.CharField(max_length=200)
    decision = models.CharField(max_length=10, choices=Decision.choices, default=Decision.PENDING)
    approver = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="change_approvals"
    )
    note = models.TextField(blank=True)
    at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["round", "place"]
        constraints = [
            models.UniqueConstraint(fields=["change", "round", "place"], name="changes_approval_place"),
            models.UniqueConstraint(
                fields=["change", "round", "approver"],
                condition=models.Q(decision__in=[Decision.APPROVED, Decision.REJECTED]),
                name="changes_one_approval_each",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()} of {self.change_id}: {self.decision}"


class FreezeQuerySet(models.QuerySet["Freeze"]):
    def visible_to(self, actor: Actor) -> FreezeQuerySet:
        return self if can(actor, Permission.VIEW_CHANGES) else self.none()


class Freeze(models.Model):
    """A period in which nothing may change. Without applications it holds for all of them."""

    SUBJECT = "freeze"

    name = models.CharField(max_length=100)
    reason = models.TextField(blank=True)
    applications = models.ManyToManyField(Application, blank=True, related_name="freezes")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    objects = FreezeQuerySet.as_manager()

    class Meta:
        ordering = ["starts_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")), name="changes_freeze_ends_after_start"
            )
        ]

    def __str__(self) -> str:
        return self.name
