"""One update: what each audience read, what it said before, and the two ways to mend it."""

from __future__ import annotations

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
from incidents import composing, operations, queries, wording
from incidents.models import Update
from incidents.operations import correcting


@page(Permission.VIEW_INCIDENTS)
@require_safe
def update(request: HttpRequest, ref: str, number: int) -> HttpResponse:
    return _page(request, ref, number)


@page(Permission.RUN_INCIDENT)
@require_POST
def correct(request: HttpRequest, ref: str, number: int) -> HttpResponse:
    """Tell those who got it what was wrong and what holds."""
    return act(
        request,
        composing.CorrectForm(request.POST, auto_id="correct_%s"),
        lambda data: operations.correct(ref, number=number, **data, by=request.actor),  # type: ignore[attr-defined]
        done=lambda made: _done(
            request, made, f"The correction goes to {made.recipients} people.", made.number
        ),
        again=lambda form, status: _page(request, ref, number, status, correct=form),
    )


@page(Permission.RUN_INCIDENT)
@require_POST
def edit(request: HttpRequest, ref: str, number: int) -> HttpResponse:
    """Another wording on the pages; nobody is told."""
    found = queries.update_of(ref, number, by=request.actor)  # type: ignore[attr-defined]
    kind = composing.QuietForm if correcting.in_parts(found) else composing.QuietBodyForm
    return act(
        request,
        kind(request.POST, auto_id="quiet_%s"),
        lambda data: operations.edit_quietly(ref, number=number, **data, by=request.actor),  # type: ignore[attr-defined]
        done=lambda changed: _done(request, changed, "The wording is changed. Nobody was told.", number),
        again=lambda form, status: _page(request, ref, number, status, quiet=form),
    )


def _done(request: HttpRequest, made: Update, said: str, number: int) -> HttpResponse:
    messages.success(request, said)
    return redirect("incidents:update_page", ref=made.incident.reference, number=number)


def _page(
    request: HttpRequest, ref: str, number: int, status: int = 200, **bound: forms.Form
) -> HttpResponse:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    found = queries.update_of(ref, number, by=actor)
    incident = found.incident
    runs = can(actor, Permission.RUN_INCIDENT)
    context: dict[str, Any] = {
        "incident": incident,
        "update": found,
        "texts": [
            (one.label, found.subject_for(one), found.text_for(one))
            for one in wording.OWN
            if one in found.wordings
        ],
        "revisions": list(found.revisions.all()),
        "corrections": list(found.corrections.order_by("number")),
        "correct": bound.get("correct") or _correct_form(found),
        "quiet": bound.get("quiet") or _quiet_form(found),
        "failed": next(iter(bound), ""),
        "may_correct": runs and incident.status in correcting.CORRECTABLE,
        "may_edit": runs and correcting.may_edit(incident, actor),
    }
    return render(request, "incidents/update.html", context, status=status)


def _correct_form(found: Update) -> forms.Form:
    return composing.CorrectForm(initial=composing.as_sent(found), auto_id="correct_%s")


def _quiet_form(found: Update) -> forms.Form:
    if not correcting.in_parts(found):
        return composing.QuietBodyForm(initial={"body": found.body, "edits": found.edits}, auto_id="quiet_%s")
    return composing.QuietForm(initial={**composing.as_sent(found), "edits": found.edits}, auto_id="quiet_%s")
