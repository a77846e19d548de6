"""What of a ticket can be found, by whom."""

from __future__ import annotations

from core.search import index
from tickets.models import Entry, Ticket


def put(ticket: Ticket) -> None:
    """Write the ticket's texts into the index: what its customer may read, and what only staff may, apart."""
    _write(ticket, *_texts(ticket))


def put_new(ticket: Ticket) -> None:
    """The same for a ticket on which nothing was said yet."""
    _write(ticket, [], [], [])


def _texts(ticket: Ticket) -> tuple[list[str], list[str], list[str]]:
    said = list(ticket.entries.values_list("kind", "body"))
    handed = ticket.handoffs.values_list("summary", "tried", "reproduce", "needed", "evidence")
    notes = [body for kind, body in said if kind == Entry.Kind.INTERNAL_NOTE]
    public = [body for kind, body in said if kind != Entry.Kind.INTERNAL_NOTE]
    return public, notes, [" ".join(texts) for texts in handed]


def _write(ticket: Ticket, public: list[str], notes: list[str], handed: list[str]) -> None:
    index.put(
        Ticket.SUBJECT,
        ticket.pk,
        reference=ticket.reference,
        title=ticket.subject,
        public="\n".join([ticket.description, *public]),
        staff="\n".join([*notes, *handed, ticket.risk, " ".join(ticket.tags)]),
        confidential=ticket.confidential,
        organisation_id=ticket.organisation_id,
        owner_id=ticket.requester.user_id if ticket.requester else None,
    )
