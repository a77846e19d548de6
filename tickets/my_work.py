"""A person's tickets: those they have, those they were mentioned in, those they watch."""

from __future__ import annotations

from collections.abc import Iterable

from core.common.actor import Actor
from tickets import queries
from tickets.models import Ticket
from worklog import my_work, subjects
from worklog.models import Mention, Watcher
from worklog.my_work import MOST, Row, Section


def register() -> None:
    for source in (mine, mentioned, watched):
        my_work.register(source)


def mine(actor: Actor) -> Section:
    """In the work order: the next to take first."""
    found = queries.queue(
        Ticket.objects.visible_to(actor).open().filter(assignee_id=actor.user_id), limit=MOST
    )
    rows = [_row(ticket, ticket.rank_reason, late=ticket.band == "overdue") for ticket in found.tickets]
    return Section(10, "My tickets", rows, "No open ticket is yours.")


def mentioned(actor: Actor) -> Section:
    """Open tickets where somebody named the person and they have not looked since, the newest first."""
    found = Mention.objects.filter(user_id=actor.user_id, subject_kind=Ticket.SUBJECT, seen_at=None)
    pks = list(dict.fromkeys(found.order_by("-at").values_list("subject_id", flat=True)[:MOST]))
    return Section(40, "Mentioned", [_row(ticket) for ticket in _in_order(pks, actor)])


def watched(actor: Actor) -> Section:
    """Open tickets of others that the person watches, the last changed first."""
    pks = Watcher.objects.filter(user_id=actor.user_id, subject_kind=Ticket.SUBJECT).values("subject_id")
    found = Ticket.objects.visible_to(actor).open().filter(pk__in=pks).exclude(assignee_id=actor.user_id)
    rows = [_row(ticket) for ticket in queries.for_list(found).order_by("-updated_at", "-pk")[:MOST]]
    return Section(50, "Watched", rows)


def _in_order(pks: Iterable[int], actor: Actor) -> list[Ticket]:
    known = queries.for_list(Ticket.objects.visible_to(actor).open()).in_bulk(list(pks))
    return [known[pk] for pk in pks if pk in known]


def _row(ticket: Ticket, note: str = "", late: bool = False) -> Row:
    who = ticket.organisation.name if ticket.organisation else ""
    return Row(
        ticket.reference,
        ticket.subject,
        subjects.address(Ticket.SUBJECT, ticket.reference),
        status=ticket.status,
        priority=ticket.priority,
        note=note or who,
        late=late,
    )
