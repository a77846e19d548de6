"""How the promises of one incident were kept: its ledger on a page, and the figure for its command page."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from core.accounts.permissions import Permission
from core.accounts.web import page
from incidents import promise_queries, queries

MOST_SHOWN = 500


@page(Permission.VIEW_INCIDENTS)
@require_safe
def promises(request: HttpRequest, ref: str) -> HttpResponse:
    """Every due moment and what became of it, the latest first."""
    return render(request, "incidents/promises.html", _context(request, ref))


@page(Permission.VIEW_INCIDENTS)
@require_safe
def figure(request: HttpRequest, ref: str) -> HttpResponse:
    """How many were in time: a fragment that the incident's page asks for."""
    actor = request.actor  # type: ignore[attr-defined]
    incident = queries.get_for(ref, by=actor)
    found = promise_queries.of_incident(incident, by=actor)
    return render(request, "incidents/kept.html", {"kept": promise_queries.kept(found)})


def _context(request: HttpRequest, ref: str) -> dict[str, Any]:
    actor = request.actor  # type: ignore[attr-defined]
    incident = queries.get_for(ref, by=actor)
    found = promise_queries.of_incident(incident, by=actor)
    return {
        "incident": incident,
        "kept": promise_queries.kept(found),
        "lines": list(promise_queries.lines(found)[:MOST_SHOWN]),
        "most": MOST_SHOWN,
    }
