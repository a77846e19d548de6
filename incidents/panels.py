"""What apps above incidents show on an incident: they register a function, page and API show what it returns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from core.common import clock
from core.common.actor import Actor
from incidents.models import Incident
from incidents.rules import CHANGES_BEFORE


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


@dataclass(frozen=True)
class RecentChange:
    """A change that may have something to do with it. `at` is when it was or is carried out."""

    reference: str
    title: str
    status: str
    at: datetime
    url: str
    suspected: bool = False
    applications: list[str] = field(default_factory=list)


PanelSource = Callable[[Incident, Actor], Panel | None]
ChangeSource = Callable[[Incident, Actor, datetime, datetime], list[RecentChange]]

_panels: list[PanelSource] = []
_changes: list[ChangeSource] = []


def register_panel(source: PanelSource) -> None:
    """Called from AppConfig.ready(). At most two queries a panel."""
    _panels.append(source)


def register_recent_changes(source: ChangeSource) -> None:
    """Called from AppConfig.ready(). The source gets (incident, actor, since, until); at most two queries."""
    _changes.append(source)


def panels(incident: Incident, actor: Actor) -> list[Panel]:
    found = (source(incident, actor) for source in _panels)
    return [panel for panel in found if panel is not None and panel.rows]


def recent_changes(incident: Incident, actor: Actor) -> list[RecentChange]:
    """What changed in the 72 hours before the impact began, and since; the newest first."""
    since, until = incident.started_at - CHANGES_BEFORE, incident.restored_at or clock.now()
    found = [change for source in _changes for change in source(incident, actor, since, until)]
    return sorted(found, key=lambda change: change.at, reverse=True)
