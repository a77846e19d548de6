"""The form by which the impact of an incident is judged: an interval a row, with a preview of what it comes to."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms as django_forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from core.accounts.permissions import Permission
from core.accounts.web import page
from core.common.actor import Actor
from core.common.errors import RuleBroken
from core.common.web import show, typed
from incidents import impact as reading
from incidents import impact_rules, operations, queries
from incidents.impact_forms import ImpactForm, IntervalForm, IntervalSet
from incidents.models import ImpactAssessment, Incident

OFFERED = 20  # rows that a form opens with, at most


@page(Permission.RUN_INCIDENT)
@require_http_methods(["GET", "HEAD", "POST"])
def impact(request: HttpRequest, ref: str) -> HttpResponse:
    """GET fills in what was judged last, else the incident's applications; POST previews, adds a row or saves."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    incident = queries.whole(ref, by=actor)
    last = reading.in_force(incident)
    if request.method != "POST":
        known = {"number": last.number if last else 0, "no_impact": bool(last and last.no_impact)}
        return _page(request, incident, last, ImpactForm(initial=known), _rows(incident, last))
    head, rows = ImpactForm(request.POST), _bound(request)
    if request.POST.get("do") == "add":
        return _page(request, incident, last, head, rows)
    if not (head.is_valid() & rows.is_valid()):
        return _page(request, incident, last, head, rows, 422)
    filled = [form for form in rows.forms if form.says_something]
    given = [_given(form, incident) for form in filled]
    try:
        if request.POST.get("do") == "preview":
            costs = _preview(incident, given, head.cleaned_data)
            return _page(request, incident, last, head, rows, costs=costs)
        operations.assess_impact(ref, intervals=given, by=actor, **typed(head.cleaned_data))
    except RuleBroken as broken:
        if broken.status == 404:
            raise
        _show(head, filled, broken)
        return _page(request, incident, last, head, rows, broken.status)
    messages.success(request, "The impact is written down.")
    return redirect("incidents:detail", ref=incident.reference)


def _page(
    request: HttpRequest,
    incident: Incident,
    last: ImpactAssessment | None,
    head: ImpactForm,
    rows: Any,
    status: int = 200,
    costs: list[reading.Cost] | None = None,
) -> HttpResponse:
    context = {
        "incident": incident, "last": last, "form": head, "rows": rows, "costs": costs,
        "last_costs": reading.costs_of(last) if last else [],
        "earlier": list(incident.assessments.exclude(pk=last.pk).order_by("-number")) if last else [],
        "ended": incident.restored_at,
        "stale": last is not None and not last.fits(incident),
    }  # fmt: skip
    return render(request, "incidents/impact.html", context, status=status)


def _bound(request: HttpRequest) -> Any:
    """The rows that were sent, with one more where that was asked."""
    data = request.POST.copy()
    if request.POST.get("do") == "add":
        count = data.get("form-TOTAL_FORMS", "")
        data["form-TOTAL_FORMS"] = str(
            min(int(count) if count.isdecimal() and len(count) < 5 else 0, impact_rules.MOST_INTERVALS) + 1
        )
    return IntervalSet(data)


def _rows(incident: Incident, last: ImpactAssessment | None) -> Any:
    if last is not None and not last.no_impact:
        known = [
            {
                "application": one.application.slug, "started_at": one.started_at, "ended_at": one.ended_at,
                "share": (one.degraded * 100).normalize(), "planned": one.planned,
                "regions": [region.slug for region in one.regions.all()],
                "services": [service.slug for service in one.services.all()],
            }
            for one in last.intervals.all()
        ]  # fmt: skip
    else:
        regions = [region.slug for region in incident.regions.all()]
        times = {"started_at": incident.started_at, "ended_at": incident.restored_at}
        known = [
            {"application": application.slug, "regions": regions, "share": 100, **times}
            for application in incident.applications.all()
        ] or [{"share": 100, **times}]
    for row in known:
        row["share"] = f"{row['share']:f}" if not isinstance(row["share"], int) else row["share"]
    return IntervalSet(initial=known[:OFFERED])


def _given(form: IntervalForm, incident: Incident) -> dict[str, Any]:
    data = form.cleaned_data
    return {
        "application": data["application"],
        "started_at": _own(data["started_at"], incident.started_at),
        "ended_at": _own(data["ended_at"], incident.restored_at),
        "degraded": data["share"] / 100 if data["share"] is not None else None,
        "regions": data["regions"],
        "services": data["services"],
        "planned": data["planned"],
    }


def _own(typed: datetime | None, moment: datetime | None) -> datetime | None:
    """The field shows minutes: who leaves it at that of the incident means the incident's own second."""
    if typed is not None and moment is not None and typed == moment.replace(second=0, microsecond=0):
        return moment
    return typed


def _preview(incident: Incident, given: list[dict[str, Any]], said: dict[str, Any]) -> list[reading.Cost]:
    stretches = (
        [reading.stretch(reading.filled(incident, one)) for one in given] if incident.restored_at else []
    )
    impact_rules.check(
        stretches, incident.started_at, incident.restored_at or incident.started_at, no_impact=said["no_impact"],
        reason=said["reason"],
    )  # fmt: skip
    return reading.costs(stretches)


def _show(head: django_forms.Form, filled: list[IntervalForm], broken: RuleBroken) -> None:
    """Errors that name an interval go to its row."""
    rest: dict[str, list[str]] = {}
    for name, sentences in broken.errors.items():
        place, _, field = name.removeprefix("intervals.").partition(".")
        if name.startswith("intervals.") and place.isdigit():
            form = filled[int(place)]
            field = {"degraded": "share"}.get(field, field)
            for sentence in sentences:
                form.add_error(field, sentence)
        else:
            rest[name] = sentences
    if rest or not broken.errors:
        broken.errors = rest
        show(head, broken)
