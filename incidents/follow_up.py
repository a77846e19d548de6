"""Follow-up actions as problems keep them: that app registers how to read them and how to add one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from core.accounts.models import User
from core.common.actor import Actor
from core.common.errors import Conflict
from incidents.models import Incident


@dataclass(frozen=True)
class Action:
    """Something promised by a day; `url` is where it stands."""

    title: str
    receiver: str
    due: date
    status: str
    url: str


@dataclass(frozen=True)
class Keeper:
    """What the app that keeps them can do.

    count: those of an incident that were not dropped, whoever asks. listed: those that the actor may see.
    add: hand one out (incident, title, due, owner, by).
    """

    count: Callable[[Incident], int]
    listed: Callable[[Incident, Actor], list[Action]]
    add: Callable[[Incident, str, date, User | None, Actor], None]


_keepers: list[Keeper] = []


def register(keeper: Keeper) -> None:
    """Called from AppConfig.ready()."""
    _keepers.append(keeper)


def count(incident: Incident) -> int:
    return sum(keeper.count(incident) for keeper in _keepers)


def listed(incident: Incident, actor: Actor) -> list[Action]:
    return [action for keeper in _keepers for action in keeper.listed(incident, actor)]


def add(incident: Incident, *, title: str, due: date, owner: User | None, by: Actor) -> None:
    """Hand one out. Raises Conflict where nothing keeps them."""
    if not _keepers:
        raise Conflict("Nothing here keeps follow-up actions.")
    _keepers[0].add(incident, title, due, owner, by)
