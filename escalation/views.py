"""Who to call: the search page, and the entry of one team."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from core.accounts.models import User
from core.accounts.permissions import Permission, can
from core.accounts.web import page
from core.common import clock
from core.common.actor import Actor
from core.common.errors import RuleBroken
from core.common.web import way_back
from escalation import board, directory, finding, operations, queries, rules, schedules, swap_queries
from escalation import people as reaches
from escalation.models import Team

LONGEST_QUESTION = 200
SHOWN_GAPS = 5
SHOWN_IN_BRIEF = 3
MY_SHIFTS = 3
WEEKS_AHEAD = timedelta(weeks=2)


@require_safe
@page(Permission.VIEW_DIRECTORY)
@vary_on_headers("HX-Request")
def who_to_call(request: HttpRequest) -> HttpResponse:
    """One search box; the best answer with its number first. htmx gets the answers alone.

    ?ticket=TKT-1 and ?incident=INC-1 start from what these are about.
    """
    by, now = request.actor, clock.now()  # type: ignore[attr-defined]
    text = request.GET.get("q", "").strip()[:LONGEST_QUESTION]
    work = None if text else finding.work_of(request.GET, by)
    teams = list(directory.entries(whole=bool(text or work)))
    persons = finding.everybody(by) if text else None
    zone = timezone.get_current_timezone()
    loaded = directory.load(teams, now, since=board.beginning(now, zone), known=persons)
    everybody = directory.answers(teams, now, loaded)
    context = {
        "q": text or (work.typed if work else ""),
        "work": work,
        "now": now,
        "everybody": everybody,
        "may_page": can(by, Permission.PAGE),
    }
    if work is not None:
        context["found"] = finding.about(work, by, among=everybody)
    else:
        context["found"] = finding.find(text, by, among=everybody, persons=persons) if text else []
    if request.htmx and not request.htmx.history_restore_request:  # type: ignore[attr-defined]
        return render(request, "escalation/answers.html", context)
    drawn = board.draw(teams, now, zone, loaded.schedule)
    context |= {"board": drawn, "gaps": drawn.gaps[:SHOWN_GAPS], **_head(teams, by, now.date(), persons)}
    return render(request, "escalation/list.html", context)


def _head(
    teams: list[Team], by: Actor, today: date, persons: Mapping[int, User] | None = None
) -> dict[str, Any]:
    """How many people the directory holds, and how many entries nobody checked in time. One query at most."""
    if persons is None:
        people, late = queries.count_people(by, today)
    else:
        cards = [card for person in persons.values() if (card := reaches.card_of(person))]
        people, late = len(persons), sum(card.is_overdue(today) for card in cards)
    late += sum(team.is_overdue(today) for team in teams)
    return {"people": people, "late": late, "may_manage": can(by, Permission.MANAGE_DIRECTORY)}


@require_GET
@page(Permission.VIEW_DIRECTORY)
def brief(request: HttpRequest) -> HttpResponse:
    """A few answers for the side column of a ticket or an incident: a fragment."""
    by = request.actor  # type: ignore[attr-defined]
    work = finding.work_of(request.GET, by)
    if work is None:
        raise RuleBroken("Name a ticket or an incident.", field="ticket")
    everybody = directory.answers(list(directory.entries()))
    context = {
        "work": work,
        "found": finding.about(work, by, among=everybody)[:SHOWN_IN_BRIEF],
        "url": f"{reverse('escalation:list')}?{urlencode(request.GET.dict())}",
    }
    return render(request, "escalation/brief.html", context)


@require_GET
@page(Permission.VIEW_DIRECTORY)
def team_detail(request: HttpRequest, slug: str) -> HttpResponse:
    team = queries.get_team(slug, by=request.actor)  # type: ignore[attr-defined]
    return _team_page(request, team)


@require_POST
@page(Permission.VIEW_DIRECTORY)
def reviewed(request: HttpRequest, slug: str) -> HttpResponse:
    """The entry was checked and is right."""
    team = operations.review_team(slug, by=request.actor)  # type: ignore[attr-defined]
    messages.success(request, f"{team} checked. Next check by {team.review_due:%d %B %Y}.")
    return way_back(request.POST.get("back", "")) or redirect("escalation:detail", team.slug)


def _team_page(request: HttpRequest, team: Team) -> HttpResponse:
    now, by = clock.now(), request.actor  # type: ignore[attr-defined]
    loaded = directory.load([team], now)
    schedule, until = loaded.schedule, now + WEEKS_AHEAD
    turns = [(step, _named(schedule, team, step, until)) for step in schedule.steps(team)]
    context = {
        "answer": directory.answers([team], now, loaded)[0],
        "team": team,
        "turns": turns,
        "my_shifts": list(swap_queries.shifts_of(by.user_id, now).filter(roster__team=team)[:MY_SHIFTS]),
        "offers": list(swap_queries.on_offer(by, now).filter(rotation__team=team)),
        "overdue": team.is_overdue(now.date()),
        "may_page": can(by, Permission.PAGE),
        "may_review": rules.may_review(by, {team.owner_id, team.lead_id, team.manager_id}),
        "may_override": turns and queries.may_override(team, by=by),
    }
    return render(request, "escalation/detail.html", context)


def _named(schedule: schedules.Schedules, team: Team, step: int, until: datetime) -> list[dict[str, object]]:
    """The segments of one step with their people, for a table."""
    return [
        {
            "start": segment.start,
            "end": segment.end,
            "person": schedule.person(segment.person),
            "instead_of": schedule.person(segment.instead_of),
        }
        for segment in schedule.segments(team, step, until=until)
    ]
