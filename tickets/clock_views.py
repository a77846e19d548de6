"""The page that explains a clock of a ticket, to anyone who sees the ticket."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from core.accounts.permissions import Permission
from core.accounts.web import page
from sla import explaining
from tickets import queries, service_levels


@require_GET
@page(Permission.VIEW_QUEUE)
def explain(request: HttpRequest, ref: str, which: str) -> HttpResponse:
    """One clock, by its goal (the latest one) or its number: what was promised, why, what was counted, what is due."""
    ticket = queries.get_for(ref, by=request.actor)  # type: ignore[attr-defined]
    clock = service_levels.clock_of(ticket, which)
    context = {
        "ticket": ticket,
        "clock": clock,
        "told": explaining.explain(clock),
        "others": service_levels.clocks_of(ticket),
    }
    return render(request, "tickets/clock.html", context)
