"""A list of tickets as CSV: the rows that the reader sees, in the list's order, safe in a spreadsheet.

What the desk writes for itself (notes, risk, reasons) is in no column.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

from core.common import paging, spreadsheet
from core.common.errors import Invalid, RuleBroken
from tickets import columns, custom_fields, listing, queries
from tickets.models import Ticket

MOST_ROWS = 50_000
CHUNK = 500

Shown = Callable[[Ticket], Any]


def _named(name: str, attribute: str = "slug") -> Shown:
    return lambda ticket: getattr(getattr(ticket, name), attribute, "")


def _plain(name: str) -> Shown:
    return lambda ticket: getattr(ticket, name)


COLUMNS: dict[str, Shown] = {
    **{name: _plain(name) for name in ("reference", "subject", "kind", "channel", "exposure", "status", "hold_reason")},
    **{name: _plain(name) for name in ("priority", "severity", "impact", "urgency", "tier")},
    "team": _named("team"),
    "assignee": _named("assignee", "username"),
    "organisation": _named("organisation"),
    "requester": _named("requester", "email"),
    "application": _named("application"),
    "component": _named("component"),
    **{name: _plain(name) for name in ("areas", "tags", "affected_version", "resolution_code")},
    **{name: _plain(name) for name in ("created_at", "updated_at", "first_responded_at", "resolved_at", "closed_at")},
    **{name: _plain(name) for name in ("due_at", "breached_at", "handoff_count", "reopened_count", "external_id")},
}  # fmt: skip
ALWAYS = ("reference", "subject", "organisation", "priority")  # the fixed part of each list
FROM_VIEW = {"clock": "due_at", "owner": "assignee"}  # a list's column, where it has another name here


def of_view(shown: Sequence[str]) -> list[str]:
    """The columns of a saved view, as they are called here."""
    names = [column.name for column in columns.chosen(list(shown))]
    return list(dict.fromkeys([*ALWAYS, *(FROM_VIEW.get(name, name) for name in names)]))


def chosen(names: Sequence[str]) -> dict[str, Shown]:
    """The columns of these names, or all, those of the desk's own fields behind them. Raises Invalid."""
    own = {f"{custom_fields.PREFIX}{key}": _own(key) for key in custom_fields.known()}
    every = {**COLUMNS, **own}
    if unknown := [name for name in names if name not in every]:
        raise Invalid({"columns": [f"There is no column “{unknown[0][:60]}”."]})
    return {name: every[name] for name in names} if names else every


def _own(key: str) -> Shown:
    return lambda ticket: ticket.custom.get(key, "")


def lines(found: listing.Listing, shown: dict[str, Shown], now: datetime) -> Iterator[str]:
    """The file, a chunk of rows at a time. Raises RuleBroken before the first when there is too much of it."""
    if found.wrong:
        raise RuleBroken(" ".join(found.wrong))
    if queries.count_up_to(found.tickets, MOST_ROWS) is None:
        raise RuleBroken(f"This is more than {MOST_ROWS:,} tickets. Narrow the filter, for example by date.")
    return _written(found, shown, now)


def _written(found: listing.Listing, shown: dict[str, Shown], now: datetime) -> Iterator[str]:
    rows = (
        [show(ticket) for show in shown.values()] for tickets in _chunks(found, now) for ticket in tickets
    )
    return spreadsheet.lines(list(shown), rows)


def _chunks(found: listing.Listing, now: datetime) -> Iterator[list[Ticket]]:
    """The rows in the list's order, by its own cursors: nothing is held in memory but one chunk."""
    cursor, rows = None, queries.for_list(found.tickets)
    while True:
        page: queries.Queue | paging.Page
        if found.ordering == columns.WORK_ORDER:
            page = queries.queue(found.tickets, cursor=cursor, limit=CHUNK, now=now)
            tickets = page.tickets
        else:
            page = paging.page(rows, ordering=[found.ordering], cursor=cursor, limit=CHUNK, counted=False)
            tickets = page.rows
        yield tickets
        cursor = page.next
        if cursor is None:
            return
