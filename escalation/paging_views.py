"""Paging somebody, the list of pages, the story of one, and the link by which people answer from their mail."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from core.accounts.permissions import Permission, can
from core.accounts.web import page
from core.audit import words
from core.common import clock, paging
from core.common.errors import RuleBroken
from core.common.web import act, way_back
from escalation import operations, page_subjects, plans, reaching
from escalation import paging_queries as found
from escalation.models import Page, Team
from escalation.paging_filters import PageFilter
from escalation.paging_forms import CancelForm, PageForm
from escalation.paging_rules import Plan

NO_CONTENT = 204


# --- paging somebody --------------------------------------------------------------------------------------
@require_http_methods(["GET", "POST"])
@page(Permission.PAGE)
def new(request: HttpRequest) -> HttpResponse:
    """Ask whom and why; ?about=TKT-1 and ?team=payments fill it in. Shown as a dialog on other pages."""
    if request.method == "GET":
        given = {name: request.GET.get(name, "")[:60] for name in ("about", "team", "reason")}
        return _ask(
            request, _form(request, initial=given), given["team"] or _team_of(request, given["about"])
        )
    form = _form(request, request.POST)
    return act(
        request,
        form,
        lambda data: operations.page(**form.asked(), by=request.actor),  # type: ignore[attr-defined]
        done=lambda made: _paged(request, made),
        again=lambda form, status: _ask(request, form, request.POST.get("team", "")[:60], status),
    )


@require_GET
@page(Permission.PAGE)
def preview(request: HttpRequest) -> HttpResponse:
    """Who would be told now, and next: a fragment beside the choice of the team."""
    return render(request, "escalation/paging/whom.html", _whom(request, request.GET.get("team", "")[:60]))


def _form(request: HttpRequest, data: Any = None, initial: dict[str, Any] | None = None) -> PageForm:
    by = request.actor  # type: ignore[attr-defined]
    start = dict(initial or {})
    if start.get("about") and not start.get("team"):
        start["team"] = _team_of(request, start["about"])
    teams = Team.objects.visible_to(by).filter(active=True)
    return PageForm(data, initial=start, teams=teams, policies=found.policies(by).prefetch_related(None))


def _team_of(request: HttpRequest, about: str) -> str:
    """The slug of the team whose work it is; "" where nobody's, or where there is nothing to see."""
    try:
        work = page_subjects.find(about, request.actor)  # type: ignore[attr-defined]
    except RuleBroken:
        return ""
    team = work.info.team(work.row)
    return team.slug if team else ""


def _ask(request: HttpRequest, form: forms.Form, team: str, status: int = 200) -> HttpResponse:
    context = {"form": form, **_whom(request, team)}
    return render(request, "escalation/paging/new.html", context, status=status)


def _whom(request: HttpRequest, slug: str) -> dict[str, Any]:
    team = Team.objects.visible_to(request.actor).filter(slug=slug, active=True).first()  # type: ignore[attr-defined]
    if team is None:
        return {"whom": None}
    steps = plans.of_team(team).steps
    now = reaching.resolve(steps[0], clock.now()) if steps else None
    later = [(before.wait_minutes, step.words) for before, step in pairwise(steps)]
    return {"whom": team, "steps": steps, "first": now, "later": later}


def _paged(request: HttpRequest, made: Page) -> HttpResponse:
    people = list(made.notices.filter(kind="step", person__isnull=False).select_related("person"))
    names = list(dict.fromkeys(notice.person.display_name for notice in people if notice.person))
    if names:
        messages.success(request, f"{made.reference}: {', '.join(names)} is being told." if len(names) == 1
                         else f"{made.reference}: {', '.join(names)} are being told.")  # fmt: skip
    else:
        messages.warning(request, f"{made.reference}: nobody could be reached. The manager was told.")
    return redirect("escalation:page", made.reference)


# --- the list ---------------------------------------------------------------------------------------------
@require_GET
@page(Permission.VIEW_DIRECTORY)
def index(request: HttpRequest) -> HttpResponse:
    """Who is being called now, then what is over, the newest first."""
    actor = request.actor  # type: ignore[attr-defined]
    listed = PageFilter(request.GET, queryset=found.pages(actor), request=request).qs
    over = paging.page(
        listed.exclude(state__in=Page.LIVE),
        ordering=("-started_at", "-pk"),
        cursor=request.GET.get("cursor") or None,
    )
    context = {
        "live": list(listed.filter(state__in=Page.LIVE).order_by("-state", "-started_at")[:100]),
        "page": over,
        "may_page": can(actor, Permission.PAGE),
    }
    return render(request, "escalation/paging/list.html", context)


# --- one page ---------------------------------------------------------------------------------------------
@require_GET
@page(Permission.VIEW_DIRECTORY)
def detail(request: HttpRequest, ref: str) -> HttpResponse:
    """The story of one page: who was told when and how, and who answered."""
    one = found.get_page(ref, by=request.actor)  # type: ignore[attr-defined]
    return _detail(request, one, CancelForm())


