"""Mail to a real server: what its answers mean, and when a connection is used again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from core.common import clock
from core.common.actor import system
from core.outbox import bounces, queue
from core.outbox.models import Circuit, DeadAddress, Lane, OutgoingMessage
from core.outbox.transports import email
from core.timers import sweeps
from tests.relays import Relay, relay, use

pytestmark = pytest.mark.django_db
State = OutgoingMessage.State
BAD, GOOD = "bad@firm.example", "good@firm.example"


@pytest.fixture
def server(settings: Any) -> Iterator[Relay]:
    with relay() as found:
        use(settings, found)
        yield found


def put(to: str = GOOD, key: str = "", **more: Any) -> OutgoingMessage:
    values = {"lane": Lane.INCIDENT, "subject": "Hello", "text": "Text", "topic": "test", **more}
    return queue.put(to=to, dedup_key=key or to, **values)


def states() -> dict[str, tuple[str, str]]:
    return {row.dedup_key: (row.state, row.note) for row in OutgoingMessage.objects.all()}


def test_many_mails_go_over_one_connection(server):
    for number in range(5):
        put(key=str(number))

    sweeps.run(queue.SWEEP)

    assert (len(server.received), server.connections) == (5, 1)


def test_a_server_that_has_had_enough_is_asked_on_a_new_connection(server):
    server.greets_no_more_after = 2
    for number in range(5):
        put(key=str(number))

    sweeps.run(queue.SWEEP)

    assert (len(server.received), server.connections, server.repeated) == (5, 3, 0)
    assert not Circuit.objects.exists()


def test_a_refusal_for_good_marks_the_address_and_stops_nobody_else(server):
    server.refuses[BAD] = "550 5.1.1 no such user"
    put("first@firm.example")
    put(BAD)
    put("last@firm.example")

    sweeps.run(queue.SWEEP)

    assert server.to == ["first@firm.example", "last@firm.example"]
    assert states()[BAD] == (
        State.FAILED, "The mail server refused bad@firm.example: 550 5.1.1 no such user",
    )  # fmt: skip
    assert "550 5.1.1" in DeadAddress.objects.get(address=BAD).why
    assert not Circuit.objects.exclude(failures=0).exists()


def test_nothing_more_is_tried_at_a_dead_address_until_somebody_clears_it(server):
    bounces.mark("Bad@Firm.example", "550 no such user")
    put(BAD, "one")
    sweeps.run(queue.SWEEP)
    assert states()["one"][0] == State.FAILED
    assert "takes no mail since" in states()["one"][1]

    bounces.clear(BAD, by=system())
    put(BAD, "two")
    sweeps.run(queue.SWEEP)

    assert (states()["two"][0], server.to) == (State.SENT, [BAD])


def test_a_page_is_tried_even_at_a_dead_address(server):
    bounces.mark(GOOD, "550 once")
    put(GOOD, lane=Lane.PAGE)

    sweeps.run(queue.SWEEP)

    assert server.to == [GOOD]


def test_marked_twice_it_is_one_mark_and_one_event(server):
    first = bounces.mark(BAD, "550 one")
    assert bounces.mark(BAD, "550 two").why == first.why == "550 one"
    bounces.clear(BAD, by=system())
    bounces.mark(BAD, "550 three")
    assert [row.why for row in DeadAddress.objects.filter(cleared_at=None)] == ["550 three"]


@pytest.mark.parametrize(
    ("code", "text", "marks"),
    [
        (550, "550 5.1.1 no such user", True),
        (550, "550 nobody here", True),
        (551, "551 user not local", True),
        (553, "553 5.1.3 bad address", True),
        (552, "552 5.2.2 mailbox full for good", True),
        (550, "550 5.7.1 relaying denied", False),
        (554, "554 transaction failed", False),
        (530, "530 authentication required", False),
        (503, "503 bad sequence", False),
        (450, "450 4.2.0 greylisted", False),
    ],
)
def test_which_refusals_are_about_the_address(code, text, marks):
    assert bounces.is_for_the_address(code, text) is marks


def test_not_now_is_tried_again_later_and_marks_nothing(server):
    server.refuses[BAD] = "451 4.7.1 greylisted"
    with time_machine.travel("2026-03-02 10:00Z", tick=False):
        put(BAD)
        put(GOOD)
        sweeps.run(queue.SWEEP)
        row = OutgoingMessage.objects.get(to=BAD)
        assert (row.state, row.due_at) == (State.QUEUED, clock.now() + timedelta(seconds=30))
    with time_machine.travel("2026-03-02 10:00:30Z", tick=False):
        sweeps.run(queue.SWEEP)
        row.refresh_from_db()
        assert row.due_at == clock.now() + timedelta(seconds=60)  # longer from one time to the next
    server.refuses.clear()
    with time_machine.travel("2026-03-02 10:02Z", tick=False):
        sweeps.run(queue.SWEEP)

    assert (server.to, DeadAddress.objects.count(), Circuit.objects.count()) == ([BAD, GOOD], 0, 0)


@pytest.mark.parametrize(
    ("answer", "state"), [("554 5.6.0 content", State.FAILED), ("452 4.3.1 full", State.QUEUED)]
)
def test_a_refused_mail_says_nothing_of_its_address(server, answer, state):
    server.answers[BAD] = answer
    put(BAD)

    sweeps.run(queue.SWEEP)

    assert (states()[BAD][0], DeadAddress.objects.count()) == (state, 0)
    assert answer in states()[BAD][1]


def test_hung_up_after_everything_was_given_it_may_come_twice_and_is_counted(server):
    server.drops = True
    message = put()
    sweeps.run(queue.SWEEP)
    message.refresh_from_db()
    assert (message.state, message.repeats) == (State.QUEUED, 1)
    assert "did not say whether it took this" in message.note

    server.drops = False
    OutgoingMessage.objects.update(due_at=clock.now())
    sweeps.run(queue.SWEEP)

    assert len(server.received) == 2
    assert {one.message_id for one in server.received} == {message.message_id}


def test_a_server_that_hangs_costs_its_time_limit_and_no_more(server, monkeypatch):
    monkeypatch.setattr(email, "TIMEOUT_SECONDS", 0.3)
    server.hangs = True
    message = put()

    sweeps.run(queue.SWEEP)

    message.refresh_from_db()
    assert (message.state, message.repeats) == (State.QUEUED, 0)
    assert "no answer in time" in message.note
    assert Circuit.objects.get().failures == 1


def test_a_sender_that_the_server_does_not_want_is_no_fault_of_the_recipients(server, monkeypatch):
    async def refuse(*args):
        return "550 5.7.1 sender rejected"

    monkeypatch.setattr(server, "handle_MAIL", refuse, raising=False)
    put()

    sweeps.run(queue.SWEEP)

    assert states()[GOOD][0] == State.QUEUED
    assert (DeadAddress.objects.count(), Circuit.objects.get().failures) == (0, 1)


def test_header_lines_stay_short_and_text_arrives_as_it_was(server):
    put(
        subject="Käse und Brot " * 5,
        text="Grüße\n.\nEnde\n",
        headers={"List-Unsubscribe": "<https://x.example/a>"},
    )

    sweeps.run(queue.SWEEP)

    [got] = server.received
    assert all(len(line) <= 998 for line in got.content.split(b"\r\n"))
    assert got.mail["Auto-Submitted"] == "auto-generated"
    assert got.mail.get_content().replace("\r\n", "\n").rstrip("\n") == "Grüße\n.\nEnde"
