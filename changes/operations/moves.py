"""What every verb shares: one conditional UPDATE, one event."""

from __future__ import annotations

from typing import Any

from django.db.models import F

from changes import findable, queries, rules
from changes.models import Approval, Change
from changes.vocabulary import Decision, Status
from core.accounts.models import User
from core.audit import trail
from core.common.actor import Actor
from core.common.errors import Conflict


def store(change: Change, **values: Any) -> None:
    """Write fields if nobody else wrote in between; counts the version up. Raises Conflict otherwise."""
    mine = Change.objects.filter(pk=change.pk, version=change.version)
    if mine.update(version=F("version") + 1, **values):
        return
    now = queries.fresh(change)
    names = ", ".join(name.replace("_", " ") for name in rules.possible(now.status, now.type)) or "nothing"
    raise Conflict(
        f"{now.reference} was changed by somebody else at the same moment: it is {now.get_status_display().lower()}. "
        f"Possible now: {names}."
    )


def move(
    change: Change, verb: str, to: Status, event: str, *, by: Actor, values: dict[str, Any], **data: Any
) -> Change:
    """Take a change to its next status and record it. Raises Conflict when the verb does not fit its status."""
    rules.check_move(verb, change.status, change.type, change.reference)
    before, after = trail.changed(change, {"status": to, **values})
    store(change, status=to, **values)
    trail.record(f"change.{event}", on=change, by=by, before=before, after=after, **data)
    moved = queries.fresh(change)
    findable.index(moved)
    return moved


def void_approvals(change: Change, *, why: str, by: Actor) -> list[User]:
    """Make the approvals of the round invalid, given ones too. Returns the people whose approval that was."""
    rows = queries.approvals(change).exclude(decision=Decision.VOIDED)
    people = [row.approver for row in rows if row.approver is not None]
    voided = Approval.objects.filter(pk__in=[row.pk for row in rows]).update(decision=Decision.VOIDED)
    if voided:
        given = [person.username for person in people]
        trail.record("change.approvals_voided", on=change, by=by, why=why, given_by=given)
    return people
