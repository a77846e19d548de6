"""Automation: what the desk does by itself with tickets, and a record of why it did or did not."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from core.common.ids import Versioned


class AutomationRule(Versioned):
    """When something happens (or a time has passed) and the conditions hold, carry out the actions.

    It runs with the rights of its owner, in the explicit order of `position`.
    """

    class Trigger(models.TextChoices):
        EVENT = "event", "When something happens"
        TIME = "time", "When time has passed"

    SUBJECT = "automation_rule"

    name = models.CharField(max_length=100, unique=True)
    trigger = models.CharField(max_length=10, choices=Trigger.choices, default=Trigger.EVENT)
    events = models.JSONField(default=list, blank=True, help_text="Names such as ticket.created.")
    conditions = models.CharField(max_length=2000, blank=True, help_text="The same filters as the list's.")
    after_minutes = models.PositiveIntegerField(
        null=True, blank=True, help_text="Time rules: minutes without a change."
    )
    actions = models.JSONField(default=list, help_text="Verbs of the desk with their values, in order.")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    position = models.PositiveIntegerField(default=100)
    active = models.BooleanField(default=True)
    stopped_why = models.TextField(
        blank=True, help_text="Set by the desk when it had to switch the rule off."
    )
    next_at = models.DateTimeField(null=True, help_text="Time rules: when they look again.")

    class Meta:
        ordering = ["position", "id"]
        indexes = [
            models.Index(
                fields=["next_at"], name="tickets_rule_due", condition=models.Q(next_at__isnull=False)
            )
        ]

    def __str__(self) -> str:
        return self.name


class RuleRun(models.Model):
    """Why a rule fired or did not, for one ticket and one event; once per event."""

    rule = models.ForeignKey(AutomationRule, on_delete=models.CASCADE, related_name="runs")
    ticket_id = models.BigIntegerField()
    event_id = models.BigIntegerField(null=True)
    at = models.DateTimeField()
    fired = models.BooleanField()
    why = models.TextField()
    depth = models.PositiveSmallIntegerField(default=0, help_text="How many rules led to this one.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["rule", "event_id"], name="tickets_rule_once_per_event",
                condition=models.Q(event_id__isnull=False),
            )
        ]  # fmt: skip
        indexes = [models.Index(fields=["ticket_id", "at"], name="tickets_rule_runs")]

    def __str__(self) -> str:
        return f"{self.rule}: {self.why[:60]}"
