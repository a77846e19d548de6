"""From an event to the mail that somebody gets. Mail to customers is built from public entries only."""

from __future__ import annotations

from django.conf import settings
from django.template.loader import render_to_string

from core.audit import words
from core.audit.models import Event
from core.outbox import queue
from core.outbox.models import Lane
from tickets import queries
from tickets.models import Entry, Ticket

CUSTOMER_SUBJECT = "[{reference}] {subject}"


def acknowledge(event: Event) -> None:
    """Tell the requester that their ticket is known. Carries none of the sender's text but the subject."""
    ticket = _ticket(event)
    if event.door == "import" or ticket.requester is None:
        return
    _mail(ticket, event, ticket.requester.email, "ticket_acknowledged", lane=Lane.REPLY, page="portal")


def reply_to_requester(event: Event) -> None:
    ticket = _ticket(event)
    entry = Entry.objects.get(pk=event.data["entry"])
    if entry.kind != Entry.Kind.PUBLIC_REPLY:
        return
    for contact in queries.requesters(ticket):
        _mail(ticket, event, contact.email, "ticket_reply", lane=Lane.REPLY, page="portal", entry=entry)


def merged(event: Event) -> None:
    """Tell who asked where their request goes on; whoever asked both has nothing to learn."""
    ticket = _ticket(event)
    survivor = ticket.merged_into
    if ticket.requester is None or survivor is None or survivor.requester_id == ticket.requester_id:
        return
    _mail(
        ticket, event, ticket.requester.email, "ticket_merged", lane=Lane.REPLY, page="portal", survivor=survivor
    )


def tell_assignee(event: Event) -> None:
    """Tell who has the ticket what happened to it, unless they did it themselves."""
    ticket = _ticket(event)
    person = ticket.assignee
    if person is None or not person.email or person.pk == event.actor_id:
        return
    _mail(ticket, event, person.email, "ticket_for_you", lane=Lane.DIGEST, sentence=words.sentence(event))


def _ticket(event: Event) -> Ticket:
    return Ticket.objects.select_related("requester", "assignee", "merged_into").get(pk=event.subject_id)


def _mail(
    ticket: Ticket,
    event: Event,
    to: str,
    template: str,
    *,
    lane: Lane,
    page: str = "tickets",
    **more: object,
) -> None:
    """`page` is where the link leads: customers have pages of their own."""
    context = {
        "ticket": ticket,
        "event": event,
        "subject_line": "Confidential ticket" if ticket.confidential else ticket.subject,
        "url": f"{settings.BASE_URL.rstrip('/')}/{page}/{ticket.reference}/",
        **more,
    }
    queue.put(
        lane=lane,
        to=to,
        subject=" ".join(render_to_string(f"email/{template}.subject", context).split())[:200],
        text=render_to_string(f"email/{template}.txt", context),
        topic=template.replace("_", ".", 1),
        about=ticket,
        dedup_key=f"{template}:{event.pk}:{to}",
    )
