"""Updates that wait: the page of an incident, its three buttons, and the setting."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from core.accounts.permissions import Permission, can
from core.accounts.web import page
from core.common.actor import Actor
from core.common.web import act
from incidents import operations, queries
from incidents.forms import DeskForm, LongField, NothingForm
from incidents.models import ApprovalRule, PendingUpdate


class NoteForm(DeskForm):
    note = LongField(label="What must change", rows=2)


@page(Permission.VIEW_INCIDENTS)
@require_safe
def pending(request: HttpRequest, ref: str) -> HttpResponse:
    """What waits, with its text for each audience, and what became of what waited before."""
    return _page(request, ref, NoteForm())


@page(Permission.VIEW_INCIDENTS)
@require_safe
def badge(request: HttpRequest, ref: str) -> HttpResponse:
    """Whether something waits: a fragment that the incident's page renews."""
    found = queries.pending_updates(ref, by=request.actor)  # type: ignore[attr-defined]
    waiting = found.filter(state=PendingUpdate.State.WAITING).first()
    return render(request, "incidents/pending_badge.html", {"waiting": waiting, "ref": ref})


@page(Permission.APPROVE_UPDATE)
@require_POST
def approve(request: HttpRequest, ref: str, waiting: int) -> HttpResponse:
    def do(data: dict[str, Any], by: Actor) -> str:
        update = operations.approve(ref, waiting=waiting, by=by)
        return f"Approved: update {update.number} goes to {update.recipients} people."

    return _verb(request, ref, NothingForm(request.POST), do)


@page(Permission.APPROVE_UPDATE)
@require_POST
def send_back(request: HttpRequest, ref: str, waiting: int) -> HttpResponse:
    def do(data: dict[str, Any], by: Actor) -> str:
        found = operations.send_back(ref, waiting=waiting, **data, by=by)
        return f"Sent back; {found.asked_by_label} is told."

    return _verb(request, ref, NoteForm(request.POST), do)


@page(Permission.RUN_INCIDENT)
@require_POST
def take_back(request: HttpRequest, ref: str, waiting: int) -> HttpResponse:
    def do(data: dict[str, Any], by: Actor) -> str:
        operations.take_back(ref, waiting=waiting, by=by)
        return "Taken back: it is your draft again."

    return _verb(request, ref, NothingForm(request.POST), do)


@page(Permission.MANAGE_UPDATES)
@require_POST
def setting(request: HttpRequest) -> HttpResponse:
    """At which severities the updates of one audience wait."""

    def done(rule: ApprovalRule) -> HttpResponse:
        messages.success(request, "Saved.")
        return redirect("incidents:templates")

    def again(form: forms.Form, status: int) -> HttpResponse:
        for sentences in form.errors.values():
            for sentence in sentences:
                messages.warning(request, str(sentence))
        return redirect("incidents:templates")

    chosen = ["" if one == "none" else one for one in request.POST.getlist("severities")]
    audience = request.POST.get("audience", "")
    return act(
        request,
        forms.Form(request.POST),
        lambda data: operations.set_approval(audience, chosen, by=request.actor),  # type: ignore[attr-defined]
        done=done,
        again=again,
    )


def _verb(
    request: HttpRequest, ref: str, form: forms.Form, do: Callable[[dict[str, Any], Actor], str]
) -> HttpResponse:
    def done(said: str) -> HttpResponse:
        messages.success(request, said)
        return redirect("incidents:detail", ref=ref)

    return act(
        request,
        form,
        lambda data: do(data, request.actor),  # type: ignore[attr-defined]
        done=done,
        again=lambda form, status: _page(request, ref, form, status),
    )


def _page(request: HttpRequest, ref: str, form: forms.Form, status: int = 200) -> HttpResponse:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    incident = queries.get_for(ref, by=actor)
    found = list(queries.pending_updates(ref, by=actor)[:50])
    waiting = next((one for one in found if one.state == PendingUpdate.State.WAITING), None)
    own = waiting is not None and waiting.asked_by_id == actor.user_id
    context = {
        "incident": incident,
        "waiting": waiting,
        "as_update": waiting.as_update if waiting else None,
        "over": [one for one in found if one is not waiting],
        "form": form,
        "note": form if isinstance(form, NoteForm) else NoteForm(),
        "own": own,
        "may_decide": not own and can(actor, Permission.APPROVE_UPDATE),
    }
    return render(request, "incidents/pending.html", context, status=status)
