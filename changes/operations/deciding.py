"""Approving, rejecting and scheduling."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from changes import notices, queries, rules
from changes.models import Approval, Change
from changes.operations.moves import move, store
from changes.vocabulary import Decision, Status
from core.accounts.permissions import Permission, who_can
from core.audit import trail
from core.common import clock
from core.common.actor import Actor, system
from core.common.errors import Conflict, NotAllowed, RuleBroken


@transaction.atomic
def approve(ref: str, *, note: str = "", by: Actor) -> Change:
    """Give one of the approvals that a change needs; with the last one it is approved.

    An emergency that was started already stays where it is: its approvals are made up for.
    """
    change = _held(queries.get_for(ref, by=by, to=Permission.APPROVE_CHANGE))
    mine = _turn_of(change, "approve", by=by)
    _decide(mine, Decision.APPROVED, note, by=by)
    left = [row for row in queries.approvals(change) if row.decision == Decision.PENDING]
    data: dict[str, Any] = {"role": mine.role, "note": note, "waiting_for": [row.role for row in left]}
    if left:
        store(change)
        trail.record("change.approval_given", on=change, by=by, **data)
        return queries.fresh(change)
    now = clock.now()
    if change.status == Status.SUBMITTED:
        moved = move(
            change,
            "approve",
            Status.APPROVED,
            "approved",
            by=by,
            values={"approved_at": now, **_PAID},
            **data,
        )
    else:
        store(change, approved_at=now, **_PAID)
        trail.record("change.approved", on=change, by=by, after_the_fact=True, **data)
        moved = queries.fresh(change)
    notices.tell_approved(moved, by=by)
    return moved


_PAID = {"approval_due_at": None, "approval_chase_at": None}


@transaction.atomic
def reject(ref: str, *, note: str, by: Actor) -> Change:
    """Say no, with the reason. One rejection is enough."""
    change = _held(queries.get_for(ref, by=by, to=Permission.APPROVE_CHANGE))
    if not note.strip():
        raise RuleBroken("Say why it is rejected, so that it can be revised.", field="note")
    mine = _turn_of(change, "reject", by=by)
    _decide(mine, Decision.REJECTED, note, by=by)
    queries.approvals(change).filter(decision=Decision.PENDING).update(decision=Decision.VOIDED)
    moved = move(change, "reject", Status.REJECTED, "rejected", by=by, values={}, role=mine.role, note=note)
    notices.tell_rejected(moved, note, by=by)
    return moved


def _held(change: Change) -> Change:
    """The change as it is now, its row held: every writer takes the change first and its approvals after."""
    Change.objects.select_for_update().filter(pk=change.pk).values_list("pk").first()
    return queries.fresh(change)


def _turn_of(change: Change, verb: str, *, by: Actor) -> Approval:
    """The open approval that the actor may decide. Raises NotAllowed or Conflict, saying who can."""
    rules.check_move(verb, change.status, change.type, change.reference)
    rules.check_approver(
        author=change.author_id, responsible=change.responsible_id, actor=by.user_id, reference=change.reference,
        who_can=who_can(Permission.APPROVE_CHANGE),
    )  # fmt: skip
    rows = list(queries.approvals(change))
    waiting = [row for row in rows if row.decision == Decision.PENDING]
    if not waiting:
        raise Conflict(f"{change.reference} has all its approvals already.")
    if any(row.approver_id == by.user_id for row in rows):
        names = ", ".join(row.get_role_display().lower() for row in waiting)
        raise Conflict(
            f"You have decided on {change.reference} already; it waits for somebody else: {names}."
        )
    role = rules.holder_of([row.role for row in waiting], by.roles)
    if role is None:
        holders = ", ".join(sorted(r.label for row in waiting for r in rules.HOLDERS[row.role]))
        raise NotAllowed(
            f"None of the open approvals of {change.reference} is yours. {holders} can give them."
        )
    return next(row for row in waiting if row.role == role)


def _decide(approval: Approval, decision: Decision, note: str, *, by: Actor) -> None:
    pending = Approval.objects.filter(pk=approval.pk, decision=Decision.PENDING)
    if not pending.update(decision=decision, approver_id=by.user_id, note=note, at=clock.now()):
        raise Conflict("Somebody else decided this approval at the same moment; look again.")


@transaction.atomic
def schedule(ref: str, *, by: Actor) -> Change:
    """Put an approved change into the calendar for good. What came in its way since is looked at again."""
    change = queries.get_for(ref, by=by, to=Permission.PLAN_CHANGE)
    rules.check_move("schedule", change.status, change.type, change.reference)
    now = clock.now()
    if change.planned_end is not None and change.planned_end <= now:
        raise RuleBroken("Its window is over: move it first.", field="planned_end")
    if in_the_way := queries.in_the_way(change):
        raise Conflict(
            f"{in_the_way} Move it, or give a reason for overriding this.", field="override_reason"
        )
    return move(change, "schedule", Status.SCHEDULED, "scheduled", by=by, values={"scheduled_at": now})


def chase_approvals(change: Change, now: datetime) -> None:
    """Remind those who owe an emergency its approval, and set the next reminder. Called by the sweep."""
    overdue = change.approval_due_at is not None and change.approval_due_at <= now
    next_at = now + rules.CHASE_EVERY
    if not overdue and change.approval_due_at is not None:
        next_at = min(next_at, change.approval_due_at)
    Change.objects.filter(pk=change.pk).update(approval_chase_at=next_at)
    notices.chase(change, overdue=overdue, now=now)
    trail.record("change.approval_chased", on=change, by=system(), overdue=overdue)
