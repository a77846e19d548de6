"""Who does not answer is asked by one message now and then; the others wait and have not failed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
import time_machine

from core.outbox import circuits, queue, sending, transports
from core.outbox.models import Circuit, Endpoint, Lane, OutgoingMessage
from core.timers import sweeps

pytestmark = pytest.mark.django_db
State = OutgoingMessage.State
TEN = datetime(2026, 3, 2, 10, tzinfo=UTC)


@pytest.fixture
def traveller():
    with time_machine.travel(TEN, tick=False) as found:
        yield found


class Server:
    """Stands where the mail server is."""

    def __init__(self) -> None:
        self.up = False
        self.asked: list[str] = []

    def send(self, message: Any) -> None:
        self.asked.append(message.dedup_key)
        if not self.up:
            raise ConnectionRefusedError("nobody there")


@pytest.fixture
def server(monkeypatch):
    found = Server()
    monkeypatch.setitem(transports._TRANSPORTS, "email", found.send)
    return found


def put(number: int, lane: Lane = Lane.INCIDENT, **more: Any) -> None:
    values = {"to": "x@firm.example", "subject": "s", "text": "t", "topic": "test", **more}
    queue.put(lane=lane, dedup_key=f"{lane}-{number}", **values)


def test_after_five_failures_the_rest_waits_untouched(server, traveller):
    for number in range(20):
        put(number)

    sweeps.run(queue.SWEEP)

    assert len(server.asked) == circuits.OPENS_AFTER
    assert set(OutgoingMessage.objects.values_list("state", flat=True)) == {State.QUEUED}
    assert OutgoingMessage.objects.filter(attempts=0).count() == 15
    assert not sending.due(Lane.INCIDENT, TEN).exists()  # nobody even looks at them until the next try
    [outage] = circuits.outages().values()
    assert outage.sentence == "The mail server has not taken anything since 10:00 UTC; next try 10:00:15."


def test_a_probe_is_one_message_whoever_comes(server, traveller):
    for number in range(8):
        put(number)
    sweeps.run(queue.SWEEP)
    server.asked.clear()

    traveller.move_to(TEN + timedelta(seconds=14))
    sweeps.run(queue.SWEEP)
    assert server.asked == []
    traveller.move_to(TEN + timedelta(seconds=15))
    sweeps.run(queue.SWEEP)
    sweeps.run(queue.SWEEP)
    assert len(server.asked) == 1


def test_probes_come_more_slowly_but_at_least_once_a_minute(server, traveller):
    for number in range(8):
        put(number)
    times = []
    for second in range(0, 400, 5):
        traveller.move_to(TEN + timedelta(seconds=second))
        before = len(server.asked)
        sweeps.run(queue.SWEEP)
        times += [second] if second and len(server.asked) > before else []
    assert times[:4] == [15, 30, 60, 120]
    assert max(b - a for a, b in pairwise(times)) == 60


def test_when_it_answers_again_all_go_and_none_was_lost(server, traveller):
    for number in range(8):
        put(number)
    sweeps.run(queue.SWEEP)
    server.up = True

    traveller.move_to(TEN + timedelta(seconds=30))
    sweeps.run(queue.SWEEP)
    sweeps.run(queue.SWEEP)

    assert set(OutgoingMessage.objects.values_list("state", flat=True)) == {State.SENT}
    assert circuits.outages() == {}
    assert Circuit.objects.get().failures == 0


def test_a_day_of_waiting_is_a_failure_that_shows(server, traveller):
    put(1)
    traveller.move_to(TEN + timedelta(days=1, seconds=1))

    sweeps.run(queue.SWEEP)

    row = OutgoingMessage.objects.get()
    assert (row.state, row.note) == (State.FAILED, "ConnectionRefusedError: nobody there")


def test_long_outages_do_not_use_up_the_attempts_of_whoever_probes(server, traveller):
    put(1)
    for minute in range(0, 120):
        traveller.move_to(TEN + timedelta(minutes=minute))
        sweeps.run(queue.SWEEP)

    row = OutgoingMessage.objects.get()
    assert (row.state, row.attempts > 60) == (State.QUEUED, True)


def test_one_way_that_is_closed_closes_no_other(server, traveller, monkeypatch):
    chat = Endpoint.objects.create(transport="slack", host="hooks.example", created_at=TEN)
    sent: list[str] = []
    monkeypatch.setitem(transports._TRANSPORTS, "slack", lambda message: sent.append(message.dedup_key))
    for number in range(8):
        put(number)
        put(number, Lane.WEBHOOK, endpoint=chat)

    sweeps.run(queue.SWEEP)

    assert len(sent) == 8
    assert list(circuits.outages()) == ["mail"]


def test_the_incident_lane_goes_first(server, traveller):
    server.up = True
    for lane in reversed(Lane):
        put(1, lane)

    sweeps.run(queue.SWEEP)

    assert server.asked == [f"{lane}-1" for lane in Lane]


def test_success_between_failures_keeps_it_closed(server, traveller):
    for number in range(12):
        server.up = number % 3 == 0
        put(number)
        sweeps.run(queue.SWEEP)
        traveller.shift(1)
    assert circuits.outages() == {}
