"""The page of the tiers: what each is called and does, one more, one less."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from core.accounts.permissions import Permission
from core.accounts.web import page
from core.common.web import act
from escalation import operations, queries, tiers
from escalation.forms import TierForm
from escalation.models import MOST_TIERS, Team, Tier

LAST, NEW = "last", "new"


@require_http_methods(["GET", "POST"])
@page(Permission.MANAGE_DATA)
def index(request: HttpRequest) -> HttpResponse:
    """All tiers in use, each with its form; posting adds one."""
    if request.method == "GET":
        return _page(request)
    return act(
        request, TierForm(request.POST, prefix=NEW),
        lambda data: operations.add_tier(name=data["name"], does=data["does"], by=request.actor),
        done=lambda tier: _told(request, f"{tier} is the last tier now. Give it a team: no work goes up before."),
        again=lambda form, status: _page(request, {NEW: form}, status),
    )  # fmt: skip


@require_POST
@page(Permission.MANAGE_DATA)
def edit(request: HttpRequest, number: int) -> HttpResponse:
    """Another name, or another word on what it does."""

    def do(data: dict[str, Any]) -> Tier:
        version = data.pop("version")
        return operations.edit_tier(number, changes=data, version=version, by=request.actor)

    return act(
        request, TierForm(request.POST, prefix=str(number)), do,
        done=lambda tier: _told(request, f"{tier} saved."),
        again=lambda form, status: _page(request, {str(number): form}, status),
    )  # fmt: skip


@require_POST
@page(Permission.MANAGE_DATA)
def remove(request: HttpRequest, number: int) -> HttpResponse:
    """Take the last tier away."""
    return act(
        request, forms.Form(request.POST),
        lambda data: operations.remove_tier(number, by=request.actor),
        done=lambda tier: _told(request, f"{tier} is no tier any more."),
        again=lambda form, status: _page(request, {LAST: form}, status),
    )  # fmt: skip


def _told(request: HttpRequest, sentence: str) -> HttpResponse:
    messages.success(request, sentence)
    return redirect("tiers:list")


def _page(
    request: HttpRequest, bound: dict[str, forms.Form] | None = None, status: int = 200
) -> HttpResponse:
    """`bound` are forms with an error, by the number of their tier; `last` holds why the last one stays."""
    bound = bound or {}
    teams: dict[int, list[Team]] = {}
    for team in queries.teams(request.actor).filter(active=True).prefetch_related(None):
        teams.setdefault(team.tier, []).append(team)
    ladder = tiers.ladder_now()
    rows = [
        {
            "tier": tier,
            "teams": teams.get(tier.number, []),
            "form": bound.get(str(tier.number)) or _form_of(tier),
            "removable": tier.number == ladder.last > 1,
        }
        for tier in Tier.objects.visible_to(request.actor).filter(active=True)
    ]
    context = {
        "rows": rows,
        "refused": bound.get(LAST),
        "new": bound.get(NEW) or TierForm(prefix=NEW) if ladder.last < MOST_TIERS else None,
        "most": MOST_TIERS,
    }
    return render(request, "escalation/tiers.html", context, status=status)


def _form_of(tier: Tier) -> TierForm:
    known = {"name": tier.name, "does": tier.does, "version": tier.version}
    return TierForm(initial=known, prefix=str(tier.number))
