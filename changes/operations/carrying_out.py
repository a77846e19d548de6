"""From the start of the work to the closed change."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from changes import queries, rules
from changes.models import Change
from changes.operations.moves import move
from changes.vocabulary import Outcome, Result, Status
from core.accounts.permissions import Permission
from core.common import clock
from core.common.actor import Actor
from core.common.errors import Conflict, RuleBroken


@transaction.atomic
def start(ref: str, *, by: Actor) -> Change:
    """Begin the work. Whoever starts it counts as having carried it out, and cannot validate it.

    Raises Conflict with the reason while it may not start.
    """
    change = queries.get_for(ref, by=by, to=Permission.PLAN_CHANGE)
    permit = queries.permit_of(change)
    if not permit.may_start:
        raise Conflict(f"{change.reference} may not start: {permit.reason}")
    now = clock.now()
    values: dict[str, Any] = {"started_at": now, "implemented_by_id": by.user_id or change.responsible_id}
    if change.status == Status.SUBMITTED:  # an emergency: the approvals follow
        due = now + rules.APPROVAL_AFTER_THE_FACT
        values |= {"approval_due_at": due, "approval_chase_at": min(now + rules.CHASE_EVERY, due)}
    return move(change, "start", Status.IMPLEMENTING, "started", by=by, values=values, permit=permit.reason)


@transaction.atomic
def finish(ref: str, *, note: str = "", by: Actor) -> Change:
    """The work is done; now somebody else checks that it worked."""
    change = queries.get_for(ref, by=by, to=Permission.PLAN_CHANGE)
    return move(
        change, "finish", Status.VALIDATING, "finished", by=by, values={"finished_at": clock.now()}, note=note
    )


@transaction.atomic
def validate(ref: str, *, result: str, note: str = "", by: Actor) -> Change:
    """Record whether it worked, as seen by somebody in production support who did not carry it out.

    A failed check leads to backing out, or to closing it as failed.
    """
    change = queries.get_for(ref, by=by, to=Permission.PLAN_CHANGE)
    rules.check_move("validate", change.status, change.type, change.reference)
    rules.check_validator(
        actor=by.user_id, implementer=change.implemented_by_id, responsible=change.responsible_id
    )
    if result == Result.FAILED and not note.strip():
        raise RuleBroken("Say what did not work.", field="note")
    now = clock.now()
    values = {
        "validated_by_id": by.user_id, "validation_result": result, "validation_note": note, "validated_at": now,
        "finished_at": change.finished_at or now,
    }  # fmt: skip
    return move(
        change, "validate", Status.VALIDATING, "validated", by=by, values=values, result=result, note=note
    )


@transaction.atomic
def back_out(ref: str, *, note: str, by: Actor) -> Change:
    """It was taken back by the backout plan; the change is closed as backed out."""
    change = queries.get_for(ref, by=by, to=Permission.PLAN_CHANGE)
    if not note.strip():
        raise RuleBroken("Say why it was backed out.", field="note")
    now = clock.now()
    values = {
        "outcome": Outcome.BACKED_OUT, "outcome_note": note, "closed_at": now, "finished_at": change.finished_at or now,
    }  # fmt: skip
    return move(change, "back_out", Status.CLOSED, "backed_out", by=by, values=values, note=note)


@transaction.atomic
def close(ref: str, *, outcome: str, note: str = "", by: Actor) -> Change:
    """End a change that was checked, with its outcome."""
    change = queries.get_for(ref, by=by, to=Permission.PLAN_CHANGE)
    rules.check_move("close", change.status, change.type, change.reference)
    rules.check_outcome(outcome, change.validation_result)
    if outcome == Outcome.FAILED and not note.strip():
        raise RuleBroken("Say what failed, for the next change of this kind.", field="note")
    values = {"outcome": outcome, "outcome_note": note, "closed_at": clock.now()}
    return move(change, "close", Status.CLOSED, "closed", by=by, values=values, outcome=outcome, note=note)
