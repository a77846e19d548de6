"""Parse, one operation, answer. Every verb of an incident comes through `verb`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django import forms as django_forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.accounts.permissions import Permission, can
from core.accounts.web import page
from core.common import paging
from core.common.actor import Actor
from core.common.errors import NotFound, RuleBroken
from core.common.web import act
from incidents import command_page, composing, forms, operations, panels, queries, verbs
from incidents.filters import IncidentFilter
from incidents.models import Incident
from worklog import subjects

NO_CONTENT = 204


# --- list and declaring -----------------------------------------------------------------------------------
@page(Permission.VIEW_INCIDENTS)
@require_safe
def board(request: HttpRequest) -> HttpResponse:
    """What runs now, the next due update first; below it what is over, the newest first."""
    actor = request.actor  # type: ignore[attr-defined]
    found = IncidentFilter(request.GET, queryset=queries.listed(actor), request=request)
    over = paging.page(
        queries.over(found.qs), ordering=("-declared_at",), cursor=request.GET.get("cursor") or None
    )
    context = {
        "live": list(queries.live(actor, found.qs)),
        "page": over,
        "may_declare": can(actor, Permission.DECLARE_INCIDENT),
        "search": request.GET.get("search", ""),
    }
    return render(request, "incidents/list.html", context)


@page(Permission.DECLARE_INCIDENT)
@require_http_methods(["GET", "HEAD", "POST"])
def declare(request: HttpRequest) -> HttpResponse:
    """A title is enough. With ?ticket=TKT-1 the facts come from the ticket and the two are linked."""
    actor = request.actor  # type: ignore[attr-defined]
    ref = request.GET.get("ticket", "")
    ticket = subjects.find(ref, actor) if ref else None
    form = forms.DeclareFromTicketForm if ticket else forms.DeclareForm
    make = partial(operations.declare_from_ticket, ref) if ticket else operations.declare
    again = partial(_declare, request, ticket)
    if request.method != "POST":
        known = {"title": ticket.subject[:200]} if ticket and not ticket.confidential else {}
        return again(form(initial=known), 200)
    return act(
        request,
        form(request.POST),
        lambda data: make(**data, by=actor),
        done=lambda incident: _done(request, incident, f"{incident.reference} declared and acknowledged."),
        again=again,
    )


def _declare(request: HttpRequest, ticket: Any, form: django_forms.Form, status: int) -> HttpResponse:
    return render(request, "incidents/declare.html", {"form": form, "ticket": ticket}, status=status)


# --- one incident -----------------------------------------------------------------------------------------
@page(Permission.VIEW_INCIDENTS)
@require_safe
def detail(request: HttpRequest, ref: str) -> HttpResponse:
    return _detail(request, ref)


@page(Permission.VIEW_INCIDENTS)
@require_safe
def live(request: HttpRequest, ref: str) -> HttpResponse:
    """The parts of the page that change by themselves; 204 while nothing did. The composer is not among them."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    incident = queries.whole(ref, by=actor)
    show = request.GET.get("show", "")
    entries = command_page.entries(incident, show, actor)
    if request.GET.get("seen") == command_page.digest(incident, entries):
        return HttpResponse(status=NO_CONTENT)
    context = command_page.moving(incident, entries, show, actor)
    context["suspected"] = panels.suspected(incident, actor)
    return render(request, "incidents/live.html", context)


def _detail(
    request: HttpRequest, ref: str, status: int = 200, failed: str = "", form: django_forms.Form | None = None
) -> HttpResponse:
    """The command page; after an error with the bound form of the verb that failed."""
    incident = queries.whole(ref, by=request.actor)  # type: ignore[attr-defined]
    context = command_page.whole(incident, request.GET.dict(), request.actor, failed=failed, form=form)  # type: ignore[attr-defined]
    return render(request, "incidents/detail.html", context, status=status)


def verb(name: str) -> Callable[..., HttpResponse]:
    """The view behind a button."""
    known = verbs.VERBS[name]

    @page(known.permission)
    @require_POST
    def view(request: HttpRequest, ref: str) -> HttpResponse:
        return act(
            request,
            known.form(request.POST),
            lambda data: _do(known, ref, data, request.actor),  # type: ignore[attr-defined]
            done=lambda result: _done(request, getattr(result, "incident", result), known.said(result)),
            again=lambda form, status: _detail(request, ref, status, name, form),
        )

    return view


@page(Permission.RUN_INCIDENT)
@require_POST
def draft(request: HttpRequest, ref: str) -> HttpResponse:
    """Keep what stands in the composer. A script that says `quiet` gets 204, or 409 once the update was sent."""
    quiet = "quiet" in request.POST

    def again(form: django_forms.Form, status: int) -> HttpResponse:
        if quiet:
            return HttpResponse(status=status)
        shown = composing.UpdateForm(request.POST)
        for sentence in form.non_field_errors():
            shown.add_error(None, sentence)
        return _detail(request, ref, status, "update", shown)

    def done(kept: Any) -> HttpResponse:
        if quiet:
            return HttpResponse(status=NO_CONTENT)
        incident = queries.get_for(ref, by=request.actor)  # type: ignore[attr-defined]
        return _done(request, incident, "The draft is kept. Nothing was sent.")

    return act(
        request,
        composing.DraftForm(request.POST),
        lambda data: operations.keep_draft(ref, **data, by=request.actor),  # type: ignore[attr-defined]
        done=done,
        again=again,
    )


def _do(known: verbs.Verb, ref: str, data: dict[str, Any], by: Actor) -> Any:
    """The operation; a typed reference of something that is not there is a mistake on the form, not a missing page."""
    queries.get_for(ref, by=by)
    try:
        return known.do(ref, **data, by=by)
    except NotFound as missing:
        raise RuleBroken(missing.sentence) from missing


def _done(request: HttpRequest, incident: Incident, said: str) -> HttpResponse:
    messages.success(request, said)
    return redirect("incidents:detail", ref=incident.reference)
