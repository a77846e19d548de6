"""kill -9 at each step of a hand-off: both hear of it once, with one honest repeat that keeps its Message-ID."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from core.common import clock
from core.outbox.models import OutgoingMessage
from core.timers import sweeps
from escalation import operations
from escalation.models import Roster
from tests.concurrency.workers import KILLED, LONGEST, tick, worker

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
State = OutgoingMessage.State
BOTH = ["eli@desk.example", "lea@desk.example"]


@pytest.fixture
def due(eli: Any, lea: Any, max: Any, by: Any) -> Roster:
    """Eli and Lea take turns by the day in UTC; since a minute ago it is Lea's, and nobody has been told."""
    now = clock.now()
    passed = now - timedelta(minutes=1)
    with time_machine.travel(now - timedelta(hours=3), tick=False):
        team = operations.create_team(name="Payments", tier=2, zone="UTC", lead=max, manager=max, by=by(max))
        operations.create_rotation(
            team=team, name="Primary", people=[eli, lea], period="daily", start=passed.date() - timedelta(days=1),
            handoff_time=passed.time().replace(second=0, microsecond=0), by=by(max),
        )  # fmt: skip
        sweeps.run_due()
    OutgoingMessage.objects.all().delete()
    roster = Roster.objects.get()
    assert roster.handoff_at is not None and roster.handoff_at <= now
    return roster


def told() -> list[str]:
    """To whom a notice of a hand-off was written, each as often as it was."""
    return sorted(OutgoingMessage.objects.filter(topic="oncall.handed_over").values_list("to", flat=True))


def leases_run_out() -> None:
    OutgoingMessage.objects.filter(state=State.SENDING).update(due_at=clock.now())


@pytest.mark.parametrize("point", ["handoff.after_claim", "handoff.after_notices"])
def test_killed_inside_the_hand_off_nothing_of_it_happened(point, due, smtp):
    sink, port = smtp

    assert tick(point, port=port) == KILLED

    assert (told(), sink.accepted) == ([], [])
    assert Roster.objects.get().handoff_at == due.handoff_at
    assert tick(port=port) == 0
    assert told() == BOTH


@pytest.mark.parametrize(
    ("point", "repeated"),
    [
        ("handoff.after_claim", 0),
        ("handoff.after_notices", 0),
        ("escalation.handoffs.committed", 0),
        ("outbox.after_claim", 0),
        ("outbox.after_send", 1),  # the server has accepted, we have not marked: the one honest repeat
        ("outbox.after_mark", 0),
    ],
)
def test_killed_at_each_step_both_hear_of_it_once(point, repeated, due, smtp):
    sink, port = smtp

    assert tick(point, port=port) == KILLED
    leases_run_out()
    assert tick(port=port) == 0

    assert told() == BOTH
    received = Counter(sink.accepted)
    assert sorted(to for to, _ in received) == BOTH  # a repeat carries the same id
    assert sum(received.values()) == len(BOTH) + repeated
    assert set(OutgoingMessage.objects.values_list("state", flat=True)) == {State.SENT}
    assert Roster.objects.get().handoff_at == due.handoff_at + timedelta(days=1)


def test_three_workers_at_once_tell_it_once(due, smtp):
    sink, port = smtp

    for process in [worker(port=port) for _ in range(3)]:
        _, errors = process.communicate(timeout=LONGEST)
        assert process.returncode == 0, errors.decode()

    assert told() == BOTH
    assert sorted(to for to, _ in sink.accepted) == BOTH
