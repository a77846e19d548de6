"""The pages of recurring tickets: the list, one with its next dates, on and off."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from core.accounts.permissions import Permission
from core.accounts.web import page
from core.common import clock
from core.common.errors import RuleBroken
from core.common.web import act
from tickets import recurrence_rules as rules
from tickets.models import Recurrence
from tickets.operations import recurring
from tickets.recurring_forms import PRESETS, RecurrenceForm

SHOWN = 5
FACTS = ("subject", "description", "kind", "impact", "urgency")
NAMES = ("organisation", "application", "team")


@require_GET
@page(Permission.WORK_TICKET)
def index(request: HttpRequest) -> HttpResponse:
    """All recurring tickets, the next first, those that rest last."""
    found = Recurrence.objects.select_related("owner").order_by("-active", "next_at", "name")[:200]
    return render(request, "tickets/recurring.html", {"recurrences": found})


@require_http_methods(["GET", "POST"])
@page(Permission.WORK_TICKET)
def new(request: HttpRequest) -> HttpResponse:
    """The form for one more."""
    zone = getattr(request.user, "timezone", "") or "UTC"
    if request.method == "GET":
        return _page(request, None, RecurrenceForm(initial={"zone": zone, "at": "09:00"}))
    return _save(request, None)


@require_http_methods(["GET", "POST"])
@page(Permission.WORK_TICKET)
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """One recurring ticket: its form, its next five dates."""
    found = recurring.get_for(pk, by=request.actor)  # type: ignore[attr-defined]
    return _save(request, found) if request.method == "POST" else _page(request, found, _form_of(found))


@require_GET
@page(Permission.WORK_TICKET)
def preview(request: HttpRequest) -> HttpResponse:
    """The next five dates of what is typed: a fragment beside the form."""
    return render(request, "tickets/recurring_dates.html", _dates(RecurrenceForm(request.GET)))


@require_POST
@page(Permission.WORK_TICKET)
def switch(request: HttpRequest, pk: int) -> HttpResponse:
    """Off, or on again."""
    on = "on" in request.POST
    made = recurring.get_for(pk, by=request.actor)  # type: ignore[attr-defined]

    def done(found: Recurrence) -> HttpResponse:
        messages.success(request, f"{found.name} {'goes on' if on else 'rests'}.")
        return redirect("tickets:recurring")

    return act(
        request,
        forms.Form(request.POST),
        lambda data: recurring.switch(pk, on=on, by=request.actor),  # type: ignore[attr-defined]
        done=done,
        again=lambda form, status: _page(request, made, _form_of(made), status, refused=form),
    )


def _save(request: HttpRequest, found: Recurrence | None) -> HttpResponse:
    def do(data: dict[str, Any]) -> Recurrence:
        values = {name: data[name] for name in FACTS if data[name]}
        values |= {name: data[name].slug for name in NAMES if data[name]}
        if data["tags"]:
            values["tags"] = [tag.strip() for tag in data["tags"].split(",") if tag.strip()]
        by = request.actor  # type: ignore[attr-defined]
        facts = {
            "name": data["name"],
            "rule": rule_of(data),
            "zone": data["zone"],
            "starts_at": rules.local(datetime.combine(data["starts_on"], data["at"]), data["zone"]),
            "values": values,
        }
        if found is None:
            return recurring.save(**facts, by=by)
        return recurring.edit(found.pk, values=facts, if_version=data["version"], by=by)

    def done(made: Recurrence) -> HttpResponse:
        messages.success(request, f"{made.name} is saved.")
        return redirect("tickets:recurring_edit", made.pk)

    form = RecurrenceForm(request.POST)
    return act(request, form, do, done=done, again=lambda _, status: _page(request, found, form, status))


def rule_of(data: dict[str, Any]) -> str:
    return data["rule"].strip().upper() if data["repeats"] == "own" else PRESETS[data["repeats"]]


def _form_of(found: Recurrence) -> RecurrenceForm:
    wall = found.starts_at.astimezone(ZoneInfo(found.zone))
    known = {rule: name for name, rule in PRESETS.items()}
    values = dict(found.values)
    initial = {
        "name": found.name, "zone": found.zone, "starts_on": wall.date(), "at": f"{wall:%H:%M}", "rule": found.rule,
        "repeats": known.get(found.rule, "own"), "version": found.version, **values,
        "tags": ", ".join(values.get("tags", [])),
    }  # fmt: skip
    return RecurrenceForm(initial=initial)


def _page(
    request: HttpRequest,
    found: Recurrence | None,
    form: RecurrenceForm,
    status: int = 200,
    refused: forms.Form | None = None,
) -> HttpResponse:
    context = {"recurrence": found, "form": form, "refused": refused, **_dates(form, found)}
    return render(request, "tickets/recurring_form.html", context, status=status)


def _dates(form: RecurrenceForm, found: Recurrence | None = None) -> dict[str, Any]:
    """The next five dates in the rule's own zone, or why there are none."""
    if not form.is_bound and found is None:
        return {}
    try:
        if form.is_bound:
            rule, zone, starts_at = form.rule_so_far(rule_of)
        else:
            assert found is not None
            rule, zone, starts_at = found.rule, found.zone, found.starts_at
        rules.check(rule, zone, starts_at)
    except RuleBroken as broken:
        return {"no_dates": broken.sentence}
    moments = rules.upcoming(rule, zone, starts_at, after=clock.now(), count=SHOWN)
    place = ZoneInfo(zone)
    # Without a zone, so that no filter moves them into the reader's.
    return {"dates": [moment.astimezone(place).replace(tzinfo=None) for moment in moments], "zone": zone}
