"""What a ticket says to the directory when somebody asks who to call about it."""

from __future__ import annotations

from django.urls import reverse

from core.common.actor import Actor
from customers.models import Organisation
from escalation import finding, matching
from tickets import queries
from tickets.models import Ticket


def register() -> None:
    """Called from AppConfig.ready(): /on-call/?ticket=TKT-1."""
    finding.register(Ticket.SUBJECT, work_of)


def work_of(ref: str, by: Actor) -> finding.Work:
    """Its component, application, kinds of trouble, and the words of errors. Raises NotFound like `get_for`."""
    ticket = queries.get_for(ref, by=by)
    customers = Organisation.objects.visible_to(by).select_related("account_manager__card")
    return finding.Work(
        reference=ticket.reference,
        title=ticket.subject,
        url=reverse("tickets:detail", args=[ticket.reference]),
        components=(ticket.component,) if ticket.component else (),
        applications=(ticket.application,) if ticket.application else (),
        areas=frozenset(ticket.areas),
        tier=ticket.tier if _has_it(ticket, by) else ticket.tier - 1,
        text=" ".join([ticket.subject, *matching.error_words(ticket.description)]),
        customers=tuple(customers.filter(pk=ticket.organisation_id)) if ticket.organisation_id else (),
    )


def _has_it(ticket: Ticket, by: Actor) -> bool:
    """Whether the actor works where the ticket is: they need the next tier, everybody else the one that has it."""
    if ticket.tier == 1 or ticket.assignee_id == by.user_id:
        return True
    return ticket.team is not None and ticket.team.memberships.filter(user_id=by.user_id).exists()
