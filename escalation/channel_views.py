"""How I am paged; and, for who may set it, how a team is."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from core.accounts.permissions import Permission
from core.accounts.web import page
from core.common.web import act, way_back
from escalation import operations, queries
from escalation import paging_queries as found
from escalation.models import PagingChannel, Team
from escalation.operations.channels import Added
from escalation.paging_forms import ChannelForm


@require_GET
@page(Permission.VIEW_DIRECTORY)
def index(request: HttpRequest) -> HttpResponse:
    """One's own ways, or with ?team=slug those of a team."""
    slug = request.GET.get("team", "")[:60]
    team = queries.get_team(slug, by=request.actor) if slug else None  # type: ignore[attr-defined]
    return _page(request, team, _form(request, initial={"team": team}))


@require_POST
@page(Permission.VIEW_DIRECTORY)
def add(request: HttpRequest) -> HttpResponse:
    form = _form(request, request.POST)

    def do(data: dict[str, Any]) -> Added:
        owner = {"team": data["team"]} if data["team"] else {"person": request.user}
        typed = {name: data[name] for name in ("transport", "url", "label", "template", "authorization")}
        return operations.add_channel(
            **typed,
            format=data["format"] or "json",
            **owner,
            by=request.actor,  # type: ignore[attr-defined]
        )

    return act(
        request,
        form,
        do,
        done=lambda made: _added(request, made),
        again=lambda form, status: _page(request, form.cleaned_data.get("team"), form, status),
    )


@require_POST
@page(Permission.VIEW_DIRECTORY)
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    return _verb(request, pk, operations.remove_channel, "Removed; the address is forgotten.")


@require_POST
@page(Permission.VIEW_DIRECTORY)
def try_it(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a test."""
    return _verb(request, pk, operations.try_channel, "A test is on its way.")


def _verb(request: HttpRequest, pk: int, operation: Any, said: str) -> HttpResponse:
    def done(channel: PagingChannel) -> HttpResponse:
        messages.success(request, said)
        answer = way_back(_place(channel.team))
        assert answer is not None
        return answer

    return act(
        request,
        forms.Form(request.POST),
        lambda data: operation(pk, by=request.actor),  # type: ignore[attr-defined]
        done=done,
        again=lambda form, status: _page(request, None, _form(request), status, refused=form),
    )


def _added(request: HttpRequest, made: Added) -> HttpResponse:
    """A secret is shown on this one answer and stored nowhere that shows it again."""
    if not made.secret:
        messages.success(request, f"{made.channel} is added. Send a test to see that it works.")
        answer = way_back(_place(made.channel.team))
        assert answer is not None
        return answer
    team = made.channel.team
    return _page(request, team, _form(request, initial={"team": team}), secret=made.secret, made=made.channel)


def _place(team: Team | None) -> str:
    return reverse("escalation:channels") + (f"?team={team.slug}" if team else "")


def _form(request: HttpRequest, data: Any = None, **more: Any) -> ChannelForm:
    return ChannelForm(data, teams=Team.objects.visible_to(request.actor), **more)  # type: ignore[attr-defined]


def _page(
    request: HttpRequest,
    team: Team | None,
    form: forms.Form,
    status: int = 200,
    refused: forms.Form | None = None,
    **more: Any,
) -> HttpResponse:
    by = request.actor  # type: ignore[attr-defined]
    person = None if team else request.user
    may = found.may_set_channels(by, person=person, team=team)  # type: ignore[arg-type]
    context = {
        "team": team,
        "channels": list(found.channels(person=person, team=team)) if may else [],  # type: ignore[arg-type]
        "may_set": may,
        "form": form,
        "refused": refused,
        **more,
    }
    return render(request, "escalation/paging/channels.html", context, status=status)
