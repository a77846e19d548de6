"""What a list of tickets can show and how it can be ordered: the allow-lists of saved views."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tickets.models import Ticket


@dataclass(frozen=True)
class Column:
    """One column beside priority, number and subject. `drawn`: ui/row.html draws it; else `text` or `at` is shown."""

    name: str
    label: str
    css: str
    drawn: bool = False
    text: Callable[[Ticket], str] | None = None
    at: Callable[[Ticket], datetime | None] | None = None


def _name(thing: Any) -> str:
    return thing.name if thing else ""


COLUMNS: dict[str, Column] = {
    column.name: column
    for column in (
        Column("severity", "Severity", "k-sev", drawn=True),
        Column("status", "Status", "k-state", drawn=True),
        Column("clock", "Clock", "k-clock", drawn=True),
        Column("owner", "Assignee", "k-owner", drawn=True),
        Column("tier", "Tier", "k-state", text=lambda ticket: ticket.tier_label),
        Column("kind", "Kind", "k-date", text=lambda ticket: ticket.get_kind_display()),
        Column("channel", "Channel", "k-date", text=lambda ticket: ticket.get_channel_display()),
        Column("application", "Application", "k-date", text=lambda ticket: _name(ticket.application)),
        Column("component", "Component", "k-date", text=lambda ticket: _name(ticket.component)),
        Column("team", "Team", "k-date", text=lambda ticket: _name(ticket.team)),
        Column("tags", "Tags", "k-date", text=lambda ticket: ", ".join(ticket.tags)),
        Column("created_at", "Opened", "k-date", at=lambda ticket: ticket.created_at),
        Column("updated_at", "Changed", "k-date", at=lambda ticket: ticket.updated_at),
    )
}
DEFAULT = ("severity", "status", "clock", "owner")

WORK_ORDER = ""
ORDERS: dict[str, str] = {
    WORK_ORDER: "Work order",
    "due_at": "Next clock first",
    "-created_at": "Newest first",
    "created_at": "Oldest first",
    "-updated_at": "Last changed first",
    "priority": "Priority",
}
NEWEST = "-created_at"


def orders(*, of_open_work: bool) -> dict[str, str]:
    """The orders that a list can have, the usual one first. What is done has no place in the work order."""
    if of_open_work:
        return ORDERS
    return {NEWEST: ORDERS[NEWEST]} | {name: label for name, label in ORDERS.items() if name != WORK_ORDER}


def chosen(names: list[str]) -> list[Column]:
    """The columns of these names, in the order of the table; the usual ones for none."""
    wanted = set(names) & set(COLUMNS) or set(DEFAULT)
    return [column for column in COLUMNS.values() if column.name in wanted]
