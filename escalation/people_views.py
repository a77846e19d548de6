"""Everybody in support and every manager: the list, one person, and the form they keep themselves."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from core.accounts.models import User
from core.accounts.permissions import Permission, can
from core.accounts.web import page
from core.common import clock, paging
from core.common.web import act, way_back
from core.outbox import bounces
from escalation import directory, operations, people, queries, rules
from escalation.filters import PersonFilter
from escalation.people_forms import PersonForm, initial_of

AT_ONCE = 100


@require_GET
@page(Permission.VIEW_DIRECTORY)
def index(request: HttpRequest) -> HttpResponse:
    """Everybody by name, who is on call and what time it is for them."""
    by, now = request.actor, clock.now()  # type: ignore[attr-defined]
    found = PersonFilter(request.GET, queryset=queries.people(by), request=request)
    cursor = request.GET.get("cursor") or None
    rows = paging.page(found.qs, ordering=("first_name", "last_name"), cursor=cursor, limit=AT_ONCE)
    on_call = people.on_call_now(now)
    context = {
        "page": rows,
        "rows": [(person, on_call.get(person.pk), people.at_work(person, now)) for person in rows.rows],
        "search": request.GET.get("search", "")[:200],
        "filtered": any(name in request.GET for name in PersonFilter.base_filters),
        "errors": [text for texts in found.errors.values() for text in texts],
    }
    return render(request, "escalation/people.html", context)


@require_GET
@page(Permission.VIEW_DIRECTORY)
def detail(request: HttpRequest, username: str) -> HttpResponse:
    """One person: how to reach them now, when they are on call, what they look after."""
    by, now = request.actor, clock.now()  # type: ignore[attr-defined]
    person = queries.get_person(username, by=by)
    coming = people.turns(person, now)
    leads = {pk for team in person.teams.all() for pk in (team.lead_id, team.manager_id)}
    context = {
        "person": person,
        "card": people.card_of(person),
        "dead": bounces.dead([person.email]).get(person.email.casefold()),
        "reach": people.reach(person, directory.may_be_called(by)),
        "at_work": people.at_work(person, now),
        "turns": coming,
        "on_call": next((turn for turn in coming if turn.now), None),
        "leads": queries.teams(by).filter(lead=person).prefetch_related(None),
        "manages": queries.teams(by).filter(manager=person).prefetch_related(None),
        "customers": people.customers_of(person, by),
        "may_edit": by.user_id == person.pk or can(by, Permission.MANAGE_DIRECTORY),
        "may_review": rules.may_review(by, {person.pk, *leads}),
    }
    return render(request, "escalation/person.html", context)


@require_http_methods(["GET", "POST"])
@page(Permission.VIEW_DIRECTORY)
def edit(request: HttpRequest, username: str) -> HttpResponse:
    """The form of a person, for themselves and for managers of the directory."""
    by = request.actor  # type: ignore[attr-defined]
    person = queries.person_to_edit(username, by=by)
    sees = by.user_id == person.pk or person.pk in directory.may_be_called(by)
    if request.method == "GET":
        form = PersonForm(initial=initial_of(person, sees_number=sees), sees_number=sees)
        return _form_page(request, person, form)

    def do(data: dict[str, Any]) -> User:
        version = data.pop("version")
        if not sees and not data["phone"]:
            del data["phone"]
        return operations.edit_person(username, changes=data, version=version, by=by)

    def done(saved: User) -> HttpResponse:
        messages.success(request, f"{saved.display_name} is saved.")
        return redirect("escalation:person", saved.username)

    form = PersonForm(request.POST, sees_number=sees)
    return act(
        request, form, do, done=done, again=lambda again, status: _form_page(request, person, again, status)
    )


@require_POST
@page(Permission.VIEW_DIRECTORY)
def reviewed(request: HttpRequest, username: str) -> HttpResponse:
    """The entry was checked and is right."""
    person = operations.review_person(username, by=request.actor)  # type: ignore[attr-defined]
    due = person.card.review_due
    messages.success(request, f"{person.display_name} checked. Next check by {due:%d %B %Y}.")
    return way_back(request.POST.get("back", "")) or redirect("escalation:person", person.username)


def _form_page(request: HttpRequest, person: User, form: Any, status: int = 200) -> HttpResponse:
    context = {"person": person, "form": form}
    return render(request, "escalation/person_form.html", context, status=status)
