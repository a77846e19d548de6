"""Who stands in for whom on a team's rotations: the list with its history, arranging one, ending one."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from core.accounts.permissions import Permission
from core.accounts.web import page
from core.common import clock, paging
from core.common.errors import Conflict
from core.common.web import act
from escalation import operations, planning, queries
from escalation.forms import OverrideForm
from escalation.models import Override, Team

PER_PAGE = 50


@require_GET
@page(Permission.VIEW_DIRECTORY)
def index(request: HttpRequest, slug: str) -> HttpResponse:
    """Who stands in now and soon, and who did; ended early ones stay in sight."""
    by, now = request.actor, clock.now()  # type: ignore[attr-defined]
    team = queries.team_alone(slug, by=by)
    ahead, over = queries.stand_ins(team, now, by=by)
    shown = list(ahead)
    past = paging.page(
        over, ordering=["-ends_at", "-pk"], cursor=request.GET.get("cursor"), limit=PER_PAGE, counted=False
    )
    context = {
        "team": team,
        "running": [override for override in shown if override.starts_at <= now],
        "coming": [override for override in shown if override.starts_at > now],
        "past": past,
        "may_arrange": queries.may_override(team, by=by),
    }
    return render(request, "escalation/stand_ins.html", context)


@require_http_methods(["GET", "POST"])
@page(Permission.VIEW_DIRECTORY)
def new(request: HttpRequest, slug: str) -> HttpResponse:
    """Somebody stands in for a while. Times are typed in the reader's zone."""
    team = queries.team_to_cover(slug, by=request.actor)  # type: ignore[attr-defined]
    if request.method == "GET":
        return _form_page(request, team, _form(request, team, None))
    return act(
        request,
        _form(request, team, request.POST),
        lambda data: operations.add_override(**data, by=request.actor),  # type: ignore[attr-defined]
        done=lambda made: _told(request, f"{made.user.display_name} stands in.", team),
        again=lambda form, status: _form_page(request, team, form, status),
    )


@require_http_methods(["GET", "POST"])
@page(Permission.VIEW_DIRECTORY)
def cancel(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """What would be without it, and the button that ends it."""
    override = queries.override_to_end(pk, slug, by=request.actor)  # type: ignore[attr-defined]
    team = override.rotation.team
    if request.method == "GET":
        if override.ended <= clock.now():
            raise Conflict("This stand-in is over already.")
        return _cancel_page(request, override, forms.Form())
    return act(
        request,
        forms.Form(request.POST),
        lambda _: operations.cancel_override(pk, by=request.actor),  # type: ignore[attr-defined]
        done=lambda ended: _told(
            request, f"{ended.user.display_name} does not stand in any more. What was until now stays.", team
        ),
        again=lambda form, status: _cancel_page(request, override, form, status),
    )


def _told(request: HttpRequest, sentence: str, team: Team) -> HttpResponse:
    messages.success(request, sentence)
    return redirect("escalation:stand_ins", team.slug)


def _form(request: HttpRequest, team: Team, data: Any) -> OverrideForm:
    by = request.actor  # type: ignore[attr-defined]
    return OverrideForm(
        data,
        rotations=queries.rotations_to_cover(team, by=by),
        people=queries.people(by).prefetch_related(None).order_by("first_name", "last_name", "username"),
        zone=timezone.get_current_timezone_name(),
    )


def _form_page(request: HttpRequest, team: Team, form: forms.Form, status: int = 200) -> HttpResponse:
    return render(request, "escalation/stand_in_form.html", {"team": team, "form": form}, status=status)


def _cancel_page(
    request: HttpRequest, override: Override, form: forms.Form, status: int = 200
) -> HttpResponse:
    context = {
        "team": override.rotation.team,
        "override": override,
        "form": form,
        "seen": planning.without(override, clock.now()),
    }
    return render(request, "escalation/stand_in_cancel.html", context, status=status)
