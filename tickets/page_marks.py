"""The mark of a ticket's page: while it stays the same, the page has nothing to renew.

The page makes it from what it read anyway, the poll makes the same one from three small queries. What the page shows
of other work (incidents, the family, the customer's hours) leaves no trace on the ticket; the minute in the mark lets
that follow, too, and with it the colour of a clock that runs low.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet, Subquery

from core.accounts.permissions import Permission, can
from core.common import clock
from core.common.actor import Actor
from sla import queries as clocks
from tickets import pages, queries
from tickets.models import HeldReply, Ticket

OF_A_CLOCK = ("goal", "state", "started_at", "due_at", "target_minutes", "breached_at", "met_at")


@dataclass(frozen=True)
class Look:
    """What a poll found: the mark, and whether a held reply should be out by now."""

    mark: str
    overdue: bool


def of_page(ticket: Ticket, talk: pages.Talk, shown: Iterable[Mapping[str, Any]]) -> str:
    """The mark of a page that was read: its conversation, and its clocks in the shape of the API."""
    return _mark(ticket, talk.newest, shown, talk.on_their_way)


def of_poll(ticket: Ticket, actor: Actor) -> Look:
    """The same mark, for the price of three queries."""
    works = can(actor, Permission.WORK_TICKET)
    newest: list[QuerySet[Any]] = [pages.entries_of(ticket, actor).order_by("-created_at", "-pk")]
    newest += [pages.events_of(ticket, actor).order_by("-pk")] if works else []
    found = (
        Ticket.objects.filter(pk=ticket.pk)
        .values_list(*(Subquery(one.values("pk")[:1]) for one in newest))
        .get()
    )
    held = list(queries.held_replies(ticket)) if works else []
    running = clocks.of_subject(Ticket.SUBJECT, ticket.pk).values(*OF_A_CLOCK)
    overdue = any(one.release_at is not None and one.release_at <= clock.now() for one in held)
    return Look(_mark(ticket, [pk or 0 for pk in found], running, held), overdue)


def _mark(
    ticket: Ticket, newest: Iterable[int], shown: Iterable[Mapping[str, Any]], held: Iterable[HeldReply]
) -> str:
    now = clock.now()
    parts = (
        ticket.version,
        *newest,
        sorted(str([one[name] for name in OF_A_CLOCK]) for one in shown),
        [(one.pk, one.release_at, one.release_at is None or one.release_at <= now) for one in held],
        now.replace(second=0, microsecond=0),
    )
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]
