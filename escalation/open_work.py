"""What is open for a team when it is handed over: the rooms above say so, each for its own kind of work."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from core.common.actor import Actor
from escalation.models import Team


@dataclass(frozen=True)
class Line:
    """One sentence for the mail, and where to look."""

    text: str
    path: str


Source = Callable[[Team, Actor], Iterable[Line]]

_sources: list[Source] = []


def register(source: Source) -> None:
    """Called from AppConfig.ready(). A source tells only what the actor may see, most urgent first."""
    if source not in _sources:
        _sources.append(source)


def lines(team: Team, reader: Actor) -> list[Line]:
    """Everything that is open for a team, as one reader may hear of it."""
    return [line for source in _sources for line in source(team, reader)]
