"""Operations on follow-up actions: hand out, accept, start, finish, drop. The only writers of them."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import F

from core.accounts.models import User
from core.accounts.permissions import Permission
from core.audit import trail
from core.common import clock
from core.common.actor import Actor
from core.common.errors import Conflict, RuleBroken, Stale
from core.common.vocabulary import Priority
from escalation.models import Team
from problems import queries, rules
from problems.models import OPEN_ACTIONS, ActionStatus, FollowUpAction, Problem, Status

EDITABLE = frozenset({"title", "team", "owner", "due", "priority"})


@transaction.atomic
def add_action(
    ref: str,
    *,
    title: str,
    due: date,
    team: Team | None = None,
    owner: User | None = None,
    priority: str = Priority.P2,
    by: Actor,
) -> FollowUpAction:
    """Hand out an action; without team and owner it goes to those of the problem, else to the actor."""
    problem = queries.get_for(ref, by=by, to=Permission.WORK_PROBLEM)
    if not title.strip():
        raise RuleBroken("Say what is to be done, for example “Alert before a certificate ends”.", "title")
    rules.check_due(due)
    owner_id = owner.pk if owner else None
    if team is None and owner is None:
        team, owner_id = problem.team, problem.owner_id
        owner_id = by.user_id if team is None and owner_id is None else owner_id
    if (
        not Problem.objects.filter(pk=problem.pk)
        .exclude(status=Status.CLOSED)
        .update(version=F("version") + 1, updated_at=clock.now())
    ):
        raise Conflict(f"{problem.reference} is closed. Reopen it to add an action.")
    action = FollowUpAction(
        problem=problem, title=title.strip(), team=team, owner_id=owner_id, due=due, priority=priority,
        created_at=clock.now(),
    )  # fmt: skip
    action.next_reminder_at = rules.next_reminder(due, action.zone, clock.now())
    action.save(force_insert=True)
    _record("problem.action_added", action, by, after=_facts(action))
    return queries.fresh_action(action.pk)


@transaction.atomic
def edit_action(
    ref: str | int, *, changes: dict[str, Any], version: int | None = None, by: Actor
) -> FollowUpAction:
    """Change an open action. Given to others, it must be accepted again; a new day is chased anew."""
    action = queries.get_action(ref, by=by, to=Permission.WORK_PROBLEM)
    _check_edit(action, changes)
    before, after = trail.changed(action, changes)
    if not before and version in (None, action.version):
        return action
    values = dict(changes)
    for name, value in changes.items():
        setattr(action, name, value)
    if before.keys() & {"team", "owner"}:
        values["status"] = ActionStatus.PROPOSED
    values["next_reminder_at"] = rules.next_reminder(action.due, action.zone, clock.now())
    found = FollowUpAction.objects.filter(pk=action.pk, status__in=OPEN_ACTIONS)
    if version is not None:
        found = found.filter(version=version)
    if not found.update(**values, version=F("version") + 1):
        differing, _ = trail.changed(queries.fresh_action(action.pk), changes)
        raise Stale("This action was changed since you read it.", fields=differing)
    name = "problem.action_handed" if "status" in values else "problem.action_edited"
    _record(name, action, by, before=before, after=after)
    return queries.fresh_action(action.pk)


@transaction.atomic
def accept_action(ref: str | int, *, by: Actor) -> FollowUpAction:
    """The receiving side says yes. Only they, or a manager, can."""
    return _move(ref, ActionStatus.ACCEPTED, "problem.action_accepted", by)


@transaction.atomic
def start_action(ref: str | int, *, by: Actor) -> FollowUpAction:
    return _move(ref, ActionStatus.IN_PROGRESS, "problem.action_started", by)


@transaction.atomic
def finish_action(ref: str | int, *, by: Actor) -> FollowUpAction:
    """Done: it leaves the schedule of reminders in the same write."""
    finished = {"finished_at": clock.now(), "next_reminder_at": None}
    return _move(ref, ActionStatus.DONE, "problem.action_done", by, finished)


@transaction.atomic
def drop_action(ref: str | int, *, reason: str, by: Actor) -> FollowUpAction:
    """Give it up, with the reason."""
    why = rules.reason_given(reason, "Say why it is dropped.")
    dropped = {"finished_at": clock.now(), "next_reminder_at": None, "drop_reason": why}
    return _move(ref, ActionStatus.DROPPED, "problem.action_dropped", by, dropped, reason=why)


def _move(
    ref: str | int, to: ActionStatus, event: str, by: Actor, values: dict[str, Any] | None = None, **data: Any
) -> FollowUpAction:
    action = queries.get_action(ref, by=by, to=Permission.WORK_PROBLEM)
    rules.check_action_move(action.status, to, queries.receivers(action), by)
    found = FollowUpAction.objects.filter(pk=action.pk, status=action.status, version=action.version)
    if not found.update(**(values or {}), status=to, version=F("version") + 1):
        raise Conflict("Somebody else just changed this action; look at it again.")
    _record(event, action, by, before={"status": str(action.status)}, after={"status": str(to)}, **data)
    return queries.fresh_action(action.pk)


def _check_edit(action: FollowUpAction, changes: dict[str, Any]) -> None:
    if unknown := set(changes) - EDITABLE:
        raise RuleBroken(f"{', '.join(sorted(unknown))} is not edited directly.")
    if not action.is_open:
        state = action.get_status_display().lower()
        raise Conflict(f"This action is {state} already; add a new one instead.")
    if "title" in changes and not changes["title"].strip():
        raise RuleBroken("Say what is to be done.", field="title")
    rules.check_due(changes.get("due", action.due))
    if changes.get("team", action.team) is None and changes.get("owner", action.owner) is None:
        raise RuleBroken("An action belongs to a team or a person.", field="owner")


def _facts(action: FollowUpAction) -> dict[str, Any]:
    return {
        "title": action.title,
        "due": action.due.isoformat(),
        "team": str(action.team or ""),
        "owner": str(action.owner or ""),
        "priority": str(action.priority),
    }


def _record(event: str, action: FollowUpAction, by: Actor, **data: Any) -> None:
    """Actions have their history on their problem."""
    trail.record(event, on=action.problem, by=by, action=action.pk, title=action.title, **data)
