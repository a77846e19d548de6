"""Judging after the restoration what the incident cost in availability; each judgement is kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import IntegrityError, transaction

from core.accounts.permissions import Permission
from core.audit import trail
from core.common import clock
from core.common.actor import Actor
from core.common.errors import Conflict, Invalid
from incidents import impact, impact_rules, queries
from incidents.models import ImpactAssessment, ImpactInterval, Incident, Status
from incidents.operations import ledger

OVER = (Status.RESTORED, Status.CLOSED)


@transaction.atomic
def assess_impact(
    ref: str,
    *,
    intervals: Sequence[dict[str, Any]] = (),
    no_impact: bool = False,
    reason: str = "",
    number: int | None = None,
    by: Actor,
) -> ImpactAssessment:
    """Say from when to when which application was gone or worse, and for whom; or that nothing was.

    intervals: `application`, and where they differ `started_at`, `ended_at` (the incident's own), `degraded` (0 to 1,
    all), `regions`, `services` (all), `planned`. number: the judgement that was in force when somebody began to
    judge anew; Conflict when there is another one by now. A closed incident may be judged anew, too.
    """
    incident = queries.get_for(ref, by=by, to=Permission.RUN_INCIDENT, held=True)
    if incident.restored_at is None or incident.status not in OVER:
        raise Conflict(f"{incident.reference} is not restored: its impact is assessed once it has ended.")
    given = [impact.filled(incident, one) for one in intervals]
    _check_services(given)
    impact_rules.check(
        [impact.stretch(one) for one in given], incident.started_at, incident.restored_at,
        no_impact=no_impact, reason=reason,
    )  # fmt: skip
    before = impact.in_force(incident)
    present = before.number if before else 0
    if number is not None and number != present:
        raise _taken(incident, before)
    try:
        with transaction.atomic():
            made = _create(incident, present + 1, no_impact, reason.strip(), by)
    except IntegrityError as error:
        raise _taken(incident, impact.in_force(incident)) from error
    for one in given:
        _add(made, one)
    _say(incident, before, made, by)
    return made


def _check_services(given: list[dict[str, Any]]) -> None:
    errors = {
        f"intervals.{number}.services": [f"{service.name} is no service of {one['application'].name}."]
        for number, one in enumerate(given)
        for service in one["services"]
        if service.application_id != one["application"].pk
    }
    if errors:
        raise Invalid(errors)


def _taken(incident: Incident, found: ImpactAssessment | None) -> Conflict:
    who = f"{found.by_label}: {impact.words(found)}" if found else "somebody else"
    return Conflict(
        f"{incident.reference} was assessed meanwhile by {who}. Your entries are kept; look again."
    )


def _create(incident: Incident, number: int, no_impact: bool, reason: str, by: Actor) -> ImpactAssessment:
    return ImpactAssessment.objects.create(
        incident=incident, number=number, no_impact=no_impact, reason=reason, started_at=incident.started_at,
        restored_at=incident.restored_at, by_id=by.user_id, by_label=by.label[:150], at=clock.now(),
    )  # fmt: skip


def _add(assessment: ImpactAssessment, one: dict[str, Any]) -> None:
    columns = {name: one[name] for name in ("application", "started_at", "ended_at", "degraded", "planned")}
    interval = ImpactInterval.objects.create(assessment=assessment, **columns)
    interval.regions.set(one["regions"])
    interval.services.set(one["services"])


def _say(incident: Incident, before: ImpactAssessment | None, made: ImpactAssessment, by: Actor) -> None:
    found = impact.in_force(incident) or made
    words = impact.words(found)
    ledger.claim(incident, only_in=OVER)
    ledger.note(incident, f"Impact on availability assessed: {words}", by=by)
    trail.record(
        "incident.impact_assessed", on=incident, by=by, before=_plain(before) if before else {}, after=_plain(found),
        words=words, reason=made.reason,
    )  # fmt: skip


def _plain(assessment: ImpactAssessment) -> dict[str, Any]:
    """What the trail keeps, so that a judgement can be read there after it was replaced."""
    return {
        "number": assessment.number,
        "no_impact": assessment.no_impact,
        "reason": assessment.reason,
        "intervals": [
            {
                "application": one.application.slug,
                "started_at": one.started_at,
                "ended_at": one.ended_at,
                "degraded": float(one.degraded),
                "planned": one.planned,
                "regions": [region.slug for region in one.regions.all()],
                "services": [service.slug for service in one.services.all()],
            }
            for one in assessment.intervals.all()
        ],
    }
