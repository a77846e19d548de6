"""The moment at which somebody is called because nobody took a P0: a column of the ticket, written here alone."""

from __future__ import annotations

from datetime import datetime

from tickets.models import Ticket


def set(ticket_id: int, at: datetime) -> None:
    """Due at this moment, unless another one stands there already."""
    Ticket.objects.filter(pk=ticket_id, page_due_at=None).update(page_due_at=at)


def clear(ticket_id: int) -> None:
    Ticket.objects.filter(pk=ticket_id, page_due_at__isnull=False).update(page_due_at=None)
