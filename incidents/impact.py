"""Reading the impact of an incident: the assessment in force, as plain facts and as words."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from core.common.actor import Actor
from incidents import impact_rules, queries
from incidents.impact_rules import Part, Stretch
from incidents.models import ImpactAssessment, ImpactInterval, Incident

PARTS = ("intervals__application", "intervals__regions", "intervals__services")


def assessments(ref: str, *, by: Actor) -> QuerySet[ImpactAssessment]:
    """Every judgement of an incident's impact, the oldest first."""
    return queries.get_for(ref, by=by).assessments.prefetch_related(*PARTS).order_by("number")


def in_force(incident: Incident) -> ImpactAssessment | None:
    """The last judgement, with its intervals. Four queries."""
    return incident.assessments.prefetch_related(*PARTS).order_by("-number").first()


def filled(incident: Incident, given: dict[str, Any]) -> dict[str, Any]:
    """An interval with what was left open: all the time of the incident, everybody, everything, not planned."""
    return {
        "application": given["application"],
        "started_at": given.get("started_at") or incident.started_at,
        "ended_at": given.get("ended_at") or incident.restored_at,
        "degraded": 1 if given.get("degraded") is None else given["degraded"],
        "regions": list(given.get("regions") or ()),
        "services": list(given.get("services") or ()),
        "planned": bool(given.get("planned")),
    }


def stretch_of(interval: ImpactInterval) -> Stretch:
    return stretch(
        {
            name: getattr(interval, name)
            for name in ("application", "started_at", "ended_at", "degraded", "planned")
        }
        | {"regions": list(interval.regions.all()), "services": list(interval.services.all())}
    )


def stretch(given: dict[str, Any]) -> Stretch:
    """An interval as somebody gave it, as the plain facts that the arithmetic takes."""
    return Stretch(
        application=given["application"].name,
        started_at=given["started_at"],
        ended_at=given["ended_at"],
        degraded=float(given["degraded"]),
        regions=tuple(_part(one) for one in given["regions"]),
        services=tuple(_part(one) for one in given["services"]),
        planned=given["planned"],
    )


def _part(one: Any) -> Part:
    return Part(one.slug, one.name, one.share_percent / 100)


@dataclass(frozen=True)
class Cost:
    """What one application lost: a sentence for each interval, and the sum."""

    application: str
    lines: list[str]
    weighted_minutes: float

    @property
    def total(self) -> str:
        return impact_rules.figure(self.weighted_minutes)


def costs(stretches: list[Stretch]) -> list[Cost]:
    """By application, in the order of their names."""
    found: dict[str, list[Stretch]] = defaultdict(list)
    for one in stretches:
        found[one.application].append(one)
    return [
        Cost(name, [impact_rules.sentence(one) for one in ones], impact_rules.weighted_minutes(ones))
        for name, ones in sorted(found.items())
    ]


def costs_of(assessment: ImpactAssessment) -> list[Cost]:
    return costs([stretch_of(one) for one in assessment.intervals.all()])


def words(assessment: ImpactAssessment) -> str:
    """In one line, for the timeline and the trail."""
    if assessment.no_impact:
        return f"no impact: {assessment.reason}"
    return "; ".join(f"{cost.application} {cost.total} weighted minutes" for cost in costs_of(assessment))
