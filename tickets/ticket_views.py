"""One ticket: its page, what of it refreshes itself, and where it can go from its status."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from core.accounts.permissions import Permission, can
from core.accounts.web import page
from tickets import operations, page_marks, queries, ticket_page, verbs
from tickets.verbs import MOVES, VERBS

NO_CONTENT = 204


@require_GET
@page(Permission.VIEW_QUEUE)
def detail(request: HttpRequest, ref: str) -> HttpResponse:
    """The ticket's page; `open=VERB` shows the dialog of a verb."""
    ticket = queries.get_for(ref, by=request.actor)  # type: ignore[attr-defined]
    survivor = queries.survivor_seen(ticket, request.actor)  # type: ignore[attr-defined]
    if survivor is not None and "own" not in request.GET:
        messages.info(request, f"{ticket.reference} was merged into this ticket.")
        return redirect("tickets:detail", survivor.reference)
    asked = request.GET.get("open", "")
    may = asked in VERBS and can(request.actor, VERBS[asked].to)  # type: ignore[attr-defined]
    form = verbs.form_for(asked, ticket, request.actor) if may else None  # type: ignore[attr-defined]
    if asked == "split" and form is not None:
        form.initial["entry"] = request.GET.get("entry", "")[:20]
    return ticket_page.show(request, ticket, asked if form is not None else "", form)


@require_GET
@page(Permission.VIEW_QUEUE)
def live(request: HttpRequest, ref: str) -> HttpResponse:
    """What of the page renews itself, in one answer; 204 while nothing changed. Typed text is not among it."""
    actor = request.actor  # type: ignore[attr-defined]
    ticket = queries.get_for(ref, by=actor)
    look = page_marks.of_poll(ticket, actor)
    if look.overdue:
        operations.poke_if_due(ticket)
    if request.GET.get("seen") == look.mark:
        return HttpResponse(status=NO_CONTENT)
    return render(request, "tickets/live.html", ticket_page.parts(ticket, actor))


@require_GET
@page(Permission.VIEW_QUEUE)
@page(Permission.WORK_TICKET)
def moves(request: HttpRequest, ref: str) -> HttpResponse:
    """Where the ticket can go from its status: each way leads to the question of its verb."""
    ticket = queries.get_for(ref, by=request.actor)  # type: ignore[attr-defined]
    return render(request, "tickets/moves.html", {"ticket": ticket, "moves": MOVES[ticket.status]})
