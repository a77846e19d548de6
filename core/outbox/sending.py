"""Claim with a lease, commit, talk to the server, mark: in this order, so that nothing is lost.

The one honest limit: a crash between the server's accept and our mark sends the message again, with the
same Message-ID, and counts it in `repeats`.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from django.db.models import Case, F, IntegerField, QuerySet, Value, When

from core.common import clock, faults
from core.outbox import queue, relevance, transports
from core.outbox.models import Lane, OutgoingMessage
from core.timers import sweeps

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=60)
FIRST_RETRY = timedelta(seconds=30)
LONGEST_WAIT = timedelta(hours=1)
MOST_ATTEMPTS = 30  # with the waits above, about a day

State = OutgoingMessage.State


def register_sweep() -> None:
    sweeps.register(sweeps.Sweep(name=queue.SWEEP, due=due, field="due_at", act=claim))


def due(now: datetime) -> QuerySet[OutgoingMessage]:
    """What may be sent now, the most urgent lane first."""
    haste = Case(
        *(When(lane=lane, then=Value(place)) for place, lane in enumerate(Lane)), output_field=IntegerField()
    )
    return OutgoingMessage.objects.filter(due_at__lte=now).order_by(haste, "due_at", "id")


def claim(message: OutgoingMessage, now: datetime) -> sweeps.AfterCommit | None:
    """Take the lease, or drop the message when it is no longer true. Returns the sending itself."""
    reason = relevance.reason_to_drop(message)
    row = OutgoingMessage.objects.filter(pk=message.pk)
    if reason:
        row.update(state=State.DROPPED, due_at=None, note=reason)
        return None
    doubtful = message.state == State.SENDING  # a lease ran out: the process died somewhere after its claim
    row.update(
        state=State.SENDING,
        due_at=now + LEASE,
        attempts=F("attempts") + 1,
        repeats=F("repeats") + (1 if doubtful else 0),
    )
    return lambda: send(message.pk)


def send(pk: int) -> None:
    """Send one claimed message and mark it."""
    faults.reach("outbox.after_claim")
    message = OutgoingMessage.objects.get(pk=pk)
    mine = OutgoingMessage.objects.filter(pk=pk, state=State.SENDING, attempts=message.attempts)
    try:
        transports.send(message)
    except transports.Refused as error:
        mine.update(state=State.FAILED, due_at=None, note=str(error)[:2000])
        log.warning("outbox.failed", message=pk, topic=message.topic, error=str(error))
        return
    except Exception as error:
        _try_later(message, mine, error)
        return
    faults.reach("outbox.after_send")
    mine.update(state=State.SENT, due_at=None, sent_at=clock.now(), note="")
    faults.reach("outbox.after_mark")


def _try_later(message: OutgoingMessage, mine: QuerySet[OutgoingMessage], error: Exception) -> None:
    note = f"{type(error).__name__}: {error}"[:2000]
    if message.attempts >= MOST_ATTEMPTS:
        mine.update(state=State.FAILED, due_at=None, note=note)
        return
    wait = min(FIRST_RETRY * 2 ** min(message.attempts - 1, 10), LONGEST_WAIT)
    mine.update(state=State.QUEUED, due_at=clock.now() + wait, note=note)
    log.info("outbox.retry", message=message.pk, wait=wait.total_seconds(), error=note)
