"""What of a ticket can be found, by whom."""

from __future__ import annotations

from core.search import index
from tickets.models import Entry, Ticket


def put(ticket: Ticket) -> None:
    """Write the ticket's texts into the index: what its customer may read, and what only staff may, apart."""
    said = list(ticket.entries.values_list("kind", "body"))
    handed = ticket.handoffs.values_list("summary", "tried", "reproduce")
    notes = [body for kind, body in said if kind == Entry.Kind.INTERNAL_NOTE]
    index.put(
        Ticket.SUBJECT,
        ticket.pk,
        reference=ticket.reference,
        title=ticket.subject,
        public="\n".join(
            [ticket.description, *(body for kind, body in said if kind != Entry.Kind.INTERNAL_NOTE)]
        ),
        staff="\n".join([*notes, *(" ".join(texts) for texts in handed), ticket.risk, " ".join(ticket.tags)]),
        confidential=ticket.confidential,
        organisation_id=ticket.organisation_id,
        owner_id=ticket.requester.user_id if ticket.requester else None,
    )
