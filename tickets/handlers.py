"""Our reactions to our own events: telling people."""

from __future__ import annotations

from core.audit import delivery
from core.audit.models import Event
from escalation.models import EscalationPolicy
from tickets import notices, paging


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


@delivery.handler("ticket.customer_wrote", "ticket.communication_owner_set")
def tell_speaker(event: Event) -> None:
    notices.tell_speaker(event)


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


@delivery.handler("sla.breached")
def page_after_breach(event: Event) -> None:
    paging.target_missed(event)


@delivery.handler(*paging.MOVES)
def watch_unowned_p0(event: Event) -> None:
    paging.watch(event.subject_id, event.at)


@delivery.handler("escalation_policy.created", "escalation_policy.changed")
def watch_by_new_policy(event: Event) -> None:
    policy = EscalationPolicy.objects.get(pk=event.subject_id)
    paging.watch_team(policy.team_id, event.at)


@delivery.handler("ticket.resolved", "ticket.closed", "ticket.merged")
def stop_paging(event: Event) -> None:
    paging.finished(event)
