"""Parse, one operation, answer. Every verb of an incident comes through `verb`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from django import forms as django_forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.accounts.permissions import Permission, can
from core.accounts.web import page
from core.common import clock, paging
from core.common.actor import Actor
from core.common.web import act
from incidents import audience, forms, operations, panels, queries, story
from incidents.filters import IncidentFilter
from incidents.models import Incident, TimelineEntry, Update
from incidents.notices import Parts
from worklog import queries as worklog
from worklog import subjects

NO_CONTENT = 204
ROLES = {**operations.ROLES, "communications_lead": "updates"}
ENTRIES_SHOWN = 200
ON_DEMAND: dict[str, Callable[[Incident], django_forms.Form]] = {
    "assign_roles": forms.RolesForm.filled,
    "edit": forms.EditForm.filled,
}
ASKED = {
    "restore",
    "reopen",
    "assign_roles",
    "set_cadence",
    "subscribe",
    "edit",
}  # verbs that ask in a dialog


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
    incident = queries.whole(ref, by=request.actor)  # type: ignore[attr-defined]
    entries = _entries(incident, request.GET.get("show", ""))
    if request.GET.get("seen") == _digest(incident, entries):
        return HttpResponse(status=NO_CONTENT)
    return render(request, "incidents/live.html", _live(incident, entries, request.GET.get("show", "")))


def _entries(incident: Incident, show: str) -> list[TimelineEntry]:
    found = incident.timeline.select_related("update_sent").order_by("-happened_at", "-id")
    if show in story.SHOWN:
        found = found.filter(kind__in=story.SHOWN[show])
    return list(found[:ENTRIES_SHOWN])


def _digest(incident: Incident, entries: list[TimelineEntry]) -> str:
    return f"{incident.version}-{max((entry.pk for entry in entries), default=0)}"


def _live(incident: Incident, entries: list[TimelineEntry], show: str) -> dict[str, Any]:
    updates = list(incident.updates.order_by("-number")[:ENTRIES_SHOWN])
    until = incident.restored_at or clock.now()
    return {
        "incident": incident,
        "digest": _digest(incident, entries),
        "show": show,
        "steps": story.steps(incident, list(queries.moves(incident))),
        "timeline": story.lines(incident, entries, plan=show != "decisions"),
        "sent": story.sent(updates),
        "figures": story.figures(updates),
        "every": timedelta(minutes=incident.cadence_minutes or 0),
        "lasted": until - incident.started_at,
        "customers": len(incident.organisations.all()),
    }


def _detail(
    request: HttpRequest, ref: str, status: int = 200, failed: str = "", form: django_forms.Form | None = None
) -> HttpResponse:
    """The command page; after an error with the bound form of the verb that failed."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    incident = queries.whole(ref, by=actor)
    known = Parts.of(queries.last_written(incident))
    shown: dict[str, django_forms.Form] = {
        "update": forms.UpdateForm.filled(incident, known),
        "restore": forms.RestoreForm(initial={"severity": incident.severity}),
        "reopen": forms.ReasonForm(),
        "add_entry": forms.EntryForm(),
        "set_cadence": forms.CadenceForm.filled(incident),
        "subscribe": forms.SubscribeForm(),
        "link": forms.LinkForm(),
    }
    # These two need lists of everybody and everything: they are made when somebody asks for them.
    wanted = {failed, request.GET.get("open", "")}
    shown |= {name: make(incident) for name, make in ON_DEMAND.items() if name in wanted}
    if form is not None and failed in shown:
        shown[failed] = form
    show = request.GET.get("show", "")
    context = {
        **_live(incident, _entries(incident, show), show),
        "forms": shown,
        "failed": failed,
        "failed_form": form,
        "asked": ASKED,
        "broken": {failed: True},
        "told": len(audience.recipients(incident)),
        "roles": [(name, words, getattr(incident, name)) for name, words in ROLES.items()],
        "tickets": worklog.links_of(incident, actor),
        "changes": panels.recent_changes(incident, actor),
        "panels": panels.panels(incident, actor),
        "next_after": clock.now() + timedelta(minutes=incident.cadence_minutes or 0),
        "may_run": can(actor, Permission.RUN_INCIDENT),
        "may_restore": can(actor, Permission.RESTORE_INCIDENT),
    }
    return render(request, "incidents/detail.html", context, status=status)


@dataclass(frozen=True)
class Verb:
    """One button of an incident's page: its form, the operation, and what the toast says of the result."""

    form: type[django_forms.Form]
    do: Callable[..., Any]
    said: Callable[[Any], str]
    permission: Permission = Permission.RUN_INCIDENT


def _edit(ref: str, *, version: int, by: Actor, **changes: Any) -> Incident:
    return operations.edit(ref, changes=changes, version=version, by=by)


def _sent(update: Update) -> str:
    return f"Update {update.number} goes to {update.recipients} people."


VERBS = {
    "acknowledge": Verb(forms.NothingForm, operations.acknowledge, lambda incident: "Acknowledged."),
    "update": Verb(forms.UpdateForm, operations.send_update, _sent),
    "no_change": Verb(forms.NumberForm, operations.no_change, _sent),
    "status": Verb(forms.StatusForm, operations.set_status, lambda incident: incident.get_status_display()),
    "restore": Verb(
        forms.RestoreForm,
        operations.declare_restored,
        lambda incident: "“Service restored” is on its way. Updates have stopped.",
        Permission.RESTORE_INCIDENT,
    ),
    "reopen": Verb(
        forms.ReasonForm, operations.reopen, lambda incident: "Reopened; the correction is on its way."
    ),
    "close": Verb(
        forms.NothingForm, operations.close, lambda incident: "Closed.", Permission.RESTORE_INCIDENT
    ),
    "assign_roles": Verb(forms.RolesForm, operations.assign_roles, lambda incident: "Roles saved."),
    "take_role": Verb(forms.RoleForm, operations.take_role, lambda incident: "It is yours."),
    "add_entry": Verb(forms.EntryForm, operations.add_entry, lambda entry: "Written down."),
    "set_cadence": Verb(forms.CadenceForm, operations.set_cadence, lambda incident: "Cadence changed."),
    "subscribe": Verb(
        forms.SubscribeForm, operations.subscribe, lambda incident: "Gets the updates from now on."
    ),
    "link": Verb(forms.LinkForm, operations.link_work, lambda incident: "Linked."),
    "edit": Verb(forms.EditForm, _edit, lambda incident: "Saved."),
}


def verb(name: str) -> Callable[..., HttpResponse]:
    """The view behind a button."""
    known = VERBS[name]

    @page(known.permission)
    @require_POST
    def view(request: HttpRequest, ref: str) -> HttpResponse:
        return act(
            request,
            known.form(request.POST),
            lambda data: known.do(ref, **data, by=request.actor),  # type: ignore[attr-defined]
            done=lambda result: _done(request, getattr(result, "incident", result), known.said(result)),
            again=lambda form, status: _detail(request, ref, status, name, form),
        )

    return view


def _done(request: HttpRequest, incident: Incident, said: str) -> HttpResponse:
    messages.success(request, said)
    return redirect("incidents:detail", ref=incident.reference)
