"""Entering and editing a team."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from core.accounts.permissions import Permission, can
from core.accounts.web import page
from core.common.web import act
from escalation import operations, queries
from escalation.models import Team
from escalation.team_forms import TeamForm, initial_of


@require_http_methods(["GET", "POST"])
@page(Permission.VIEW_DIRECTORY)
@page(Permission.MANAGE_DIRECTORY)
def new(request: HttpRequest) -> HttpResponse:
    """The form for one more team or vendor."""
    if request.method == "GET":
        vendor = "vendor" in request.GET
        return _page(request, None, _form(request, initial={"is_vendor": vendor, "active": True}))

    def do(data: dict[str, Any]) -> Team:
        data.pop("version")
        return operations.create_team(**data, by=request.actor)  # type: ignore[attr-defined]

    return _act(request, None, _form(request, request.POST), do)


@require_http_methods(["GET", "POST"])
@page(Permission.VIEW_DIRECTORY)
def edit(request: HttpRequest, slug: str) -> HttpResponse:
    """The form of a team that exists, for managers of the directory and for who keeps the entry."""
    team = queries.team_to_edit(slug, by=request.actor)  # type: ignore[attr-defined]
    if request.method == "GET":
        return _page(request, team, _form(request, initial=initial_of(team)))

    def do(data: dict[str, Any]) -> Team:
        version = data.pop("version")
        return operations.edit_team(slug, changes=data, version=version, by=request.actor)  # type: ignore[attr-defined]

    return _act(request, team, _form(request, request.POST), do)


def _act(request: HttpRequest, team: Team | None, form: TeamForm, do: Any) -> HttpResponse:
    def done(saved: Team) -> HttpResponse:
        messages.success(request, f"{saved} is saved.")
        return redirect("escalation:detail", saved.slug)

    return act(request, form, do, done=done, again=lambda again, status: _page(request, team, again, status))


def _form(request: HttpRequest, data: Any = None, **kwargs: Any) -> TeamForm:
    by = request.actor  # type: ignore[attr-defined]
    people = queries.people(by).prefetch_related(None).order_by("first_name", "last_name", "username")
    return TeamForm(data, people=people, whole=can(by, Permission.MANAGE_DIRECTORY), **kwargs)


def _page(request: HttpRequest, team: Team | None, form: Any, status: int = 200) -> HttpResponse:
    return render(request, "escalation/team_form.html", {"team": team, "form": form}, status=status)
