"""What falls due on tickets: closing what is resolved, looking again at what is paused."""

from __future__ import annotations

from datetime import datetime

from core.common.actor import system
from core.timers.sweeps import Sweep
from tickets import paging
from tickets.models import BulkRun, HeldReply, Recurrence, Ticket
from tickets.operations import bulk, held, lifecycle, recurring


def _close(ticket: Ticket, now: datetime) -> None:
    lifecycle.close(ticket.reference, by=system())


def _review(ticket: Ticket, now: datetime) -> None:
    lifecycle.ask_for_review(ticket, by=system())


SWEEPS = (
    Sweep(
        name="tickets.recurring",
        due=lambda now: Recurrence.objects.filter(next_at__lte=now).order_by("next_at"),
        field="next_at",
        act=recurring.open_due,
    ),
    Sweep(
        name=bulk.SWEEP,
        due=lambda now: BulkRun.objects.filter(next_at__lte=now).order_by("next_at"),
        field="next_at",
        act=bulk.begin_chunk,
    ),
    Sweep(
        name=held.SWEEP,
        due=lambda now: HeldReply.objects.filter(release_at__lte=now).order_by("release_at"),
        field="release_at",
        act=held.release,
    ),
    Sweep(
        name="tickets.close",
        due=lambda now: Ticket.objects.filter(close_due_at__lte=now).order_by("close_due_at"),
        field="close_due_at",
        act=_close,
    ),
    Sweep(
        name="tickets.review",
        due=lambda now: Ticket.objects.filter(review_at__lte=now).order_by("review_at"),
        field="review_at",
        act=_review,
    ),
    Sweep(
        name="tickets.unowned_p0",
        due=lambda now: Ticket.objects.filter(page_due_at__lte=now).order_by("page_due_at"),
        field="page_due_at",
        act=paging.nobody_took_it,
    ),
)
