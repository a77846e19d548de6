"""The follow-up actions that a person owes, the next due first."""

from __future__ import annotations

from core.common import clock
from core.common.actor import Actor
from problems.models import FollowUpAction, Problem
from worklog import my_work, subjects
from worklog.my_work import MOST, Row, Section


def register() -> None:
    my_work.register(actions)


def actions(actor: Actor) -> Section:
    found = FollowUpAction.objects.visible_to(actor).open().filter(owner_id=actor.user_id)
    today = clock.now().date()
    rows = [
        Row(
            action.problem.reference,
            action.title,
            subjects.address(Problem.SUBJECT, action.problem.reference),
            status=action.status,
            priority=action.priority,
            note=f"due {action.due.day} {action.due:%b}",
            late=action.due < today,
        )
        for action in found.select_related("problem").order_by("due", "pk")[:MOST]
    ]
    return Section(30, "Follow-up actions", rows)
