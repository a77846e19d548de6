"""Which open promises would be other ones under other policies or hours. Nothing here writes.

The rollout of an edit and the preview before it ask the same functions, so that the preview tells what will be.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sla import queries, rules, subjects
from sla.models import Clock, Policy
from sla.subjects import Owed


@dataclass(frozen=True, slots=True)
class Otherwise:
    """A goal whose promise would be another: the open clock (None: there is none) and the policy (None: nothing)."""

    goal: str
    clock: Clock | None
    policy: Policy | None


def differing(kind: str, ids: Iterable[int], policies: list[Policy]) -> dict[int, list[Otherwise]]:
    """By subject, what these policies would change; subjects for which nothing changes are left out."""
    info, ids = subjects.of(kind), list(ids)
    rows = info.model._base_manager.select_related(*info.related).in_bulk(ids)
    open_clocks = _open_clocks(kind, ids)
    found = {}
    for pk, row in rows.items():
        owed = info.owed(row)
        changes = list(_changes(open_clocks[pk], owed, policies)) if owed else []
        if changes:
            found[pk] = changes
    return found


def _changes(clocks: list[Clock], owed: Owed, policies: list[Policy]) -> Iterable[Otherwise]:
    policy = rules.choose(policies, owed.facts)
    for clock in clocks:
        if policy is None or not clock.is_promise_of(policy):
            yield Otherwise(clock.goal, clock, policy if policy and policy.target(clock.goal) else None)
    running = {clock.goal for clock in clocks}
    for goal in owed.goals:
        if goal not in running and policy is not None and policy.target(goal):
            yield Otherwise(goal, None, policy)


def _open_clocks(kind: str, ids: list[int]) -> Mapping[int, list[Clock]]:
    found: dict[int, list[Clock]] = defaultdict(list)
    for clock in queries.open_clocks(kind).filter(subject_id__in=ids):
        found[clock.subject_id].append(clock)
    return found
