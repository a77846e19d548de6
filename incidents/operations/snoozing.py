"""Putting off the next due update: said to its readers before the moment comes, and kept as a promise moved."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from core.accounts.permissions import Permission
from core.audit import trail
from core.common import clock
from core.common.actor import Actor
from core.common.errors import Conflict
from incidents import notices, queries, rules
from incidents.models import Incident, Update
from incidents.operations import ledger, promises
from incidents.operations.informing import facts


@transaction.atomic
def snooze(
    ref: str, *, until: datetime | None = None, minutes: int | None = None, reason: str, by: Actor
) -> Incident:
    """Put the next update off by at most one cadence, and tell everybody the new moment and why.

    until: the new moment; or minutes: so much later than it is due now. Only while the promised moment is ahead, and
    once: after that a person writes an update before the next one can be put off. Raises Conflict otherwise.
    """
    incident = queries.get_for(ref, by=by, to=Permission.RUN_INCIDENT, held=True)
    if not incident.is_open:
        raise rules.refusal(incident.reference, incident.status)
    due, now = incident.next_update_due_at, clock.now()
    later = rules.put_off(due, incident.cadence_minutes, now, until=until, minutes=minutes)
    assert due is not None
    why = rules.needed(reason, "reason", "Say why it comes later: everybody who waits for it reads this.")
    before = queries.put_off_since_written(incident)
    if before is not None:
        raise Conflict(
            f"It was put off at {notices.clock_time(before.sent_at)} by {before.author_label} already. "
            "Write an update before the next one is put off."
        )
    update = ledger.write(
        incident, kind=Update.Kind.POSTPONED, body=notices.postponed(due, later, why), by=by, due_at=due,
        next_due_at=later, found={"next_update_due_at": due},
    )  # fmt: skip
    promises.moved(incident, to=later, reason=why, answer=update)
    trail.record(
        "incident.snoozed", on=incident, by=by, before={"next_update_due_at": due},
        after={"next_update_due_at": later}, reason=why, **facts(update),
    )  # fmt: skip
    return queries.fresh(incident)
