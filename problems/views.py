"""Parse, one operation, answer. Every verb of a problem comes through `verb`, those of actions through `act_on`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Any

from django import forms as django_forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.accounts.permissions import Permission, can
from core.accounts.web import page
from core.audit import words
from core.common import clock, paging
from core.common.actor import Actor
from core.common.web import act, way_back
from problems import follow_up, forms, operations, queries, rules
from problems.filters import ActionFilter, ProblemFilter
from problems.models import ActionStatus, FollowUpAction, Problem, Source, Status
from worklog import queries as worklog
from worklog import subjects

HISTORY_SHOWN = 30


@dataclass(frozen=True)
class Step:
    """The way on from a status, as a card's button; one that `asks` for words leads to the problem's page."""

    verb: str
    label: str
    asks: bool = False


NEXT: dict[str, Step] = {
    Status.OPEN: Step("investigate", "Start looking"),
    Status.INVESTIGATING: Step("root_cause", "State the cause", asks=True),
    Status.KNOWN_ERROR: Step("plan_fix", "Plan the fix", asks=True),
    Status.FIXING: Step("resolve", "Fix is in"),
    Status.RESOLVED: Step("close", "Close"),
}


# --- lists ------------------------------------------------------------------------------------------------
@page(Permission.VIEW_PROBLEMS)
@require_safe
def board(request: HttpRequest) -> HttpResponse:
    """The open problems by status, what is late beside the burn-down."""
    actor, now = request.actor, clock.now()  # type: ignore[attr-defined]
    weeks = queries.burndown(actor, now)
    found = ProblemFilter(request.GET, queryset=Problem.objects.visible_to(actor), request=request)
    context = {
        **_tabs(actor, "board"),
        "columns": _columns(queries.board(found.qs), actor),
        "due_soon": _dated(queries.due_soon(actor, now.date())[:8], now.date()),
        "may_work": can(actor, Permission.WORK_PROBLEM),
        "weeks": weeks,
        "remaining": [week.open for week in weeks],
        "chart_title": f"Follow-up actions open: {weeks[0].open} {len(weeks) - 1} weeks ago, {weeks[-1].open} now.",
        "labels": [f"wk {week.number}" for week in queries.weeks_ahead(weeks)],
        "plan_weeks": queries.PLANNED_WEEKS,
        "behind": max(0, weeks[-1].open - weeks[-1].plan),
        "finished": queries.finished_since(actor, now - timedelta(days=30)),
    }
    return render(request, "problems/board.html", context)


@page(Permission.VIEW_PROBLEMS)
@require_safe
def everything(request: HttpRequest) -> HttpResponse:
    """All problems, the closed ones too, the newest first."""
    actor = request.actor  # type: ignore[attr-defined]
    found = ProblemFilter(request.GET, queryset=Problem.objects.visible_to(actor), request=request)
    rows = paging.page(
        found.qs.select_related(*queries.RELATED), ordering=("-pk",), cursor=request.GET.get("cursor") or None
    )
    return render(request, "problems/list.html", {**_tabs(actor, "list"), "page": rows})


@page(Permission.VIEW_PROBLEMS)
@require_safe
def actions(request: HttpRequest) -> HttpResponse:
    """Follow-up actions by due day; the open ones unless a status is asked for."""
    actor = request.actor  # type: ignore[attr-defined]
    chosen = queries.actions(actor) if request.GET.get("status") else queries.actions(actor).open()
    found = ActionFilter(request.GET, queryset=chosen, request=request)
    rows = paging.page(found.qs, ordering=("due", "pk"), cursor=request.GET.get("cursor") or None)
    context = {
        **_tabs(actor, "actions"),
        "page": rows,
        "actions": _dated(rows.rows, clock.now().date()),
        "may_work": can(actor, Permission.WORK_PROBLEM),
    }
    return render(request, "problems/actions.html", context)


@page(Permission.VIEW_PROBLEMS)
@require_safe
def known_errors(request: HttpRequest) -> HttpResponse:
    actor = request.actor  # type: ignore[attr-defined]
    context = {**_tabs(actor, "known_errors"), "known_errors": queries.known_errors(actor)[: paging.MOST]}
    return render(request, "problems/known_errors.html", context)


@page(Permission.VIEW_PROBLEMS)
@require_safe
def agenda(request: HttpRequest) -> HttpResponse:
    """The weekly review on one page to print: late actions, then every open problem by priority and age."""
    actor, now = request.actor, clock.now()  # type: ignore[attr-defined]
    late = queries.actions(actor).open().filter(due__lt=now.date())
    context = {"problems": queries.agenda(actor)[: paging.MOST], "late": late[: paging.MOST], "now": now}
    return render(request, "problems/agenda.html", context)


def _columns(columns: list[queries.Column], actor: Actor) -> list[dict[str, Any]]:
    """The columns with the way on from each, and each card with the references that it is linked to."""
    linked = worklog.linked_references([card for column in columns for card in column.cards], actor)
    return [
        {
            "column": column,
            "step": NEXT[column.status],
            "cards": [(card, linked.get(card.pk, {})) for card in column.cards],
        }
        for column in columns
    ]


def _dated(found: Iterable[FollowUpAction], today: date) -> list[dict[str, Any]]:
    """Actions with their due day in short words: late in red, within a week in amber."""
    rows = []
    for action in found:
        days = (action.due - today).days
        if not action.is_open:
            words_, look = action.get_status_display(), "green" if action.status == ActionStatus.DONE else ""
        elif days < 0:
            words_, look = f"{-days} d late", "red"
        elif days <= 7:
            words_, look = "today" if days == 0 else f"{action.due:%a}", "amber"
        else:
            words_, look = f"{action.due.day} {action.due:%b %Y}", ""
        rows.append({"action": action, "words": words_, "look": look, "drop": f"drop-{action.pk}"})
    return rows


def _tabs(actor: Actor, current: str) -> dict[str, Any]:
    late = queries.actions(actor).open().filter(due__lt=clock.now().date()).count()
    return {"tab": current, "late": late, "may_raise": can(actor, Permission.RAISE_PROBLEM)}


# --- one problem ------------------------------------------------------------------------------------------
@page(Permission.RAISE_PROBLEM)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return _new(request, forms.NewForm(), 200)
    return act(
        request,
        forms.NewForm(request.POST),
        lambda data: operations.open_problem(**data, by=request.actor),  # type: ignore[attr-defined]
        done=lambda problem: _done(request, problem, f"{problem.reference} opened."),
        again=partial(_new, request),
    )


def _new(request: HttpRequest, form: django_forms.Form, status: int) -> HttpResponse:
    return render(request, "problems/new.html", {"form": form}, status=status)


@page(Permission.RAISE_PROBLEM)
@require_http_methods(["GET", "HEAD", "POST"])
def raise_from(request: HttpRequest, ref: str) -> HttpResponse:
    """The problem behind a ticket or an incident."""
    actor = request.actor  # type: ignore[attr-defined]
    origin = subjects.find(ref, actor)
    if request.method != "POST":
        source = operations.RAISES.get(origin.SUBJECT, Source.PROACTIVE)
        return _raise(request, origin, forms.RaiseForm(initial={"source": source}), 200)
    return act(
        request,
        forms.RaiseForm(request.POST),
        lambda data: operations.raise_problem(ref, **data, by=actor),
        done=lambda problem: _done(request, problem, f"{problem.reference} opened from {origin.reference}."),
        again=partial(_raise, request, origin),
    )


def _raise(request: HttpRequest, origin: Any, form: django_forms.Form, status: int) -> HttpResponse:
    context = {"form": form, "origin": origin, "origin_url": subjects.kind(origin.SUBJECT).url_name}
    return render(request, "problems/raise.html", context, status=status)


@page(Permission.VIEW_PROBLEMS)
@require_safe
def detail(request: HttpRequest, ref: str) -> HttpResponse:
    return _detail(request, ref)


def _detail(
    request: HttpRequest, ref: str, status: int = 200, failed: str = "", form: django_forms.Form | None = None
) -> HttpResponse:
    """The problem's page; after an error with the bound form of the verb that failed."""
    actor = request.actor  # type: ignore[attr-defined]
    problem = queries.get_for(ref, by=actor)
    shown: dict[str, django_forms.Form] = {
        "edit": forms.EditForm.filled(problem),
        "root_cause": forms.RootCauseForm.filled(problem),
        "known_error": forms.KnownErrorForm.filled(problem),
        "plan_fix": forms.FixForm(initial={"fix_kind": problem.fix_kind}),
        "reopen": forms.ReasonForm(),
        "add_action": forms.ActionForm(),
    }
    if form is not None:
        shown[FORM_OF.get(failed, failed)] = form
    for name, each in shown.items():
        each.auto_id = f"{name}_%s"  # several of them ask for a title or a team
    events = queries.history(ref, by=actor).order_by("-id")[:HISTORY_SHOWN]
    context = {
        "problem": problem,
        "known": getattr(problem, "known_error", None),
        "actions": _dated(queries.actions_of(problem), clock.now().date()),
        "steps": _steps(problem),
        "links": worklog.links_of(problem, actor),
        "timeline": [{"at": e.at, "strong": e.actor_label, "text": words.sentence(e)} for e in events],
        "possible": rules.possible(problem.status),
        "may_work": can(actor, Permission.WORK_PROBLEM),
        "may_publish": can(actor, Permission.PUBLISH_KNOWN_ERROR),
        "forms": shown,
        "failed": failed,
        "broken": {failed: True},
        "failed_form": form,
    }
    return render(request, "problems/detail.html", context, status=status)


