"""Escalation policies: writing them, and the one that a team has without anybody writing it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.db import transaction
from django.db.models import F

from core.accounts.models import User
from core.accounts.permissions import Permission, require
from core.audit import trail
from core.common.actor import Actor, system
from core.common.errors import RuleBroken
from escalation import paging_queries as queries
from escalation import paging_rules as rules
from escalation import plans
from escalation.models import EscalationPolicy, PolicyStep, StepTarget, Team
from escalation.operations.shared import check, update
from escalation.paging_rules import Step, Target

DEFAULT_NAME = "Default"


@transaction.atomic
def create_policy(
    *, team: Team, name: str, steps: Sequence[Step], is_default: bool = False, by: Actor, **settings: Any
) -> EscalationPolicy:
    """Write a policy. The first one of a team is its default. Raises RuleBroken for one that tells nobody."""
    _check_may_edit(team, by)
    steps = _named(team, steps)
    is_default = is_default or queries.default_policy(team) is None
    policy = EscalationPolicy(team=team, name=name, is_default=is_default, **settings)
    _check(policy, steps)
    if is_default:
        _take_default_from(team)
    check(policy)
    policy.save(force_insert=True)
    _set_steps(policy, steps)
    facts = {"name": name, "steps": in_words(steps)}
    trail.record("escalation_policy.created", on=policy, by=by, after=facts, team=team.slug)
    return queries.get_policy(policy.pk, by=by)


@transaction.atomic
def edit_policy(
    pk: int | str, *, changes: dict[str, Any], version: int | None = None, by: Actor
) -> EscalationPolicy:
    """Change a policy for the pages to come; those that run follow the copy that they took."""
    policy = queries.get_policy(pk, by=by)
    _check_may_edit(policy.team, by)
    changes = dict(changes)
    typed = changes.pop("steps", None)
    steps = None if typed is None else _named(policy.team, typed)
    if policy.is_default and (changes.get("is_default") is False or changes.get("active") is False):
        raise RuleBroken(
            f"{policy.name} is what {policy.team} uses by default. Make another one the default first.",
            field="is_default",
        )
    before, after = trail.changed(policy, changes)
    old = plans.of_policy(policy).steps
    if changes.get("is_default") and not policy.is_default:
        _take_default_from(policy.team)
    update(policy, changes, version)
    _check(policy, old if steps is None else steps)
    if steps is not None and not rules.same(steps, old):
        before["steps"], after["steps"] = in_words(old), in_words(steps)
        _set_steps(policy, steps)
    trail.record(
        "escalation_policy.changed", on=policy, by=by, before=before, after=after, team=policy.team.slug
    )
    return queries.get_policy(pk, by=by)


@transaction.atomic
def ensure_default(team: Team) -> EscalationPolicy:
    """The team's default policy, written now by the desk itself where nobody has: on call, second, lead, manager."""
    known = queries.default_policy(team)
    if known is not None:
        return known
    names = set(EscalationPolicy.objects.filter(team=team).values_list("name", flat=True))
    name = next(
        name for name in (DEFAULT_NAME, *(f"{DEFAULT_NAME} {n}" for n in range(2, 99))) if name not in names
    )
    return create_policy(team=team, name=name, steps=plans.fixed(team).steps, is_default=True, by=system())


def in_words(steps: Sequence[Step]) -> list[str]:
    return [f"{step.words}, {step.wait_minutes} min" for step in steps]


def _named(team: Team, steps: Sequence[Step]) -> list[Step]:
    """The steps with names for the trail; a target without a team means the policy's own."""
    own = [
        [
            replace(one, team=team.pk) if one.team is None and one.kind != rules.PERSON else one
            for one in step.targets
        ]
        for step in steps
    ]
    teams = Team.objects.in_bulk({one.team for targets in own for one in targets if one.team})
    people = User.objects.in_bulk({one.person for targets in own for one in targets if one.person})
    names = {one: str(teams[one]) for one in teams}

    def name(one: Target) -> str:
        person = people.get(one.person or 0)
        return person.display_name if person else names.get(one.team or 0, "")

    return [
        Step(step.wait_minutes, tuple(replace(one, name=name(one)) for one in targets))
        for step, targets in zip(steps, own, strict=True)
    ]


def _check(policy: EscalationPolicy, steps: Sequence[Step]) -> None:
    rules.check_whole(rules.Plan(policy.name, policy.repeat + 1, policy.stale_minutes, tuple(steps)))


def _check_may_edit(team: Team, by: Actor) -> None:
    require(by, Permission.VIEW_DIRECTORY)
    queries.require_policy_editor(by, team)


def _take_default_from(team: Team) -> None:
    EscalationPolicy.objects.filter(team=team, is_default=True).update(
        is_default=False, version=F("version") + 1
    )


def _set_steps(policy: EscalationPolicy, steps: Sequence[Step]) -> None:
    policy.steps.all().delete()
    for number, step in enumerate(steps, 1):
        row = PolicyStep.objects.create(policy=policy, number=number, wait_minutes=step.wait_minutes)
        StepTarget.objects.bulk_create(
            StepTarget(
                step=row,
                kind=target.kind,
                team_id=target.team,
                person_id=target.person,
                rotation_step=target.rotation_step,
            )
            for target in step.targets
        )
