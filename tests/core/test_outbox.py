import smtplib
from datetime import timedelta

import pytest
import time_machine

from core.common import clock
from core.outbox import queue, relevance, sending, transports
from core.outbox.models import Lane, OutgoingMessage
from core.timers import sweeps
from core.timers.models import StuckRow

pytestmark = pytest.mark.django_db
State = OutgoingMessage.State


def put(key="a", **more):
    values = {"lane": Lane.REPLY, "to": "x@desk.example", "subject": "Hello", "text": "Text", "topic": "test"}
    return queue.put(**{**values, "dedup_key": key, **more})


def test_a_message_is_sent_once_with_the_id_of_its_row(mailoutbox):
    message = put()

    sweeps.run(queue.SWEEP)
    sweeps.run(queue.SWEEP)

    [mail] = mailoutbox
    assert mail.extra_headers["Message-ID"] == message.message_id
    assert OutgoingMessage.objects.get().state == State.SENT


def test_the_same_key_twice_is_one_message():
    assert put().pk == put(text="again").pk


def test_input_cannot_start_a_header(mailoutbox):
    put(subject="Hello\r\nBcc: all@desk.example\x00")

    sweeps.run(queue.SWEEP)

    assert mailoutbox[0].subject == "Hello Bcc: all@desk.example"


def test_what_is_no_longer_true_is_dropped_and_says_so(mailoutbox, monkeypatch):
    monkeypatch.setattr(relevance, "_checks", {"test": lambda message: "The incident was restored."})
    put()

    sweeps.run(queue.SWEEP)

    dropped = OutgoingMessage.objects.get()
    assert (dropped.state, dropped.note, mailoutbox) == (State.DROPPED, "The incident was restored.", [])


def test_one_bad_address_does_not_stop_the_others(mailoutbox, monkeypatch):
    real = transports.email.send

    def choosy(message):
        if message.to == "bad@desk.example":
            raise transports.Refused("no such user")
        real(message)

    monkeypatch.setitem(transports._TRANSPORTS, "email", choosy)
    put("1", to="bad@desk.example")
    put("2")

    sweeps.run(queue.SWEEP)

    assert [m.state for m in OutgoingMessage.objects.order_by("dedup_key")] == [State.FAILED, State.SENT]


def test_a_server_that_is_down_is_tried_later(monkeypatch, mailoutbox):
    def down(message):
        raise smtplib.SMTPServerDisconnected("gone")

    with monkeypatch.context() as broken, time_machine.travel("2026-03-02 10:00Z", tick=False):
        broken.setitem(transports._TRANSPORTS, "email", down)
        put()
        sweeps.run(queue.SWEEP)
        waiting = OutgoingMessage.objects.get()
        assert (waiting.state, waiting.due_at) == (State.QUEUED, clock.now() + sending.FIRST_RETRY)

    with time_machine.travel("2026-03-02 10:01Z", tick=False):
        sweeps.run(queue.SWEEP)
    assert len(mailoutbox) == 1


def test_a_lease_that_ran_out_is_sent_again_with_the_same_id_and_counted(mailoutbox):
    message = put()
    OutgoingMessage.objects.update(state=State.SENDING, attempts=1, due_at=clock.now() - timedelta(seconds=1))

    sweeps.run(queue.SWEEP)

    row = OutgoingMessage.objects.get()
    assert (row.state, row.repeats) == (State.SENT, 1)
    assert mailoutbox[0].extra_headers["Message-ID"] == message.message_id


def test_a_row_that_throws_is_pushed_ahead_and_reported(monkeypatch, mailoutbox):
    def boom(message):
        if message.dedup_key == "bad":
            raise ZeroDivisionError("check")
        return None

    monkeypatch.setattr(relevance, "_checks", {"test": boom})
    put("bad")
    put("good")

    outcome = sweeps.run(queue.SWEEP)

    assert (outcome.done, outcome.failed) == (1, 1)
    assert "ZeroDivisionError" in StuckRow.objects.get().error
    assert OutgoingMessage.objects.get(dedup_key="bad").due_at > clock.now() + timedelta(minutes=59)
