"""The page of who had a ticket, and for how long."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from core.accounts.permissions import Permission
from core.accounts.web import page
from tickets import stints


@require_GET
@page(Permission.VIEW_QUEUE)
@page(Permission.WORK_TICKET)
def account(request: HttpRequest, ref: str) -> HttpResponse:
    """Turn by turn, and in all by tier, team and person: wall time, from opening until it was resolved."""
    ticket, held = stints.with_people(ref, by=request.actor)  # type: ignore[attr-defined]
    return render(request, "tickets/stints.html", {"ticket": ticket, "held": held})
