"""What apps above incidents show on an incident: they register a function, page and API show what it returns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from core.common import clock
from core.common.actor import Actor
from incidents.models import Incident, SuspectedChange
from incidents.rules import CHANGES_BEFORE
from worklog import subjects

Verdict = SuspectedChange.Verdict


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
    verdict: str = ""
    note: str = ""
    judged_by: str = ""


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
    """What changed in the 72 hours before the impact began, and since, with what people think of it.

    The suspected first, the cleared last, then the newest; a change that was judged stands there however old it is.
    """
    since, until = incident.started_at - CHANGES_BEFORE, incident.ended_at or clock.now()
    found = [change for source in _changes for change in source(incident, actor, since, until)]
    judged = {f"CHG-{one.change_id}": one for one in incident.suspicions.all()}
    listed = {change.reference for change in found}
    found += _older([one for ref, one in judged.items() if ref not in listed], actor)
    shown = [_judged(change, judged.get(change.reference)) for change in found]
    order = {Verdict.SUSPECTED: 0, Verdict.CLEARED: 2}
    newest = sorted(shown, key=lambda change: change.at, reverse=True)
    return sorted(newest, key=lambda change: order.get(Verdict(change.verdict), 1) if change.verdict else 1)


def suspected(incident: Incident, actor: Actor) -> list[str]:
    """The references of the suspected changes that the actor may see. One query where there is none."""
    found = [one.change_id for one in incident.suspicions.all() if one.verdict == Verdict.SUSPECTED]
    if not found:
        return []
    known = subjects.kind("change")
    return [work.reference for work in known.visible_to(actor).filter(pk__in=found).order_by("pk")]


def _judged(change: RecentChange, found: SuspectedChange | None) -> RecentChange:
    if found is None:
        return change
    return replace(
        change, suspected=found.verdict == Verdict.SUSPECTED, verdict=found.verdict, note=found.note,
        judged_by=found.by_label,
    )  # fmt: skip


def _older(judged: list[SuspectedChange], actor: Actor) -> list[RecentChange]:
    """The judged ones from before the 72 hours, as far as the actor may see them."""
    if not judged:
        return []
    known = subjects.kind("change")
    works = known.visible_to(actor).in_bulk([one.change_id for one in judged])
    return [
        RecentChange(
            work.reference,
            getattr(work, known.title),
            work.get_status_display(),
            work.started_at or one.at,
            subjects.address("change", work.reference),
        )
        for one in judged
        if (work := works.get(one.change_id)) is not None
    ]
