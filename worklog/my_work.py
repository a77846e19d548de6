"""What waits for one person: each app registers what of its own does; one page shows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from core.common.actor import Actor

MOST = 30


@dataclass(frozen=True)
class Row:
    """One piece of work. `status` and `priority` are drawn; `note` says why it is here or until when."""

    reference: str
    title: str
    url: str
    status: str = ""
    priority: str = ""
    note: str = ""
    late: bool = False


@dataclass(frozen=True)
class Section:
    """`rank` orders the sections; `empty` says what it means that there is none ("" hides the section then)."""

    rank: int
    title: str
    rows: list[Row] = field(default_factory=list)
    empty: str = ""


Source = Callable[[Actor], Section | None]

_sources: list[Source] = []


def register(source: Source) -> None:
    """Called from AppConfig.ready(). At most three queries a source; None where it is none of the actor's."""
    if source not in _sources:
        _sources.append(source)


def sections(actor: Actor) -> list[Section]:
    """Everything that waits for the actor, in order; sections with nothing to say are left out."""
    found = [section for source in _sources if (section := source(actor)) is not None]
    return sorted((one for one in found if one.rows or one.empty), key=lambda one: one.rank)
