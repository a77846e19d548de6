"""Swaps: one's shifts, the offers that stand, and one offer with what can be done about it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from core.accounts.permissions import Permission
from core.accounts.web import page
from core.common import clock
from core.common.actor import Actor
from core.common.web import act
from escalation import operations, queries, standing, swap_queries, swap_rules
from escalation.models import Shift, Swap
from escalation.swap_forms import SwapForm


@require_GET
@page(Permission.VIEW_DIRECTORY)
def shifts(request: HttpRequest) -> HttpResponse:
    """When I am on call, what I am asked to take, and what became of my offers."""
    by, now = request.actor, clock.now()  # type: ignore[attr-defined]
    mine = list(swap_queries.offered_by(by, now))
    context = {
        "standing": standing.of(by, now),
        "shifts": [
            (shift, _offer_for(shift, mine))
            for shift in swap_queries.shifts_of(by.user_id, now)[: swap_queries.MOST_SHIFTS]
        ],
        "asked": list(swap_queries.asked_of(by, now)),
        "mine": mine,
        "decided": list(swap_queries.decided(by)),
    }
    return render(request, "escalation/swaps/shifts.html", context)


@require_GET
@page(Permission.VIEW_DIRECTORY)
def index(request: HttpRequest) -> HttpResponse:
    """Every offer that stands; ?team=slug for one team's."""
    by, slug = request.actor, request.GET.get("team", "")[:60]  # type: ignore[attr-defined]
    team = queries.get_team(slug, by=by) if slug else None
    found = swap_queries.on_offer(by, clock.now())
    context = {"team": team, "swaps": list(found.filter(rotation__team=team) if team else found[:200])}
    return render(request, "escalation/swaps/list.html", context)


@require_http_methods(["GET", "POST"])
@page(Permission.VIEW_DIRECTORY)
def new(request: HttpRequest, pk: int) -> HttpResponse:
    """Offer a shift of one's own."""
    by, now = request.actor, clock.now()  # type: ignore[attr-defined]
    shift = swap_queries.get_shift(pk, now, by=by)
    if request.method == "GET":
        return _new_page(request, shift, _form(shift))

    def done(swap: Swap) -> HttpResponse:
        whom = swap.asked_of.display_name if swap.asked_of else "The team"
        messages.success(request, f"{whom} is asked. Until somebody takes it, the shift is yours.")
        return redirect("escalation:swap", swap.pk)

    return act(
        request,
        _form(shift, request.POST),
        lambda data: operations.ask_swap(rotation=shift.rotation, **data, by=by),
        done=done,
        again=lambda form, status: _new_page(request, shift, form, status),
    )


@require_GET
@page(Permission.VIEW_DIRECTORY)
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One offer: take it, decline it, or what became of it."""
    return _detail_page(request, queries.get_swap(pk, by=request.actor))  # type: ignore[attr-defined]


@require_POST
@page(Permission.VIEW_DIRECTORY)
def take(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the shift; who comes second hears who was first."""
    return _verb(
        request, pk, operations.take_swap, "The shift is yours. Calendars and pages say so from now on."
    )


@require_POST
@page(Permission.VIEW_DIRECTORY)
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the offer back, or decline it."""
    return _verb(request, pk, operations.withdraw_swap, "The offer is off the table.")


def _verb(request: HttpRequest, pk: int, operation: Callable[..., Swap], said: str) -> HttpResponse:
    by: Actor = request.actor  # type: ignore[attr-defined]

    def done(swap: Swap) -> HttpResponse:
        messages.success(request, said)
        return redirect("escalation:swap", swap.pk)

    return act(
        request,
        forms.Form(request.POST),
        lambda data: operation(pk, by=by),
        done=done,
        again=lambda form, status: _detail_page(request, queries.get_swap(pk, by=by), status, refused=form),
    )


def _detail_page(request: HttpRequest, swap: Swap, status: int = 200, **more: Any) -> HttpResponse:
    by: Actor = request.actor  # type: ignore[attr-defined]
    open_still = (
        swap.state == Swap.State.ASKED and swap.expires_at is not None and swap.expires_at > clock.now()
    )
    team = swap_queries.team_people(swap.rotation.team_id, swap.asked_by_id) if open_still else ()
    context = {
        "swap": swap,
        "open": open_still,
        "declines": swap.asked_of_id == by.user_id,
        "may_take": open_still and swap_rules.may_take(swap, by, {person.pk for person in team}),
        "may_withdraw": open_still and swap_rules.may_withdraw(swap, by),
        **more,
    }
    return render(request, "escalation/swaps/detail.html", context, status=status)


def _form(shift: Shift, data: Any = None) -> SwapForm:
    people = swap_queries.team_people(shift.roster.team_id, shift.user_id)
    people = people.order_by("first_name", "last_name", "username")
    returns = swap_queries.to_return(shift, clock.now())
    return SwapForm(data, shift=shift, people=people, returns=list(returns))


def _new_page(request: HttpRequest, shift: Shift, form: forms.Form, status: int = 200) -> HttpResponse:
    offered = _offer_for(shift, list(swap_queries.offered_by(request.actor, clock.now())))  # type: ignore[attr-defined]
    context = {"shift": shift, "form": form, "offered": offered}
    return render(request, "escalation/swaps/new.html", context, status=status)


def _offer_for(shift: Shift, offers: list[Swap]) -> Swap | None:
    """The offer that stands for a shift or a part of it."""
    return next(
        (
            swap
            for swap in offers
            if swap.rotation_id == shift.rotation_id
            and swap.starts_at < shift.ends_at
            and shift.starts_at < swap.ends_at
        ),
        None,
    )
