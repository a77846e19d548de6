"""What happens to clocks, in the audit trail of their subject."""

from __future__ import annotations

from typing import Any

from core.audit import trail
from core.common.actor import Actor
from sla import subjects
from sla.models import Clock


def record(
    name: str, subject_kind: str, subject_id: int, clocks: list[Clock], by: Actor, **data: Any
) -> None:
    if clocks:
        goals = [
            {"goal": clock.goal, "target_minutes": clock.target_minutes, "policy": clock.policy_name}
            for clock in clocks
        ]
        trail.record(name, on=subjects.mention(subject_kind, subject_id), by=by, clocks=goals, **data)
