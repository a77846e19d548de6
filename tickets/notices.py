"""From an event to the mail that somebody gets. Mail to customers is built from public entries only."""

from __future__ import annotations

from django.conf import settings
from django.template.loader import render_to_string

from core.accounts import actors
from core.accounts.models import User
from core.audit import words
from core.audit.models import Event
from core.common.actor import Door
from core.outbox import queue
from core.outbox.models import Lane
from tickets import queries
from tickets.models import Entry, Ticket
from worklog import queries as worklog

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
        ticket,
        event,
        ticket.requester.email,
        "ticket_merged",
        lane=Lane.REPLY,
        page="portal",
        survivor=survivor,
    )


def tell_assignee(event: Event) -> None:
    """Tell who has the ticket what happened to it, unless they did it themselves; the team when nobody is on call."""
    ticket = _ticket(event)
    person = ticket.assignee
    if person is None and event.name == "ticket.escalated" and not ticket.confidential:
        _tell_team(ticket, event)
    if person is None or not person.email or _did_it(person, event):
        return
    _mail(ticket, event, person.email, "ticket_for_you", lane=Lane.DIGEST, sentence=words.sentence(event))


def tell_speaker(event: Event) -> None:
    """Tell who speaks with the customer, where somebody else does the work, unless they did it themselves."""
    ticket = _ticket(event)
    person = ticket.communication_owner
    if (
        person is None
        or person.pk == ticket.assignee_id
        or _did_it(person, event)
        or not _sees(person, ticket)
    ):
        return
    _mail(ticket, event, person.email, "ticket_for_you", lane=Lane.DIGEST, sentence=words.sentence(event))


def _tell_team(ticket: Ticket, event: Event) -> None:
    team = ticket.team
    if team is None:
        return
    if to := team.email or (team.lead.email if team.lead else ""):
        _mail(ticket, event, to, "ticket_for_you", lane=Lane.DIGEST, sentence=words.sentence(event))


def tell_watchers(event: Event) -> None:
    """Tell who watches what the customer wrote or where the ticket stands now, except who did it.

    The assignee hears of a message as such. A status that moved because of a message is told with the message.
    """
    if event.data.get("by_message"):
        return
    ticket = _ticket(event)
    told = set()
    if event.name == "ticket.customer_wrote":
        told = {ticket.assignee_id, ticket.communication_owner_id}
    for person in worklog.watchers_of(ticket):
        if person.pk not in told and not _did_it(person, event) and _sees(person, ticket):
            _mail(
                ticket,
                event,
                person.email,
                "ticket_watched",
                lane=Lane.DIGEST,
                sentence=words.sentence(event),
            )


def tell_mentioned(event: Event) -> None:
    """Tell who was named in a note; the note itself is read on the page."""
    ticket = _ticket(event)
    for person in User.objects.filter(pk__in=event.data["users"], is_active=True):
        if _sees(person, ticket):
            _mail(ticket, event, person.email, "ticket_mentioned", lane=Lane.DIGEST)


def _sees(person: User, ticket: Ticket) -> bool:
    """Now, when the mail is written: who was moved or left since hears nothing."""
    actor = actors.for_user(person)
    return bool(person.email) and Ticket.objects.visible_to(actor).filter(pk=ticket.pk).exists()


def _did_it(person: User, event: Event) -> bool:
    """Their own hand, not a rule that runs with their rights."""
    return person.pk == event.actor_id and event.door != Door.RULE


def _ticket(event: Event) -> Ticket:
    return Ticket.objects.select_related("requester", "assignee", "communication_owner", "merged_into").get(
        pk=event.subject_id
    )


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
