"""The pages of service levels: what is promised, by which hours, what would be due if, and what was missed."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from core.accounts.permissions import Permission, can
from core.accounts.web import page
from core.common import clock, paging, spreadsheet
from core.common.errors import RuleBroken
from core.common.web import act, show, way_back
from sla import calendars, export, operations, queries, simulation
from sla.filters import BreachFilter
from sla.forms import CauseForm, SimulationForm
from sla.models import Breach, Calendar, Cause

PER_PAGE = 50
YEARS = range(2000, 2100)


@require_GET
@page(Permission.VIEW_SERVICE_LEVELS)
def index(request: HttpRequest) -> HttpResponse:
    """What is promised to whom, in the order in which it is looked at; and the calendars."""
    actor = request.actor  # type: ignore[attr-defined]
    context = {
        "policies": queries.listed_policies(),
        "calendars": Calendar.objects.all(),
        "rollouts": queries.rollouts_on_their_way(),
        "may_see_breaches": can(actor, Permission.WORK_TICKET),
        "unexplained": Breach.objects.visible_to(actor).unexplained().count(),
        "can_manage": can(actor, Permission.MANAGE_SERVICE_LEVELS),
    }
    return render(request, "sla/list.html", context)


@require_GET
@page(Permission.VIEW_SERVICE_LEVELS)
def calendar(request: HttpRequest, slug: str) -> HttpResponse:
    """One calendar: its week, its single days, the holidays of a year, who counts by it, what it was before."""
    actor = request.actor  # type: ignore[attr-defined]
    found = queries.get_calendar(slug, by=actor)
    year = _year(request.GET.get("year", ""), clock.now().astimezone(found.hours().zone).year)
    context = {
        "calendar": found,
        "year": year,
        "holidays": calendars.holidays_of(found.holiday_country, found.holiday_subdivision, year),
        "extra_days": queries.extra_days(found),
        "policies": queries.policies(active=None).filter(calendar=found),
        "versions": found.versions.order_by("-number")[:PER_PAGE],
        "can_manage": can(actor, Permission.MANAGE_SERVICE_LEVELS),
    }
    return render(request, "sla/calendar.html", context)


@require_GET
@page(Permission.VIEW_SERVICE_LEVELS)
def simulate(request: HttpRequest) -> HttpResponse:
    """What would be due if a ticket with these facts were opened then."""
    zone, now = getattr(request.user, "timezone", "") or "UTC", clock.now()
    form = SimulationForm(request.GET or None, zone=zone, now=now)
    found, status = None, 200
    if form.is_bound:
        if form.is_valid():
            found = _simulated(form)
        status = 200 if found else 422
    return render(request, "sla/simulate.html", {"form": form, "found": found, "zone": zone}, status=status)


def _simulated(form: SimulationForm) -> simulation.Simulation | None:
    data = form.cleaned_data
    try:
        return simulation.simulate(
            form.facts(),
            at=data["at"],
            policy=data["policy"],
            calendar=data["calendar"],
            pauses=form.pauses(),
        )
    except RuleBroken as broken:
        show(form, broken)
        return None


@require_GET
@page(Permission.WORK_TICKET)
def breaches(request: HttpRequest) -> HttpResponse:
    """What was missed, the latest first: by how much, who had it, and why; those that nobody explained stand out."""
    return _breaches(request)


@require_GET
@page(Permission.WORK_TICKET)
def breaches_csv(request: HttpRequest) -> StreamingHttpResponse:
    """The same list as a file, by the same filters. Raises RuleBroken for a filter that says nothing."""
    now = clock.now()
    filters = BreachFilter(request.GET, queryset=Breach.objects.visible_to(request.actor), request=request)  # type: ignore[attr-defined]
    if not filters.is_valid():
        raise RuleBroken(_wrong(filters))
    return spreadsheet.download(f"missed-{now:%Y-%m-%d}", export.lines(filters.qs, now))


@require_POST
@page(Permission.RESOLVE_TICKET)
def explain(request: HttpRequest, pk: int) -> HttpResponse:
    """Say why one promise was missed."""
    actor = request.actor  # type: ignore[attr-defined]
    breach = queries.get_breach(pk, by=actor)

    def done(_: Any) -> HttpResponse:
        messages.success(request, f"{breach.reference}: the cause is kept.")
        return way_back(request.POST.get("back", "")) or redirect("sla:breaches")

    def do(data: dict[str, Any]) -> Any:
        version = data.pop("version")
        return operations.explain(pk, **data, if_version=version, by=actor)

    form = CauseForm(request.POST)
    return act(
        request,
        form,
        do,
        done=done,
        again=lambda _, status: _breaches(request, status, asked=breach, form=form),
    )


def _breaches(
    request: HttpRequest, status: int = 200, asked: Breach | None = None, form: CauseForm | None = None
) -> HttpResponse:
    actor, now = request.actor, clock.now()  # type: ignore[attr-defined]
    seen = Breach.objects.visible_to(actor)
    filters = BreachFilter(request.GET, queryset=seen, request=request)
    rows: QuerySet[Breach] = filters.qs if filters.is_valid() else seen.none()
    found = paging.page(
        rows.select_related("clock__calendar", "owner"),
        ordering=["-breached_at", "-pk"], cursor=request.GET.get("cursor"), limit=PER_PAGE, counted=False,
    )  # fmt: skip
    context = {
        "rows": [(breach, breach.over_at(now)) for breach in found.rows],
        "next": found.next,
        "wrong": "" if filters.is_valid() else _wrong(filters),
        "unexplained": seen.unexplained().count(),
        "causes_known": [("", "Choose"), *Cause.choices],
        "causes": queries.causes_since(seen, now),
        "only_missing": request.GET.get("cause") == "none",
        "can_explain": can(actor, Permission.RESOLVE_TICKET),
        "asked": asked,
        "form": form or CauseForm(),
        "kept": _kept(request),
        "csv": f"{reverse('sla:breaches_csv')}?{_kept(request)}",
        "here": reverse("sla:breaches") + ("?cause=none" if request.GET.get("cause") == "none" else ""),
    }
    return render(request, "sla/breaches.html", context, status=status)


def _wrong(filters: BreachFilter) -> str:
    return " ".join(text for texts in filters.errors.values() for text in texts)


def _kept(request: HttpRequest) -> str:
    """The filters of this address."""
    return urlencode({name: request.GET[name] for name in BreachFilter.base_filters if name in request.GET})


def _year(text: str, otherwise: int) -> int:
    return (
        int(text)
        if text.isascii() and text.isdecimal() and len(text) == 4 and int(text) in YEARS
        else otherwise
    )
