"""How promised updates were kept, by team, month or incident. Exercises count nowhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models.functions import TruncMonth

from core.common import ids
from core.common.actor import Actor
from incidents import promise_queries
from incidents.models import Incident, Promise, PromiseQuerySet
from incidents.promise_queries import COUNTS, Kept
from reports.periods import Period

MOST_ROWS = 500
NO_TEAM = "none"


@dataclass(frozen=True)
class Row:
    """One team, month or incident; `key` is what the list behind it is asked by."""

    key: str
    name: str
    kept: Kept


def found(actor: Actor, period: Period) -> PromiseQuerySet:
    """The moments that were due in the period, of what the actor may see."""
    seen = Promise.objects.visible_to(actor).real()
    return seen.filter(due_at__gte=period.start, due_at__lt=period.end)


def by_team(lines: PromiseQuerySet) -> list[Row]:
    """By the team of who had to write, by name; who had none comes last."""
    rows = _grouped(lines, "team__name", "team__slug")
    named = [Row(row["team__slug"] or NO_TEAM, row["team__name"] or "No team", Kept.of(row)) for row in rows]
    return sorted(named, key=lambda row: (row.key == NO_TEAM, row.name))


def by_month(lines: PromiseQuerySet) -> list[Row]:
    """By the month (UTC) in which they were due, the latest first."""
    months = lines.annotate(month=TruncMonth("due_at", tzinfo=UTC))
    rows = _grouped(months, "month")
    return [
        Row(f"{row['month']:%Y-%m}", f"{row['month']:%B %Y}", Kept.of(row))
        for row in sorted(rows, key=lambda row: row["month"], reverse=True)
    ]


def by_incident(lines: PromiseQuerySet) -> list[Row]:
    """By incident, those with the most broken promises first."""
    rows = _grouped(lines, "incident_id", "incident__title")
    named = [
        Row(f"{Incident.PREFIX}-{row['incident_id']}", row["incident__title"], Kept.of(row)) for row in rows
    ]
    return sorted(named, key=lambda row: (-row.kept.missed - row.kept.late, -ids.number_of(row.key, "INC")))


GROUPS: Mapping[str, Callable[[PromiseQuerySet], list[Row]]] = {
    "team": by_team, "month": by_month, "incident": by_incident,
}  # fmt: skip


def shown(
    lines: PromiseQuerySet, *, team: str = "", month: str = "", incident: str = "", outcome: str = ""
) -> list[Promise]:
    """The lines behind a figure, the latest due first, at most 500. What names nothing finds nothing."""
    if team == NO_TEAM:
        lines = lines.filter(team=None)
    elif team:
        lines = lines.filter(team__slug=team)
    if month:
        lines = _in_month(lines, month)
    if incident:
        lines = lines.filter(incident_id=ids.number_of(incident, Incident.PREFIX))
    if outcome:
        lines = lines.filter(outcome=outcome)
    return list(promise_queries.lines(lines)[:MOST_ROWS])


def _in_month(lines: PromiseQuerySet, month: str) -> PromiseQuerySet:
    try:
        start = datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC)
    except ValueError:
        return lines.none()
    return lines.filter(due_at__year=start.year, due_at__month=start.month)


def _grouped(lines: PromiseQuerySet, *columns: str) -> list[dict[str, Any]]:
    """One query, whatever there is."""
    rows = (
        lines.order_by().values(*columns).annotate(**{f"n_{name}": count for name, count in COUNTS.items()})
    )
    return [{**row, **{name: row[f"n_{name}"] for name in COUNTS}} for row in rows]
