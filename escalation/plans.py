"""How a team is escalated to: the policy that somebody wrote, else the fixed rule.

A running page keeps what is read here, and the page "who to call" shows it: the same functions for both.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db.models import OuterRef, Q, QuerySet
from django.db.models.functions import JSONObject

from core.common import clock
from core.common.json_rows import JsonRows
from escalation import paging_rules, schedules
from escalation.models import EscalationPolicy, StepTarget, Team
from escalation.paging_rules import Plan, Step, Target

_COLUMNS = {
    "id": "pk", "number": "step__number", "wait": "step__wait_minutes", "policy": "step__policy__name",
    "repeat": "step__policy__repeat", "stale": "step__policy__stale_minutes", "kind": "kind", "team": "team",
    "person": "person", "nth": "rotation_step", "team_name": "team__name", "first": "person__first_name",
    "last": "person__last_name", "username": "person__username",
}  # fmt: skip
_DEFAULT = Q(step__policy__is_default=True, step__policy__active=True)
Rows = Sequence[Mapping[str, Any]]


def column() -> JsonRows:
    """The default policy of a team as a column of a query over teams: what `of_rows` reads; [] without one."""
    return JsonRows(_targets().filter(_DEFAULT, step__policy__team=OuterRef("pk")), **_COLUMNS)


def written(teams: Iterable[int]) -> dict[int, Rows]:
    """The same for teams that were loaded without it, by team; one query."""
    found: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
    rows = _targets().filter(_DEFAULT, step__policy__team__in=teams)
    for team, row in rows.values_list("step__policy__team", JSONObject(**_COLUMNS)):
        found[team].append(row)
    return dict(found)


def of_rows(rows: Rows) -> Plan:
    """The plan that a policy's rows tell of; there is at least one."""
    steps: dict[int, list[Target]] = {}
    waits: dict[int, int] = {}
    for row in sorted(rows, key=lambda row: (row["number"], row["id"])):
        waits[row["number"]] = row["wait"]
        steps.setdefault(row["number"], []).append(_target(row))
    return Plan(
        policy=rows[0]["policy"],
        rounds=rows[0]["repeat"] + 1,
        stale_minutes=rows[0]["stale"],
        steps=tuple(Step(waits[number], tuple(targets)) for number, targets in steps.items()),
    )


def of_policy(policy: EscalationPolicy) -> Plan:
    """The policy as a page keeps it, read afresh."""
    rows = [row for (row,) in _targets().filter(step__policy=policy).values_list(JSONObject(**_COLUMNS))]
    return of_rows(rows) if rows else Plan(policy.name, policy.repeat + 1, policy.stale_minutes, ())


def of_loaded(policy: EscalationPolicy) -> Plan:
    """The same for one that came with its steps from `paging_queries.policies`: no query."""
    steps = tuple(
        Step(step.wait_minutes, tuple(map(_loaded, step.targets.all()))) for step in policy.steps.all()
    )
    return Plan(policy.name, policy.repeat + 1, policy.stale_minutes, steps)


def of_team(team: Team) -> Plan:
    """How a team is escalated to now: by its default policy, else by the fixed rule."""
    rows = written([team.pk]).get(team.pk)
    return of_rows(rows) if rows else fixed(team)


def fixed(team: Team, rotations: Sequence[int] | None = None) -> Plan:
    """The rule for a team that nobody has written a policy for: on call, second, lead, manager.

    `rotations` are the steps of its rotations, read here when they are not given.
    """
    if rotations is None:
        now = clock.now()
        rotations = schedules.load([team], now, now + schedules.MOMENT).steps(team)
    steps = paging_rules.default_steps(
        team.pk, team.name, rotations=rotations, has_lead=team.lead_id is not None,
        has_manager=team.manager_id is not None,
    )  # fmt: skip
    return Plan(policy="", rounds=1, stale_minutes=EscalationPolicy().stale_minutes, steps=tuple(steps))


def _targets() -> QuerySet[StepTarget]:
    return StepTarget.objects.order_by()


def _target(row: Mapping[str, Any]) -> Target:
    name = row["team_name"] or f"{row['first']} {row['last']}".strip() or row["username"]
    return Target(row["kind"], row["team"], row["person"], row["nth"], name)


def _loaded(row: StepTarget) -> Target:
    name = row.person.display_name if row.person else str(row.team)
    return Target(row.kind, row.team_id, row.person_id, row.rotation_step, name)
