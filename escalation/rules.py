"""Pure decisions of the directory: no database, no clock."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from core.accounts.permissions import Permission, can
from core.common.actor import Actor
from core.common.errors import RuleBroken
from escalation.on_call import Layer, Restriction, turn_at, turn_starts_on

REVIEW_EVERY = timedelta(days=91)  # quarterly


def next_review(today: date) -> date:
    """The day by which an entry that was checked today must be checked again."""
    return today + REVIEW_EVERY


def carried_on(layer: Layer, people: tuple[int, ...], now: datetime) -> tuple[date, tuple[int, ...]]:
    """The (start, order) with which a changed rotation goes on.

    Who is on call stays until the turn ends; when they were removed, the next of the old order who is
    still there takes over at once.
    """
    turn = turn_at(layer, now)
    if turn is None or not people:
        return layer.start, people
    now_on = turn % len(layer.people)
    remaining = [person for person in layer.people[now_on:] + layer.people[:now_on] if person in people]
    first = people.index(remaining[0]) if remaining else 0
    return turn_starts_on(layer, turn), people[first:] + people[:first]


def parse_restrictions(rows: Any) -> tuple[Restriction, ...]:
    """Restrictions from their JSON form `[{"weekdays": [0..6], "from": "08:00", "to": "18:00"}]`.

    Raises RuleBroken with an example for anything else.
    """
    try:
        return tuple(_restriction(row) for row in _listed(rows))
    except (KeyError, TypeError, ValueError) as error:
        raise RuleBroken(
            'Restrictions look like [{"weekdays": [0, 1], "from": "08:00", "to": "18:00"}]; 0 is Monday.',
            field="restrictions",
        ) from error


def _listed(rows: Any) -> list[Any]:
    if not isinstance(rows, list):
        raise TypeError("not a list")
    return rows


def _restriction(row: Any) -> Restriction:
    weekdays = frozenset(_listed(row["weekdays"]))
    if set(row) != {"weekdays", "from", "to"} or not weekdays or not weekdays <= set(range(7)):
        raise ValueError("not a restriction")
    return Restriction(weekdays, _minute(row["from"]), _minute(row["to"]))


def _minute(text: str) -> int:
    return minute_of_day(time.fromisoformat(text))


def minute_of_day(at: time) -> int:
    """Minutes after midnight; seconds do not count."""
    return at.hour * 60 + at.minute


def check_override(starts_at: datetime, ends_at: datetime, now: datetime) -> None:
    """An override ends after it starts, and after now: the past stays what it was."""
    if ends_at <= starts_at:
        raise RuleBroken("The override must end after it starts.", field="ends_at")
    if ends_at <= now:
        raise RuleBroken("The override lies in the past, which stays what it was.", field="ends_at")


def may_review(actor: Actor, keepers: set[int | None]) -> bool:
    """Managers of the directory, and who owns, leads or manages the entry."""
    return can(actor, Permission.MANAGE_DIRECTORY) or _one_of(actor, keepers)


def may_override(actor: Actor, leads: set[int | None], people: set[int]) -> bool:
    """Managers of the directory, the team's lead and manager, and who takes turns may arrange stand-ins."""
    return can(actor, Permission.MANAGE_DIRECTORY) or _one_of(actor, leads | people)


def _one_of(actor: Actor, people: set[int | None]) -> bool:
    return actor.user_id is not None and actor.user_id in people
