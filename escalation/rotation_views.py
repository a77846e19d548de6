"""The pages around the schedules."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from core.accounts.permissions import Permission
from core.accounts.web import page
from core.common import clock
from escalation import board, queries


@require_GET
@page(Permission.VIEW_DIRECTORY)
def gaps(request: HttpRequest) -> HttpResponse:
    """Where nobody is on call in the next 30 days."""
    now = clock.now()
    teams = list(queries.teams(request.actor).filter(active=True).prefetch_related(None))  # type: ignore[attr-defined]
    return render(
        request,
        "escalation/gaps.html",
        {"gaps": board.gaps(teams, now, now + board.GAPS_WITHIN), "teams": teams},
    )
