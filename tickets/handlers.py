"""Our reactions to our own events: telling people."""

from __future__ import annotations

from core.audit import delivery
from core.audit.models import Event
from tickets import notices


@delivery.handler("ticket.created")
def acknowledge(event: Event) -> None:
    notices.acknowledge(event)


@delivery.handler("ticket.replied")
def tell_requester(event: Event) -> None:
    notices.reply_to_requester(event)


@delivery.handler(
    "ticket.customer_wrote", "ticket.review_due", "ticket.escalated", "ticket.assigned", "ticket.handed_back"
)
def tell_assignee(event: Event) -> None:
    notices.tell_assignee(event)


@delivery.handler("ticket.merged")
def tell_where_it_goes_on(event: Event) -> None:
    notices.merged(event)


@delivery.handler(
    "ticket.customer_wrote", "ticket.waiting", "ticket.held", "ticket.resumed", "ticket.resolved", "ticket.closed",
    "ticket.reopened",
)  # fmt: skip
def tell_watchers(event: Event) -> None:
    notices.tell_watchers(event)


@delivery.handler("ticket.mentioned")
def tell_mentioned(event: Event) -> None:
    notices.tell_mentioned(event)
