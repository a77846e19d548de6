"""A ticket on paper."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from core.accounts.permissions import Permission, can
from core.accounts.web import page
from core.common import clock
from customers.queries import environment
from tickets import asked, queries
from tickets.models import Entry

MOST_MESSAGES = 1000
SAID_IN_PUBLIC = (Entry.Kind.PUBLIC_REPLY, Entry.Kind.CUSTOMER_MESSAGE)


@require_GET
@page(Permission.VIEW_QUEUE)
def sheet(request: HttpRequest, ref: str) -> HttpResponse:
    """Facts and conversation to print. `public=1`: the customer's paper, with nothing of ours alone."""
    actor = request.actor  # type: ignore[attr-defined]
    ticket = queries.get_for(ref, by=actor)
    public = request.GET.get("public") == "1"
    entries = queries.conversation(ticket, actor)
    if public:
        entries = entries.filter(kind__in=SAID_IN_PUBLIC)
    context = {
        "ticket": ticket,
        "public": public,
        "internal": not public and can(actor, Permission.WORK_TICKET),
        "entries": entries[:MOST_MESSAGES],
        "env_lines": asked.lines(ticket, environment(ticket.organisation, ticket.application)),
        "own_facts": [] if public else asked.own_facts(ticket),
        "now": clock.now(),
    }
    return render(request, "tickets/print.html", context)
