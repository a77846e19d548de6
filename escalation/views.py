"""Who to call: the search page, and the entry of one team."""

from __future__ import annotations

from datetime import timedelta

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from core.accounts.permissions import Permission
from core.accounts.web import page
from core.common import clock
from core.common.web import act
from escalation import board, directory, operations, queries, rules, schedules
from escalation.forms import OverrideForm
from escalation.models import RotationMember, Team

LONGEST_QUESTION = 200
SHOWN_GAPS = 5
WEEKS_AHEAD = timedelta(weeks=2)


@require_safe
@page(Permission.VIEW_DIRECTORY)
@vary_on_headers("HX-Request")
def who_to_call(request: HttpRequest) -> HttpResponse:
    """One search box; the best answer with its number first. htmx gets the answers alone."""
    now = clock.now()
    text = request.GET.get("q", "").strip()[:LONGEST_QUESTION]
    teams = list(directory.entries())
    everybody = directory.answers(teams, now)
    context = {
        "q": text,
        "now": now,
        "found": directory.search(text, among=everybody) if text else [],
        "everybody": everybody,
    }
    if request.htmx and not request.htmx.history_restore_request:  # type: ignore[attr-defined]
        return render(request, "escalation/answers.html", context)
    context["people"] = len({person.pk for team in teams for person in team.members.all()})
    context["overdue"] = [team for team in teams if team.is_overdue(now.date())]
    drawn = board.draw(teams, now, timezone.get_current_timezone())
    context |= {"board": drawn, "gaps": drawn.gaps[:SHOWN_GAPS]}
    return render(request, "escalation/list.html", context)


@require_GET
@page(Permission.VIEW_DIRECTORY)
def team_detail(request: HttpRequest, slug: str) -> HttpResponse:
    team = queries.get_team(slug, by=request.actor)  # type: ignore[attr-defined]
    return _team_page(request, team, _override_form(request, team))


@require_POST
@page(Permission.VIEW_DIRECTORY)
def reviewed(request: HttpRequest, slug: str) -> HttpResponse:
    """The entry was checked and is right."""
    team = operations.review_team(slug, by=request.actor)  # type: ignore[attr-defined]
    messages.success(request, f"{team} checked. Next check by {team.review_due:%d %B %Y}.")
    return redirect("escalation:detail", team.slug)


@require_POST
@page(Permission.VIEW_DIRECTORY)
def override(request: HttpRequest, slug: str) -> HttpResponse:
    """Somebody stands in for a while."""
    team = queries.get_team(slug, by=request.actor)  # type: ignore[attr-defined]
    return act(
        request,
        _override_form(request, team, request.POST),
        lambda data: operations.add_override(**data, by=request.actor),  # type: ignore[attr-defined]
        done=lambda made: _told(request, f"{made.user.display_name} stands in.", team),
        again=lambda form, status: _team_page(request, team, form, status),
    )


def _told(request: HttpRequest, sentence: str, team: Team) -> HttpResponse:
    messages.success(request, sentence)
    return redirect("escalation:detail", team.slug)


def _override_form(request: HttpRequest, team: Team, data: object = None) -> OverrideForm:
    rotations = queries.rotations(request.actor).filter(team=team, active=True)  # type: ignore[attr-defined]
    people = queries.people(request.actor)  # type: ignore[attr-defined]
    return OverrideForm(
        data, rotations=rotations.prefetch_related(None), people=people.prefetch_related(None)
    )


def _team_page(request: HttpRequest, team: Team, form: forms.Form, status: int = 200) -> HttpResponse:
    now, by = clock.now(), request.actor  # type: ignore[attr-defined]
    schedule = schedules.load([team], now, now + WEEKS_AHEAD)
    turns = [(step, _named(schedule, team, step)) for step in schedule.steps(team)]
    context = {
        "answer": directory.who_is_on_call(team, now),
        "team": team,
        "turns": turns,
        "form": form,
        "overdue": team.is_overdue(now.date()),
        "may_review": rules.may_review(by, {team.owner_id, team.lead_id, team.manager_id}),
        "may_override": turns and rules.may_override(by, {team.lead_id, team.manager_id}, _turning(team)),
    }
    return render(request, "escalation/detail.html", context, status=status)


def _turning(team: Team) -> set[int]:
    """Who takes turns in the team's rotations."""
    return set(RotationMember.objects.filter(rotation__team=team).values_list("user_id", flat=True))


def _named(schedule: schedules.Schedules, team: Team, step: int) -> list[dict[str, object]]:
    """The segments of one step with their people, for a table."""
    return [
        {
            "start": segment.start,
            "end": segment.end,
            "person": schedule.person(segment.person),
            "instead_of": schedule.person(segment.instead_of),
        }
        for segment in schedule.segments(team, step)
    ]