@require_GET
@page(Permission.VIEW_DIRECTORY)
def live(request: HttpRequest, ref: str) -> HttpResponse:
    """The parts that change by themselves; 204 while nothing did."""
    one = found.get_page(ref, by=request.actor)  # type: ignore[attr-defined]
    context = _context(request, one)
    if request.GET.get("seen") == context["digest"]:
        return HttpResponse(status=NO_CONTENT)
    return render(request, "escalation/paging/live.html", context)


@require_POST
@page(Permission.VIEW_DIRECTORY)
def acknowledge(request: HttpRequest, ref: str) -> HttpResponse:
    """ "I am on it." Goes back to where the button stood."""
    return act(
        request,
        forms.Form(request.POST),
        lambda data: operations.acknowledge(ref, by=request.actor),  # type: ignore[attr-defined]
        done=lambda one: _done(request, one, f"You are on {one.reference}. Nobody else is called."),
        again=lambda form, status: _refused(request, ref, form, CancelForm(), status),
    )


@require_POST
@page(Permission.PAGE)
def cancel(request: HttpRequest, ref: str) -> HttpResponse:
    return act(
        request,
        CancelForm(request.POST),
        lambda data: operations.cancel(ref, reason=data["reason"], by=request.actor),  # type: ignore[attr-defined]
        done=lambda one: _done(request, one, f"{one.reference} is cancelled. Nobody is called any more."),
        again=lambda form, status: _refused(request, ref, form, form, status),
    )


@require_GET
@page(Permission.PAGE)
def about(request: HttpRequest, ref: str) -> HttpResponse:
    """Who is being called about a ticket or an incident: a fragment for its page, empty when nobody is."""
    work = page_subjects.find(ref, request.actor)  # type: ignore[attr-defined]
    live_ones = found.live_pages(work.kind, work.pk).select_related("team", "acknowledged_by")
    return render(request, "escalation/paging/about.html", {"pages": live_ones, "work": work})


def _refused(
    request: HttpRequest, ref: str, form: forms.Form, cancelling: forms.Form, status: int
) -> HttpResponse:
    one = found.get_page(ref, by=request.actor)  # type: ignore[attr-defined]
    return _detail(request, one, cancelling, status, failed=form)


def _done(request: HttpRequest, one: Page, said: str) -> HttpResponse:
    messages.success(request, said)
    return way_back(request.POST.get("next", "")) or redirect("escalation:page", one.reference)


def _detail(
    request: HttpRequest, one: Page, form: forms.Form, status: int = 200, failed: forms.Form | None = None
) -> HttpResponse:
    context = {
        **_context(request, one),
        "form": form,
        "failed": failed,
        "asks_cancel": request.GET.get("open") == "cancel" or (failed is form and failed is not None),
    }
    return render(request, "escalation/paging/detail.html", context, status=status)


def _context(request: HttpRequest, one: Page) -> dict[str, Any]:
    actor = request.actor  # type: ignore[attr-defined]
    answerable = one.state in (Page.State.RUNNING, Page.State.EXHAUSTED) or one.stale_asked_at is not None
    events = found.story(one)
    ledger = list(found.notices(one))
    states = "".join(notice.message.state[0] for notice in ledger)
    return {
        "page": one,
        "work": found.about(one),
        "plan": Plan.from_json(one.plan),
        "story": [(event, words.sentence(event)) for event in reversed(events)],
        "ledger": ledger,
        "digest": f"{one.version}-{len(events)}-{states}"[:200],
        "may_answer": answerable,
        "may_cancel": can(actor, Permission.PAGE) and (one.is_live or one.state == Page.State.EXHAUSTED),
    }


# --- the link in the mail ---------------------------------------------------------------------------------
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def by_link(request: HttpRequest, token: str) -> HttpResponse:
    """Opening the link shows a button and changes nothing, whoever fetches it; the button acknowledges.

    No sign-in: the signed link names one page and one person. It shows what their notice said, no more.
    """
    try:
        one, person = operations.linked(token)
    except RuleBroken as broken:
        return _link_page(request, broken.status, refused=broken.sentence)
    if request.method != "POST":
        return _link_page(request, 200, one=one, person=person)
    try:
        one = operations.acknowledge_by_link(token)
    except RuleBroken as broken:
        return _link_page(request, broken.status, one=one, person=person, refused=broken.sentence)
    return _link_page(request, 200, one=one, person=person, done=True)


def _link_page(request: HttpRequest, status: int, one: Page | None = None, **more: Any) -> HttpResponse:
    work = found.about(one) if one else None
    hides = work is not None and work.is_secret
    context = {"page": one, "work": work, "reason": "" if hides or one is None else one.reason, **more}
    answer = render(request, "escalation/paging/by_link.html", context, status=status)
    answer["Referrer-Policy"] = "no-referrer"
    answer["X-Robots-Tag"] = "noindex"
    return answer
