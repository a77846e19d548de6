"""How long an event may hold up those behind it, and who may end an attempt."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from core.common import clock
from core.outbox import outgoing, sending
from core.outbox.models import OutgoingMessage
from core.timers import sweeps
from core.timers.models import StuckRow
from tests import world as worlds
from tests.webhooks.conftest import tick
from tickets import operations as tickets
from webhooks import operations, queries, timers
from webhooks.models import Delivery

pytestmark = pytest.mark.django_db
State = Delivery.State
NOON = datetime(2027, 6, 16, 12, tzinfo=UTC)
ABSENT = "x: connection refused."


def test_waiting_in_line_costs_nothing_of_the_day(desk, other, hook, ticket, monkeypatch):
    """What waited a day behind another event is not given up at its first time-out."""
    real, calls = outgoing.post, []

    def once_then_absent(url, body, headers):
        calls.append(body)
        if len(calls) == 1:
            return real(url, body, headers)
        raise outgoing.Unreachable(ABSENT)

    with time_machine.travel(NOON, tick=False) as travel:
        hook(other, "ticket.*")
        other.then = (503, {}, b"")
        tickets.take(ticket().reference, by=worlds.by(desk.people["ana"]))
        tick()
        travel.shift(timedelta(hours=23))
        other.then = (200, {}, b"")
        OutgoingMessage.objects.update(created_at=NOON - timedelta(days=2))
        monkeypatch.setattr(outgoing, "post", once_then_absent)
        tick()
    first, second = Delivery.objects.order_by("event_id")
    assert (first.state, second.state, second.message.attempts) == (State.DELIVERED, State.SENDING, 1)


def test_an_event_refused_by_time_outs_has_its_day_after_one_that_was_given_up(
    desk, other, hook, ticket, monkeypatch
):
    def post(url, body, headers):
        if made.reference.encode() not in body:
            return outgoing.Answer(200, {}, b"")
        if b'"created"' in body:
            return outgoing.Answer(500, {}, b"no")
        raise outgoing.Unreachable(ABSENT)

    ana = worlds.by(desk.people["ana"])
    with time_machine.travel(NOON, tick=False) as travel:
        hook(other, "ticket.*")
        made, fine = ticket(), ticket("fine")
        tickets.take(made.reference, by=ana)
        monkeypatch.setattr(outgoing, "post", post)
        for hour in range(40):
            tickets.edit(fine.reference, values={"subject": str(hour)}, by=ana)
            tick()
            travel.shift(timedelta(minutes=61))
    first, second = Delivery.objects.filter(subject_ref=made.reference).order_by("event_id")
    assert first.state == State.DEAD
    assert second.message.attempts > 5


def test_asking_for_a_day_each_time_blocks_a_line_for_a_day_and_no_longer(other, hook, ticket):
    hook(other, "ticket.*")
    other.then = (429, {"Retry-After": "86400"}, b"")
    with time_machine.travel(NOON, tick=False) as travel:
        ticket()
        tick()
        assert Delivery.objects.get().message.due_at == NOON + timedelta(hours=1)
        travel.shift(timedelta(days=1, minutes=1))
        tick()
    assert Delivery.objects.get().state == State.DEAD


def test_an_attempt_ends_no_later_one_of_the_same_event(desk, other, hook, ticket, monkeypatch):
    """Skipped and sent again while a call is under way: that call says nothing of the new one."""
    by = worlds.by(desk.people["root"])
    hook(other, "ticket.*")
    ticket()

    def post(url, body, headers):
        mine = Delivery.objects.get()
        operations.skip(mine.pk, by=by)
        operations.redeliver(mine.pk, by=by)
        operations.release(Delivery.objects.get(), clock.now())
        sending.claim(OutgoingMessage.objects.get(pk=mine.message_id), clock.now())  # another worker
        raise outgoing.Unreachable(ABSENT)

    monkeypatch.setattr(outgoing, "post", post)
    tick()
    message = OutgoingMessage.objects.get(topic="webhook")
    assert (message.state, message.attempts, message.note) == (OutgoingMessage.State.SENDING, 1, "")


def test_who_was_overtaken_comes_back_with_the_next_look(desk, other, hook, ticket):
    """One worker lists an event; before it acts an earlier one is sent again. Nothing is stuck for an hour."""
    ana, by = worlds.by(desk.people["ana"]), worlds.by(desk.people["root"])
    hook(other, "ticket.*")
    made = ticket()
    tick()
    first = Delivery.objects.get()
    tickets.take(made.reference, by=ana)
    sweeps.run("audit.delivery")
    [second] = queries.next_in_line(clock.now())
    operations.redeliver(first.pk, by=by)
    operations.release(Delivery.objects.get(pk=first.pk), clock.now())
    outcome = sweeps.Outcome()
    sweeps._one(timers.SWEEPS[0], second.pk, second.due_at, clock.now(), outcome)
    assert (outcome.failed, StuckRow.objects.count()) == (0, 0)
    tick()
    second.refresh_from_db()
    assert second.state == State.DELIVERED


def test_a_receiver_with_much_to_hear_stands_in_front_of_no_other(other, third, hook, ticket, monkeypatch):
    """Webhooks share few connections; they take turns."""
    order = []

    def post(url, body, headers):
        order.append("long" if str(other.port) in url else "short")
        return outgoing.Answer(200, {}, b"")

    monkeypatch.setattr(outgoing, "post", post)
    hook(other, "ticket.*")
    for number in range(12):
        ticket(str(number))
    hook(third, "ticket.*")
    ticket("last")
    tick()
    assert (order.index("short"), len(order)) == (1, 14)
