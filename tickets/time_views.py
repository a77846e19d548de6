"""Time on a ticket: its report, and the timer's start, which may end another one."""

from __future__ import annotations

from collections import Counter
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from core.accounts.permissions import Permission
from core.accounts.web import page
from tickets import operations, queries, side_facts, verb_views


@require_http_methods(["GET", "POST"])
@page(Permission.VIEW_QUEUE)
@page(Permission.LOG_TIME)
def time(request: HttpRequest, ref: str) -> HttpResponse:
    """GET: who worked how long on the ticket. POST: log some more."""
    if request.method == "POST":
        return verb_views.views["time"](request, ref)
    actor = request.actor  # type: ignore[attr-defined]
    ticket = queries.get_for(ref, by=actor)
    entries = side_facts.entries(ticket, actor)
    people: Counter[str] = Counter()
    activities: Counter[str] = Counter()
    for entry in entries:
        people[entry.person.display_name] += entry.minutes
        activities[entry.get_activity_display()] += entry.minutes
    context = {
        "ticket": ticket,
        "entries": entries,
        "total": people.total(),
        "sums": [("By person", people.most_common()), ("By kind of work", activities.most_common())],
    }
    return render(request, "tickets/time_report.html", context)


@require_POST
@page(Permission.VIEW_QUEUE)
@page(Permission.LOG_TIME)
def start(request: HttpRequest, ref: str) -> HttpResponse:
    """Start the timer here. One that ran elsewhere stops, and its time is offered on the page."""
    ended = operations.start_timer(ref, by=request.actor)  # type: ignore[attr-defined]
    messages.success(request, "The timer runs.")
    address = reverse("tickets:detail", args=[ref])
    if ended is None:
        return redirect(f"{address}#time")
    return redirect(f"{address}?{urlencode({'offer': ended[0], 'offered': ended[1]})}#time")
