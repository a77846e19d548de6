"""Parse, one operation, answer. Every verb of a change comes through `verb`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import tzinfo
from functools import partial
from zoneinfo import ZoneInfo

from django import forms as django_forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from changes import calendar, forms, operations, pages, queries
from changes.filters import ChangeFilter
from changes.models import Change
from core.accounts.permissions import Permission
from core.accounts.web import page
from core.common import ical, paging
from core.common.actor import Actor
from core.common.web import act


# --- the calendar -----------------------------------------------------------------------------------------
@page(Permission.VIEW_CHANGES)
@require_safe
def week(request: HttpRequest) -> HttpResponse:
    """A week in lanes by application; beside it what waits for the reader, and the collisions."""
    zone = _zone(timezone.get_current_timezone())
    monday = calendar.monday_of(request.GET.get("week", ""), zone)
    shown = calendar.week(request.actor, monday, zone)  # type: ignore[attr-defined]
    return render(request, "changes/week.html", pages.week(shown, request.actor))  # type: ignore[attr-defined]


def _zone(zone: tzinfo) -> ZoneInfo:
    return zone if isinstance(zone, ZoneInfo) else ZoneInfo("UTC")


@page(Permission.VIEW_CHANGES)
@require_safe
def everything(request: HttpRequest) -> HttpResponse:
    """All changes, the newest first, with the filters of the API."""
    visible = Change.objects.visible_to(request.actor)  # type: ignore[attr-defined]
    found = ChangeFilter(request.GET, queryset=visible, request=request)
    rows = found.qs.select_related("responsible").prefetch_related("applications")
    shown = paging.page(rows, ordering=("-pk",), cursor=request.GET.get("cursor") or None)
    return render(request, "changes/list.html", {"page": shown})


@page(Permission.VIEW_CHANGES)
@require_safe
def feed(request: HttpRequest) -> HttpResponse:
    """The calendar as a file for another program."""
    return HttpResponse(
        calendar.feed(request.actor),  # type: ignore[attr-defined]
        content_type=ical.MEDIA_TYPE,
        headers={"Content-Disposition": 'attachment; filename="changes.ics"'},
    )


# --- writing a change -------------------------------------------------------------------------------------
@page(Permission.PLAN_CHANGE)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """A draft; ?problem=, ?incident= and ?ticket= fill in what it is for."""
    actor = request.actor  # type: ignore[attr-defined]
    again = partial(_plan, request, "changes/new.html", None)
    if request.method != "POST":
        return again(forms.PlanForm(initial=pages.prefill(request.GET, actor), actor=actor), 200)
    return act(
        request,
        forms.PlanForm(request.POST, actor=actor),
        lambda data: operations.draft(**data, by=actor),
        done=lambda change: _said(request, change, f"{change.reference} saved as a draft."),
        again=again,
    )


@page(Permission.PLAN_CHANGE)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, ref: str) -> HttpResponse:
    """The same form for a change that is there."""
    actor = request.actor  # type: ignore[attr-defined]
    change = queries.get_for(ref, by=actor)
    again = partial(_plan, request, "changes/edit.html", change)
    if request.method != "POST":
        return again(forms.EditForm(initial=forms.filled(change), actor=actor), 200)
    return act(
        request,
        forms.EditForm(request.POST, actor=actor),
        lambda data: operations.edit(ref, version=data.pop("version"), values=data, by=actor),
        done=lambda edited: _said(request, edited, _edited_words(change, edited)),
        again=again,
    )


def _plan(
    request: HttpRequest, template: str, change: Change | None, form: django_forms.Form, status: int
) -> HttpResponse:
    context = {"form": form, "change": change, **pages.planning()}
    return render(request, template, context, status=status)


def _edited_words(before: Change, after: Change) -> str:
    if after.approval_round == before.approval_round:
        return "Saved."
    return "Saved. The approvals given are void; the approvers were told and are asked again."


# --- one change -------------------------------------------------------------------------------------------
@page(Permission.VIEW_CHANGES)
@require_safe
def detail(request: HttpRequest, ref: str) -> HttpResponse:
    return _detail(request, ref)


def _detail(
    request: HttpRequest, ref: str, failed: str = "", form: django_forms.Form | None = None, status: int = 200
) -> HttpResponse:
    """The change's page; after an error with the bound form of the verb that failed."""
    actor = request.actor  # type: ignore[attr-defined]
    change = queries.get_for(ref, by=actor)
    shown = {name: known.form() for name, known in VERBS.items()}
    if form is not None:
        shown[failed] = form
    for name, each in shown.items():
        each.auto_id = f"{name}_%s"  # several of them ask for a note
    context = pages.detail(change, actor)
    context |= {"forms": shown, "failed": failed, "broken": {failed: True}, "failed_form": form}
    return render(request, "changes/detail.html", context, status=status)


@dataclass(frozen=True)
class Verb:
    """One button of a change's page: its form, the operation, and what the toast says."""

    form: type[django_forms.Form]
    do: Callable[..., Change]
    said: str
    permission: Permission = Permission.PLAN_CHANGE


VERBS = {
    "submit": Verb(forms.SubmitForm, operations.submit, "Submitted. The approvers were asked."),
    "revise": Verb(forms.NothingForm, operations.revise, "Back to the draft. The approvers were told."),
    "withdraw": Verb(forms.ReasonForm, operations.withdraw, "Withdrawn."),
    "approve": Verb(forms.NoteForm, operations.approve, "Approved.", Permission.APPROVE_CHANGE),
    "reject": Verb(forms.NeededNoteForm, operations.reject, "Rejected.", Permission.APPROVE_CHANGE),
    "schedule": Verb(forms.NothingForm, operations.schedule, "Scheduled."),
    "start": Verb(forms.NothingForm, operations.start, "The work has started."),
    "finish": Verb(forms.NoteForm, operations.finish, "The work is done. Somebody else checks it."),
    "validate": Verb(forms.ValidateForm, operations.validate, "Check recorded."),
    "back_out": Verb(forms.NeededNoteForm, operations.back_out, "Backed out and closed."),
    "close": Verb(forms.CloseForm, operations.close, "Closed."),
}


def verb(name: str) -> Callable[..., HttpResponse]:
    """The view behind a change's button."""
    known = VERBS[name]

    @page(known.permission)
    @require_POST
    def view(request: HttpRequest, ref: str) -> HttpResponse:
        actor: Actor = request.actor  # type: ignore[attr-defined]
        return act(
            request,
            known.form(request.POST),
            lambda data: known.do(ref, **data, by=actor),
            done=lambda change: _said(request, change, known.said),
            again=lambda form, status: _detail(request, ref, name, form, status),
        )

    return view


def _said(request: HttpRequest, change: Change, sentence: str) -> HttpResponse:
    messages.success(request, sentence)
    return redirect("changes:detail", ref=change.reference)
