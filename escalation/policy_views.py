"""The pages of escalation policies: the list, and the editor with its steps."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from core.accounts.permissions import Permission
from core.accounts.web import page
from core.common.web import act
from escalation import operations, plans, queries
from escalation import paging_queries as found
from escalation.models import EscalationPolicy, Team
from escalation.paging_forms import MOST_SHOWN_STEPS, PolicyForm, StepForm
from escalation.paging_rules import Step

FACTS = (
    "name", "is_default", "repeat", "stale_minutes", "on_breach", "unassigned_p0_minutes", "on_incident", "active",
)  # fmt: skip


@require_GET
@page(Permission.VIEW_DIRECTORY)
def index(request: HttpRequest) -> HttpResponse:
    """Every team with its policies, and those that have none of their own yet."""
    actor = request.actor  # type: ignore[attr-defined]
    policies = list(
        found.policies(actor).filter(team__active=True).order_by("team__name", "-is_default", "name")
    )
    shown = [(policy, plans.of_loaded(policy)) for policy in policies]
    without = (
        Team.objects.visible_to(actor)
        .filter(active=True)
        .exclude(pk__in=[policy.team_id for policy in policies])
    )
    return render(request, "escalation/paging/policies.html", {"policies": shown, "without": without})


@require_http_methods(["GET", "POST"])
@page(Permission.VIEW_DIRECTORY)
def new(request: HttpRequest, slug: str) -> HttpResponse:
    """A new policy of a team, begun with the steps that the team would have without one."""
    team = queries.get_team(slug, by=request.actor)  # type: ignore[attr-defined]
    found.require_policy_editor(request.actor, team)  # type: ignore[attr-defined]
    if request.method == "POST":
        return _save(request, team, None)
    steps = [StepForm.initial_of(step, team) for step in plans.fixed(team).steps]
    return _page(request, team, None, PolicyForm(), _steps(request, team, steps))


@require_http_methods(["GET", "POST"])
@page(Permission.VIEW_DIRECTORY)
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """One policy. Pages that run keep the copy that they took."""
    policy = found.get_policy(pk, by=request.actor)  # type: ignore[attr-defined]
    if request.method == "POST":
        return _save(request, policy.team, policy)
    initial = {name: getattr(policy, name) for name in FACTS} | {"version": policy.version}
    steps = [StepForm.initial_of(step, policy.team) for step in plans.of_policy(policy).steps]
    return _page(
        request, policy.team, policy, PolicyForm(initial=initial), _steps(request, policy.team, steps)
    )


def _save(request: HttpRequest, team: Team, policy: EscalationPolicy | None) -> HttpResponse:
    """Adding and taking away a step come back here, too: the form is shown again with one more or less."""
    numbers = _numbers(request.POST.get("steps", ""))
    if "add" in request.POST or "drop" in request.POST:
        return _reshaped(request, team, policy, numbers)
    steps = _bound(request, team, numbers)
    form = PolicyForm(request.POST)

    def do(data: dict[str, Any]) -> EscalationPolicy:
        facts = {name: data[name] for name in FACTS}
        typed: list[Step] = [step.step(team) for step in steps]
        by = request.actor  # type: ignore[attr-defined]
        if policy is None:
            return operations.create_policy(team=team, steps=typed, **facts, by=by)
        return operations.edit_policy(
            policy.pk, changes={**facts, "steps": typed}, version=data["version"], by=by
        )

    def done(made: EscalationPolicy) -> HttpResponse:
        messages.success(request, f"{made} is saved. Pages that run keep to what they began with.")
        return redirect("escalation:policy", made.pk)

    if not all([step.is_valid() for step in steps]):
        form.is_valid()
        return _page(request, team, policy, form, steps, 422)
    return act(
        request,
        form,
        do,
        done=done,
        again=lambda form, status: _page(request, team, policy, form, steps, status),
    )


def _reshaped(
    request: HttpRequest, team: Team, policy: EscalationPolicy | None, numbers: list[int]
) -> HttpResponse:
    dropped = _numbers(request.POST.get("drop", ""))
    left = [number for number in numbers if number not in dropped]
    typed = PolicyForm(initial={name: request.POST.get(name) for name in (*FACTS, "version")})
    steps = _bound(request, team, left)
    for step in steps:
        step.is_valid()
        step.errors.clear()
    if "add" in request.POST and len(left) < MOST_SHOWN_STEPS:
        steps += _steps(request, team, [{}], first=max(numbers, default=0) + 1)
    return _page(request, team, policy, typed, steps)


def _numbers(text: str) -> list[int]:
    """The numbers of the step forms on the page, as its hidden field lists them."""
    found = [
        int(part)
        for part in text.split(",")[:MOST_SHOWN_STEPS]
        if part.isascii() and part.isdigit() and len(part) < 4
    ]
    return list(dict.fromkeys(found))


def _bound(request: HttpRequest, team: Team, numbers: list[int]) -> list[StepForm]:
    return [StepForm(request.POST, prefix=f"s{number}", **_choices(request)) for number in numbers]


def _steps(request: HttpRequest, team: Team, values: list[dict[str, Any]], first: int = 1) -> list[StepForm]:
    return [
        StepForm(initial=initial, prefix=f"s{number}", **_choices(request))
        for number, initial in enumerate(values, first)
    ]


def _choices(request: HttpRequest) -> dict[str, Any]:
    by = request.actor  # type: ignore[attr-defined]
    return {
        "people": queries.people(by).prefetch_related(None),
        "teams": Team.objects.visible_to(by).filter(active=True),
    }


def _page(
    request: HttpRequest,
    team: Team,
    policy: EscalationPolicy | None,
    form: forms.Form,
    steps: list[StepForm],
    status: int = 200,
) -> HttpResponse:
    context = {
        "team": team,
        "policy": policy,
        "form": form,
        "steps": [(step.prefix.removeprefix("s"), step) for step in steps],
        "numbers": ",".join(step.prefix.removeprefix("s") for step in steps),
        "room": len(steps) < MOST_SHOWN_STEPS,
        "may_edit": found.may_edit_policies(request.actor, team),  # type: ignore[attr-defined]
    }
    return render(request, "escalation/paging/policy.html", context, status=status)
