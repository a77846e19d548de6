"""Rules in the side column of a ticket: what they did last, and the way to why they did not."""

from __future__ import annotations

from django.urls import reverse

from core.accounts.permissions import Permission, can
from core.common.actor import Actor
from tickets.models import RuleRun, Ticket
from tickets.panels import Panel, Row

MOST = 3


def panel(ticket: Ticket, actor: Actor) -> Panel | None:
    """The last runs on this ticket, one query; the way to why is there even where nothing ran."""
    if not can(actor, Permission.WORK_TICKET):
        return None
    runs = RuleRun.objects.filter(ticket_id=ticket.pk).select_related("rule").order_by("-id")[:MOST]
    rows = [
        Row(
            run.rule.name,
            note="fired" if run.fired else "nothing done",
            tone="green" if run.fired else "amber",
        )
        for run in runs
    ]
    why = Row("Why they acted, or did not", reverse("tickets:why", args=[ticket.reference]))
    return Panel("Rules", [*rows, why])