def _steps(problem: Problem) -> list[dict[str, str]]:
    """How far it is: one bar a status."""
    order = list(Status)
    at = order.index(Status(problem.status))
    return [
        {"name": status.label, "state": "done" if place < at else "now" if place == at else ""}
        for place, status in enumerate(order)
    ]


@dataclass(frozen=True)
class Verb:
    """One button of a problem's page: its form, the operation, and what the toast says."""

    form: type[django_forms.Form]
    do: Callable[..., Any]
    said: str
    permission: Permission = Permission.WORK_PROBLEM


def _edit(ref: str, *, version: int, by: Actor, **changes: Any) -> Problem:
    return operations.edit(ref, changes=changes, version=version, by=by)


VERBS = {
    "edit": Verb(forms.EditForm, _edit, "Saved."),
    "investigate": Verb(forms.NothingForm, operations.investigate, "The search for the cause has begun."),
    "root_cause": Verb(forms.RootCauseForm, operations.set_root_cause, "Root cause saved."),
    "propose_known_error": Verb(
        forms.KnownErrorForm,
        operations.propose_known_error,
        "Known error proposed; somebody else publishes it.",
    ),
    "publish_known_error": Verb(
        forms.KnownErrorForm,
        operations.publish_known_error,
        "Known error published.",
        Permission.PUBLISH_KNOWN_ERROR,
    ),
    "plan_fix": Verb(forms.FixForm, operations.plan_fix, "Fix planned."),
    "resolve": Verb(forms.NothingForm, operations.resolve, "Resolved. The fix is being watched."),
    "close": Verb(forms.NothingForm, operations.close, "Closed."),
    "reopen": Verb(forms.ReasonForm, operations.reopen, "Reopened."),
    "add_action": Verb(forms.ActionForm, follow_up.add_action, "Action added."),
}
FORM_OF = {"propose_known_error": "known_error", "publish_known_error": "known_error"}

