"""The facts of a post-mortem: what the desk itself knows of an incident, as plain data that can be frozen.

Nothing goes in that somebody who sees incidents may not see: lines of the timeline that name other work stay out,
confidential tickets are not counted, and suspected changes are taken out again for who may not see them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils.dateparse import parse_datetime

from core.common.actor import Actor
from incidents import impact, promise_queries, queries
from incidents.models import Incident, Promise, SuspectedChange, TimelineEntry
from incidents.queries import AFFECTED
from tickets.models import Ticket
from worklog import subjects

MOST_LINES = 200
LONGEST = 1_000  # characters of a line: a document names what happened, the timeline holds the rest
MOMENTS = {
    "started_at": "start of the impact",
    "detected_at": "moment of detection",
    "acknowledged_at": "moment of acknowledgement",
    "restored_at": "restore time",
}
TEXTS = {
    "title": "title",
    "summary": "summary",
    "severity": "severity",
    "tickets": "number of linked tickets",
}
LISTS = {
    "applications": "applications",
    "components": "components",
    "regions": "regions",
    "organisations": "affected customers",
}
TOGETHER = {
    "updates": "number of updates sent",
    "roles": "roles",
    "timeline": "timeline",
    "suspected_changes": "suspected changes",
}


def gather(incident: Incident) -> dict[str, Any]:
    """Everything that is true of the incident now."""
    return {
        "title": incident.title,
        "summary": _short(incident.summary),
        "severity": incident.severity,
        "drill": incident.drill,
        **{name: _iso(getattr(incident, name)) for name in MOMENTS},
        "declared_at": _iso(incident.declared_at),
        **{name: sorted(str(row) for row in getattr(incident, name).all()) for name in AFFECTED},
        "roles": _roles(incident),
        "updates": _updates(incident),
        "timeline": [_line(entry) for entry in lines(incident)],
        "suspected_changes": _suspected(incident),
        "tickets": _tickets(incident),
        "impact": _impact(incident),
    }


def told_to(facts: dict[str, Any], actor: Actor) -> dict[str, Any]:
    """The facts as the actor may read them."""
    named = {one["reference"] for one in facts.get("suspected_changes", ())}
    gone = queries.hidden(named, actor) if named else set()
    kept = [one for one in facts.get("suspected_changes", ()) if one["reference"] not in gone]
    return {**facts, "suspected_changes": kept}


# --- the timeline -----------------------------------------------------------------------------------------
def candidates(incident: Incident) -> list[TimelineEntry]:
    """The lines that can stand in the document: those of people, and of the desk's own those that were marked.

    Never one that names other work: who may read that differs from who may read the document.
    """
    found = TimelineEntry.objects.filter(
        Q(incident=incident) | Q(incident__merged_into=incident),
        Q(kind__in=TimelineEntry.BY_PEOPLE) | Q(for_postmortem=True),
        work_kind="",
    )
    return list(found.order_by("happened_at", "id")[: MOST_LINES * 2])


def lines(incident: Incident) -> list[TimelineEntry]:
    """Those that were marked; while nobody has marked any, all that people wrote."""
    found = candidates(incident)
    marked = [entry for entry in found if entry.for_postmortem]
    return (marked or found)[:MOST_LINES]


def _line(entry: TimelineEntry) -> dict[str, Any]:
    return {
        "at": _iso(entry.happened_at),
        "kind": entry.get_kind_display(),
        "text": _short(entry.body),
        "by": entry.author_label,
    }


# --- the rest ---------------------------------------------------------------------------------------------
def _roles(incident: Incident) -> list[dict[str, Any]]:
    return [
        {
            "role": holding.get_role_display(),
            "person": holding.person.display_name,
            "since": _iso(holding.since),
            "until": _iso(holding.until),
        }
        for holding in queries.holdings(incident)
    ]


def _updates(incident: Incident) -> dict[str, int]:
    kept = promise_queries.kept(Promise.objects.filter(incident=incident))
    return {"sent": incident.update_count, "due": kept.decided, "on_time": kept.in_time}


def _tickets(incident: Incident) -> int:
    linked = queries.linked_to(incident, Ticket.SUBJECT)
    return Ticket.objects.filter(linked, confidential=False).count()


def _suspected(incident: Incident) -> list[dict[str, str]]:
    judged = list(incident.suspicions.order_by("change_id"))
    known = next((kind for kind in subjects.kinds() if kind.name == "change"), None)
    return [
        {
            "reference": f"{known.prefix}-{one.change_id}",
            "verdict": SuspectedChange.Verdict(one.verdict).label,
            "note": _short(one.note),
            "by": one.by_label,
        }
        for one in judged
        if known is not None
    ]


def _impact(incident: Incident) -> dict[str, Any] | None:
    found = impact.in_force(incident)
    if found is None:
        return None
    costs = impact.costs_of(found)
    return {
        "no_impact": found.no_impact,
        "reason": found.reason,
        "words": impact.words(found),
        "applications": [
            {
                "name": cost.application,
                "lines": cost.lines,
                "weighted_minutes": round(cost.weighted_minutes, 3),
            }
            for cost in costs
        ],
    }


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at is not None else None


# --- what changed since -----------------------------------------------------------------------------------
def corrections(frozen: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """A sentence for each fact that is no longer what the document says; both as the same actor may read them."""
    found = []
    for name, words in MOMENTS.items():
        if frozen[name] != now[name]:
            found.append(
                f"The {words} was corrected to {at(now[name])} after publication; it was {at(frozen[name])}."
            )
    for name, words in TEXTS.items():
        if frozen[name] != now[name]:
            found.append(
                f"The {words} was changed to {_said(now[name])} after publication; it was {_said(frozen[name])}."
            )
    for name, words in LISTS.items():
        if frozen[name] != now[name]:
            found.append(
                f"The {words} were changed to {_said(', '.join(now[name]))} after publication; "
                f"they were {_said(', '.join(frozen[name]))}."
            )
    for name, words in TOGETHER.items():
        if frozen[name] != now[name]:
            found.append(f"The {words} changed after publication.")
    if frozen["impact"] != now["impact"]:
        found.append(
            f"The impact was assessed after publication: {now['impact']['words'] if now['impact'] else 'none'}."
        )
    return found


def at(moment: str | None) -> str:
    """A moment of the facts in words, in UTC: a document is read in many places."""
    found = parse_datetime(moment) if moment else None
    return f"{found.day} {found:%b %Y %H:%M} UTC" if found else "not known"


def _said(value: Any) -> str:
    return f"“{value}”" if value != "" else "nothing"
