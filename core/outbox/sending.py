"""Claim with a lease, commit, talk to the server, mark: in this order, so that nothing is lost.

Each lane is a sweep of its own with its own hands, and the incident lane comes first. The one honest limit: a crash
between the server's accept and our mark sends the message again, with the same Message-ID, and counts it in
`repeats`; that is at most one message for each hand that was sending.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog
from django.conf import settings
from django.db.models import F, QuerySet, Window
from django.db.models.functions import RowNumber

from core.common import clock, faults
from core.outbox import bounces, circuits, queue, relevance, settled, transports
from core.outbox.models import Lane, OutgoingMessage
from core.timers import sweeps
from core.timers.crew import in_turn

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=60)
FIRST_RETRY = timedelta(seconds=30)
LONGEST_WAIT = timedelta(hours=1)
MOST_ATTEMPTS = 30  # with the waits above, about a day
LONGEST_OUTAGE = timedelta(days=1)  # what waited longer for a server that does not answer has failed

State = OutgoingMessage.State


def register_sweeps() -> None:
    """One for each lane, in the order of haste."""
    for lane in Lane:
        sweeps.register(
            sweeps.Sweep(
                name=f"{queue.SWEEP}.{lane}",
                due=partial(due, lane),
                field="due_at",
                act=claim,
                hands=_hands_of(lane),
                at_work=transports.at_work,
                claiming=relevance.remembering,
            )
        )


def _hands_of(lane: Lane) -> Callable[[], int]:
    def hands() -> int:
        return settings.INCIDENT_CONNECTIONS if lane == Lane.INCIDENT else settings.LANE_CONNECTIONS

    return hands


def due(lane: Lane, now: datetime) -> QuerySet[OutgoingMessage]:
    """What may be sent now in a lane: nothing whose way out is known to be blocked.

    Webhooks take turns by endpoint, so that what waits for a slow one stands in front of no other.
    """
    rows = circuits.leave_out_blocked(OutgoingMessage.objects.filter(lane=lane, due_at__lte=now), now)
    if lane != Lane.WEBHOOK:
        return rows.order_by("due_at", "id")
    turn = Window(RowNumber(), partition_by="endpoint", order_by=["due_at", "id"])
    return rows.alias(turn=turn).order_by("turn", "due_at", "id")


def claim(message: OutgoingMessage, now: datetime) -> sweeps.AfterCommit | None:
    """Take the lease, or drop the message when it is no longer true. Returns the sending itself."""
    faults.reach("outbox.before_claim")
    row = OutgoingMessage.objects.filter(pk=message.pk)
    if reason := relevance.reason_to_drop(message):
        _end(message, row, State.DROPPED, reason)
        return None
    if reason := bounces.reason_not_to_try(message):
        _end(message, row, State.FAILED, reason)
        return None
    circuits.enter(message.route, now, patient=message.lane == Lane.WEBHOOK)
    doubtful = message.state == State.SENDING  # a lease ran out: the process died somewhere after its claim
    row.update(
        state=State.SENDING,
        due_at=clock.now() + LEASE,
        attempts=F("attempts") + 1,
        repeats=F("repeats") + (1 if doubtful else 0),
    )
    return lambda: send(message.pk)


def send(pk: int) -> None:
    """Send one claimed message and mark it."""
    faults.reach("outbox.after_claim")
    message = OutgoingMessage.objects.select_related("endpoint").get(pk=pk)
    mine = OutgoingMessage.objects.filter(
        pk=pk, state=State.SENDING, attempts=message.attempts,
        created_at=message.created_at,  # taken back and released again meanwhile, it is another attempt's
    )  # fmt: skip
    try:
        transports.send(message)
    except transports.Refused as error:
        _end(message, mine, State.FAILED, str(error)[:2000])
        log.warning("outbox.failed", message=pk, topic=message.topic, error=str(error))
        circuits.worked(message.route)  # a refusal is an answer, too
        if error.for_the_address:
            bounces.mark(message.to, str(error), message=message)
        return
    except Exception as error:
        _try_later(message, mine, error)
        return
    faults.reach("outbox.after_send")
    _end(message, mine, State.SENT, sent_at=clock.now())
    faults.reach("outbox.after_mark")
    circuits.worked(message.route)


def _end(
    message: OutgoingMessage, row: QuerySet[OutgoingMessage], state: str, note: str = "", **more: Any
) -> None:
    """The last mark, unless somebody else was faster; who listens to the topic writes with it."""
    with in_turn(), settled.together(message.topic):
        if row.update(state=state, due_at=None, note=note, **more):
            settled.tell(message, state, note)


def _try_later(message: OutgoingMessage, mine: QuerySet[OutgoingMessage], error: Exception) -> None:
    note = f"{type(error).__name__}: {error}"[:2000]
    unsure = isinstance(error, transports.Unsure)  # it may have been taken: the next attempt may be a repeat
    counted = F("repeats") + (1 if unsure else 0)
    too_old = clock.now() - message.created_at > LONGEST_OUTAGE
    patient = message.lane == Lane.WEBHOOK
    if _is_of_the_way(error):
        wait, given_up = FIRST_RETRY, too_old
        circuits.failed(message.route, note)
    else:
        wait = min(FIRST_RETRY * 2 ** min(message.attempts - 1, 10), LONGEST_WAIT)
        given_up = message.attempts >= MOST_ATTEMPTS or (patient and too_old)
    if given_up:
        _end(message, mine, State.FAILED, note)
        return
    if isinstance(error, transports.NotNow) and error.after is not None:
        # Others of its object wait behind an event: there no receiver may ask for days, one call at a time.
        wait = max(wait, min(error.after, LONGEST_WAIT) if patient else error.after)
    mine.update(state=State.QUEUED, due_at=clock.now() + wait, note=note, repeats=counted)
    log.info("outbox.retry", message=message.pk, wait=wait.total_seconds(), error=note)


def _is_of_the_way(error: Exception) -> bool:
    """Nothing gets through there now, whatever the message: the circuit decides when to try again."""
    return error.of_the_way if isinstance(error, transports.NotNow) else isinstance(error, OSError)