ACTION_VERBS = {
    "accept": Verb(forms.NothingForm, follow_up.accept_action, "Action accepted."),
    "start": Verb(forms.NothingForm, follow_up.start_action, "Action started."),
    "done": Verb(forms.NothingForm, follow_up.finish_action, "Action done."),
    "drop": Verb(forms.ReasonForm, follow_up.drop_action, "Action dropped."),
}


def verb(name: str) -> Callable[..., HttpResponse]:
    """The view behind a problem's button."""
    known = VERBS[name]

    @page(known.permission)
    @require_POST
    def view(request: HttpRequest, ref: str) -> HttpResponse:
        return act(
            request,
            known.form(request.POST),
            lambda data: known.do(ref, **data, by=request.actor),  # type: ignore[attr-defined]
            done=lambda result: _done(request, result, known.said),
            again=lambda form, status: _detail(request, ref, status, name, form),
        )

    return view


def action_verb(name: str) -> Callable[..., HttpResponse]:
    """The view behind a follow-up action's button."""
    known = ACTION_VERBS[name]

    @page(known.permission)
    @require_POST
    def view(request: HttpRequest, pk: int) -> HttpResponse:
        actor = request.actor  # type: ignore[attr-defined]
        ref = queries.get_action(pk, by=actor).problem.reference
        return act(
            request,
            known.form(request.POST),
            lambda data: known.do(pk, **data, by=actor),
            done=lambda action: _done(request, action, known.said),
            again=lambda form, status: _detail(request, ref, status, f"{name}-{pk}", form),
        )

    return view


def _done(request: HttpRequest, result: Problem | FollowUpAction, said: str) -> HttpResponse:
    """Back to where the button was (`next`, on this site only), else to the problem."""
    messages.success(request, said)
    if back := way_back(request.POST.get("next", "")):
        return back
    problem = result.problem if isinstance(result, FollowUpAction) else result
    return redirect("problems:detail", ref=problem.reference)
