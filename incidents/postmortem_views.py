"""The post-mortem: read, write, publish, as a page and as a PDF; and the list of those that are not written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms as django_forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.accounts.permissions import Permission, can
from core.accounts.web import page
from core.common import clock
from core.common.actor import Actor
from core.common.web import act
from incidents import (
    closing,
    forms,
    operations,
    postmortem_facts,
    postmortem_pdf,
    postmortem_rules,
    postmortems,
    queries,
)
from incidents.models import Incident, Postmortem
from incidents.postmortem_forms import ActionForm, PostmortemForm, WaiveForm

SHOWN = 200


@page(Permission.VIEW_INCIDENTS)
@require_safe
def unfinished(request: HttpRequest) -> HttpResponse:
    """The post-mortems that are owed or being written, the longest due first."""
    found = list(postmortems.unfinished(request.actor)[:SHOWN])  # type: ignore[attr-defined]
    context = {"postmortems": found, "now": clock.now(), "late": sum(_is_late(one) for one in found)}
    return render(request, "incidents/postmortems.html", context)


@page(Permission.VIEW_INCIDENTS)
@require_safe
def afterwards(request: HttpRequest, ref: str) -> HttpResponse:
    """What is still to do before the incident can be closed: a fragment of its page."""
    incident = queries.get_for(ref, by=request.actor)  # type: ignore[attr-defined]
    context = {"incident": incident, "missing": closing.missing(incident), "found": postmortems.of(incident)}
    return render(request, "incidents/afterwards.html", context)


@page(Permission.VIEW_INCIDENTS)
@require_safe
def read(request: HttpRequest, ref: str) -> HttpResponse:
    return _read(request, ref)


@page(Permission.VIEW_INCIDENTS)
@require_safe
def pdf(request: HttpRequest, ref: str) -> HttpResponse:
    """The document as a file; 404 where nobody has begun one."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    document = postmortems.document(postmortems.written(ref, by=actor), actor)
    name = f"{document.postmortem.incident.reference}-post-mortem.pdf"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}
    return HttpResponse(postmortem_pdf.draw(document), content_type="application/pdf", headers=headers)


@page(Permission.RUN_INCIDENT)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, ref: str) -> HttpResponse:
    """The text, who owns it, and which lines of the timeline stand in it."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    found = postmortems.written(ref, by=actor)
    if request.method != "POST":
        return _edit(request, found, PostmortemForm.filled(found))
    return act(
        request,
        PostmortemForm(request.POST, of=found),
        lambda data: operations.edit_postmortem(ref, by=actor, **_changes(data)),
        done=lambda saved: _done(request, saved.incident, "Saved."),
        # A page has no If-Match: what was changed meanwhile is a conflict, and the text stays in the form.
        again=lambda form, status: _edit(request, found, form, 409 if status == 412 else status),
    )


def _changes(data: dict[str, Any]) -> dict[str, Any]:
    apart = {name: data.pop(name) for name in ("version", "reason", "lines")}
    return {"changes": data, **apart}


# --- verbs ------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Verb:
    """A button of the page: its form, the operation, and what the toast says."""

    form: type[django_forms.Form]
    do: Callable[..., Any]
    said: str


VERBS = {
    "begin": Verb(forms.NothingForm, operations.begin_postmortem, "Begun: what the desk knows is in it."),
    "publish": Verb(
        forms.VersionForm, operations.publish_postmortem, "Published. The facts stand as they are now."
    ),
    "waive": Verb(WaiveForm, operations.waive_postmortem, "Waived."),
    "add_action": Verb(ActionForm, operations.add_follow_up, "Handed out; whoever has it is reminded."),
}


def verb(name: str) -> Callable[..., HttpResponse]:
    """The view behind a button."""
    known = VERBS[name]

    @page(Permission.RUN_INCIDENT)
    @require_POST
    def view(request: HttpRequest, ref: str) -> HttpResponse:
        actor: Actor = request.actor  # type: ignore[attr-defined]
        incident = queries.get_for(ref, by=actor)
        return act(
            request,
            known.form(request.POST),
            lambda data: known.do(ref, **data, by=actor),
            done=lambda result: _done(request, incident, known.said),
            again=lambda form, status: _read(request, ref, 409 if status == 412 else status, name, form),
        )

    return view


def _done(request: HttpRequest, incident: Incident, said: str) -> HttpResponse:
    messages.success(request, said)
    return redirect("incidents:postmortem", ref=incident.reference)


# --- pages ------------------------------------------------------------------------------------------------
def _read(
    request: HttpRequest, ref: str, status: int = 200, failed: str = "", form: django_forms.Form | None = None
) -> HttpResponse:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    incident = queries.get_for(ref, by=actor)
    found = postmortems.of(incident)
    if found is not None:
        found.incident = incident
    shown: dict[str, django_forms.Form] = {"add_action": ActionForm(), "waive": WaiveForm()}
    if form is not None and failed in shown:
        shown[failed] = form
    may_run = can(actor, Permission.RUN_INCIDENT)
    context = {
        "incident": incident,
        "found": found,
        "document": postmortems.document(found, actor) if found is not None and found.is_written else None,
        "owed": postmortem_rules.is_owed(incident),
        "may_run": may_run,
        "may_waive": can(actor, Permission.WAIVE_POSTMORTEM)
        if postmortem_rules.is_owed(incident)
        else may_run,
        "late": found is not None and _is_late(found),
        "outdated": found is not None and postmortem_rules.is_outdated(found, incident),
        "forms": shown,
        "failed": failed,
        "failed_form": form,
    }
    return render(request, "incidents/postmortem.html", context, status=status)


def _edit(
    request: HttpRequest, found: Postmortem, form: django_forms.Form, status: int = 200
) -> HttpResponse:
    context = {
        "incident": found.incident,
        "found": found,
        "form": form,
        "sections": [form[name] for name in Postmortem.SECTIONS],
        "lines": postmortem_facts.candidates(found.incident) if not found.is_published else [],
    }
    return render(request, "incidents/postmortem_edit.html", context, status=status)


def _is_late(found: Postmortem) -> bool:
    return found.due_at is not None and found.status in Postmortem.UNFINISHED and found.due_at < clock.now()
