"""Rules in the side column of a ticket: what they did last, and the way to why they did not."""

from __future__ import annotations

from django.urls import reverse

from core.accounts.permissions import Permission, can
from core.common.actor import Actor
from tickets.models import Ticket
from tickets.panels import Panel, Row


def panel(ticket: Ticket, actor: Actor) -> Panel | None:
    """The way to what rules did here and why; what they did stands in the conversation, with the rule's name."""
    if not can(actor, Permission.WORK_TICKET):
        return None
    return Panel(
        "Rules", [Row("Why they acted, or did not", reverse("tickets:why", args=[ticket.reference]))]
    )
