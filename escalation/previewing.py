"""What a typed rotation would do, before it is saved: the same checks and the same plan as saving it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from core.accounts.models import User
from escalation import planning
from escalation.models import Rotation, Team
from escalation.operations.shared import check, checked
from escalation.planning import Foresight


def of_edit(
    rotation: Rotation, changes: dict[str, Any], now: datetime, known: Mapping[int, User] | None = None
) -> Foresight:
    """Whom an edit would touch, `people` among the changes. Raises what the edit itself would raise.

    `known` are people who are loaded already.
    """
    facts = dict(changes)
    people = facts.pop("people", None)
    plan = planning.edited(rotation, checked(rotation, facts), people, now)
    return planning.foreseen(plan.rotation, plan.layer, now, known)


def of_new(
    team: Team, facts: dict[str, Any], now: datetime, known: Mapping[int, User] | None = None
) -> Foresight:
    """Whom a new rotation would touch, `people` among its facts. Raises what making it would raise."""
    facts = dict(facts)
    people = facts.pop("people")
    rotation = Rotation(team=team, **facts)
    check(rotation)
    plan = planning.started(rotation, people)
    return planning.foreseen(rotation, plan.layer, now, known)
