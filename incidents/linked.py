"""The tickets of an incident as its page and the API show them: who was answered, and who is asked about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from incidents.models import Answer, Incident, Update
from tickets.models import Status, Ticket
from worklog.queries import Linked


@dataclass(frozen=True)
class LinkedTicket:
    """`due_at`: the answer is on its way. `asked`: somebody has to decide whether the requester is told.

    `answerable`: somebody asked, and it is not closed. `told_before`: they heard of a restoration before
    it failed again.
    """

    reference: str
    title: str
    status: str
    answered_at: datetime | None
    due_at: datetime | None
    asked: bool
    answerable: bool
    told_before: bool


def tickets_of(incident: Incident, links: Sequence[Linked], restored: Update | None) -> list[LinkedTicket]:
    """From the links that the reader may see, each ticket once; `restored` is the last "Service restored".

    One query, and none where the service was never restored.
    """
    tickets = {link.work.pk: link.work for link in links if link.work.SUBJECT == Ticket.SUBJECT}
    if not tickets:
        return []
    found = incident.answers.filter(ticket_id__in=tickets) if restored is not None else []
    answers = {answer.ticket_id: answer for answer in found}
    over = restored is not None and incident.restored_at is not None and not incident.drill
    number = restored.number if restored is not None and over else 0
    return [_one(ticket, answers.get(pk), number) for pk, ticket in tickets.items()]


def _one(ticket: Ticket, answer: Answer | None, number: int) -> LinkedTicket:
    somebody = ticket.requester_id is not None and ticket.status != Status.CLOSED
    undecided = answer is None or (answer.number < number and answer.due_at is None)
    return LinkedTicket(
        reference=ticket.reference,
        title=ticket.subject,
        status=ticket.get_status_display(),
        answered_at=answer.answered_at if answer else None,
        due_at=answer.due_at if answer else None,
        asked=number > 0 and somebody and undecided,
        answerable=somebody,
        told_before=answer is not None and answer.answered_at is not None and answer.number < number,
    )
