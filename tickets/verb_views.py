"""One door for each verb of a ticket. Every verb works as a plain form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms as django_forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from core.accounts.permissions import Permission
from core.accounts.web import page
from core.common.actor import Actor
from core.common.errors import NotFound, RuleBroken
from core.common.web import act, way_back
from tickets import queries, verbs
from tickets.models import Ticket
from tickets.ticket_page import show
from tickets.verbs import VERBS, Verb

STALE = 412


def _do(verb: Verb, ref: str, data: dict[str, Any], by: Actor) -> Any:
    """The operation; a typed reference of something that is not there is a mistake on the form, not a missing page."""
    queries.get_for(ref, by=by)
    try:
        return verb.do(ref, data, by)
    except NotFound as missing:
        raise RuleBroken(missing.sentence) from missing


def _decide_again(form: django_forms.Form, ticket: Ticket) -> None:
    """The form shows now what stands there, so sending it once more is a decision and no accident."""
    form.data = form.data.copy()  # type: ignore[attr-defined]
    form.data["version"] = str(ticket.version)
    form.add_error(None, "Your words are kept. Saving again puts them in the place of the others.")


def _verb_view(name: str) -> Callable[..., HttpResponse]:
    verb = VERBS[name]

    @require_POST
    @page(Permission.VIEW_QUEUE)  # customers hold some of these permissions too, and have pages of their own
    @page(verb.to)
    def view(request: HttpRequest, ref: str) -> HttpResponse:
        actor = request.actor  # type: ignore[attr-defined]

        def done(result: Any) -> HttpResponse:
            messages.success(request, verb.said)
            if isinstance(result, tuple):  # a ticket with its children, and what became of each
                result, children = result
                for child in (child for child in children if not child.done):
                    messages.warning(request, f"{child.reference} not done: {child.why}")
            at = result.reference if isinstance(result, Ticket) else ref
            return way_back(request.POST.get("back_to", "")) or redirect("tickets:detail", at)

        def again(form: django_forms.Form, status: int) -> HttpResponse:
            ticket = queries.get_for(ref, by=actor)
            if status == STALE:
                _decide_again(form, ticket)
            return show(request, ticket, name, form, status)

        ticket = queries.get_for(ref, by=actor, to=verb.to) if verbs.needs_ticket(verb) else None
        form = verbs.bind(verb, ticket, request.POST, request.FILES)
        return act(request, form, lambda data: _do(verb, ref, data, actor), done=done, again=again)

    view.__name__ = name
    return view


views = {name: _verb_view(name) for name in VERBS}
