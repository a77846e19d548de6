"""How a ticket changes tier, and what was done before."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from escalation.models import Team
from tickets.models.ticket import Ticket


class HandOff(models.Model):
    """A ticket changes hands: up with what was found out, down with what to do next, or to another team."""

    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="handoffs")
    from_tier = models.PositiveSmallIntegerField()
    to_tier = models.PositiveSmallIntegerField()
    from_team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, related_name="+")
    to_team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    summary = models.TextField(blank=True)
    business_impact = models.TextField(blank=True)
    tried = models.TextField(blank=True)
    reproduce = models.TextField(blank=True)
    needed = models.TextField(blank=True, help_text="What is asked of the next tier.")
    evidence = models.TextField(blank=True, help_text="Links and places: where one sees it.")
    files = models.JSONField(default=list, help_text="Ids of the attachments that belong to it.")
    no_sop = models.BooleanField(default=False, help_text="L1 found no SOP for this: a reason to write one.")
    reason = models.TextField(blank=True)
    next_step = models.TextField(blank=True)

    class Meta:
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.ticket_id} from tier {self.from_tier} to {self.to_tier}"


class SopRun(models.Model):
    """A standard operating procedure that somebody followed on a ticket, and how it ended."""

    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="sop_runs")
    sop = models.CharField(max_length=200)
    outcome = models.TextField(blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return self.sop
