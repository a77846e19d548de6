"""Pure decisions of the directory: no database, no clock."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

from core.accounts.permissions import Permission, can
from core.common.actor import Actor
from core.common.errors import RuleBroken
from escalation.on_call import Restriction


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


# What who keeps an entry right may change of it; the rest of it places the team in the desk.
KEPT_RIGHT = frozenset(
    {
        "scope", "not_scope", "keywords", "have_ready", "areas", "components", "members", "zone", "hours", "email",
        "phone", "chat", "contract", "quote", "portal_url",
    }
)  # fmt: skip


def may_review(actor: Actor, keepers: set[int | None]) -> bool:
    """Managers of the directory, and who owns, leads or manages the entry."""
    return can(actor, Permission.MANAGE_DIRECTORY) or _one_of(actor, keepers)


WHO_MAY_OVERRIDE = "Only who takes turns here, the team's lead or a manager can arrange a stand-in."


def may_override(actor: Actor, leads: set[int | None], people: set[int]) -> bool:
    """Managers of the directory, the team's lead and manager, and who takes turns may arrange stand-ins."""
    return can(actor, Permission.MANAGE_DIRECTORY) or _one_of(actor, leads | people)


def _one_of(actor: Actor, people: set[int | None]) -> bool:
    return actor.user_id is not None and actor.user_id in people
