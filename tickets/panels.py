"""What apps above tickets show on a ticket: they register a function, the page shows what it returns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from core.common.actor import Actor
from tickets.models import Ticket


@dataclass(frozen=True)
class Row:
    """One line of a panel: a link with a word about it. `tone` is a chip's class: red, amber, green, violet."""

    text: str
    url: str = ""
    note: str = ""
    tone: str = ""


@dataclass(frozen=True)
class Panel:
    title: str
    rows: list[Row] = field(default_factory=list)

    @property
    def acts(self) -> list[Row]:
        """The rows that only lead somewhere: they stand beside the title."""
        return [row for row in self.rows if row.url and not row.note]

    @property
    def facts(self) -> list[Row]:
        return [row for row in self.rows if row.note or not row.url]


@dataclass(frozen=True)
class Action:
    """A verb of an app above, as a button that posts to its address."""

    label: str
    url: str
    sign: str = ""


Source = Callable[[Ticket, Actor], Panel | None]

_sources: list[Source] = []
_last: list[Source] = []
_action_sources: list[Callable[[Ticket, Actor], Action | None]] = []


def register_panel(source: Source, *, last: bool = False) -> None:
    """Called from AppConfig.ready(). At most two queries a panel; `last` puts it at the foot."""
    (_last if last else _sources).append(source)


def panels(ticket: Ticket, actor: Actor) -> list[Panel]:
    """What others know of the ticket, for the top of the side column and the preview."""
    return _shown(_sources, ticket, actor)


def below(ticket: Ticket, actor: Actor) -> list[Panel]:
    """What stands at the foot of the side column."""
    return _shown(_last, ticket, actor)


def _shown(sources: list[Source], ticket: Ticket, actor: Actor) -> list[Panel]:
    found = (source(ticket, actor) for source in sources)
    return [panel for panel in found if panel is not None and panel.rows]


def register_action(source: Callable[[Ticket, Actor], Action | None]) -> None:
    """Called from AppConfig.ready(); the source answers None where the actor may not."""
    _action_sources.append(source)


def actions(ticket: Ticket, actor: Actor) -> list[Action]:
    found = (source(ticket, actor) for source in _action_sources)
    return [action for action in found if action is not None]
