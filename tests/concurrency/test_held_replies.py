"""Held replies when workers die, and when several hands reach for one: sent once or taken back, never both."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest
import time_machine

from core.common import clock
from core.common.errors import Conflict, RuleBroken
from core.timers import sweeps
from sla.models import Clock
from tests import world as worlds
from tests.concurrency.test_one_wins import at_once, events, one_won
from tests.concurrency.workers import KILLED, tick
from tests.world import by
from tickets import operations
from tickets.models import Entry, HeldReply
from tickets.operations import held
from worklog import queries as worklog
from worklog.models import RunningTimer, TimeEntry

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def w(transactional_db: None) -> SimpleNamespace:
    """A ticket, and Ana's reply to it that should have gone out a minute ago, with 20 minutes of work."""
    found = worlds.ground()
    found.ana = by(found.people["ana"])
    with time_machine.travel(clock.now() - timedelta(minutes=1), tick=False):
        found.ticket = operations.create(subject="Cards fail", requester=found.casey, by=found.ana)
        found.ref = found.ticket.reference
        operations.start_timer(found.ref, by=found.ana)
        found.held = operations.send_soon(found.ref, body="On it.", last_seen=0, minutes=20, by=found.ana)
    return found


def check_sent_once(w: SimpleNamespace) -> Entry:
    """One entry, one time, and the response clocks met at the moment when it went out."""
    entry = Entry.objects.get()
    reply = HeldReply.objects.get()
    assert (reply.entry, reply.release_at, reply.note) == (entry, None, "")
    assert [time.minutes for time in TimeEntry.objects.all()] == [20]
    assert events("ticket.replied") == events("ticket.time_logged") == 1
    met = Clock.objects.get(subject_id=w.ticket.pk, goal="first_response").met_at
    assert met == entry.created_at.replace(microsecond=0) > w.held.release_at
    return entry


def check_taken_back(w: SimpleNamespace) -> None:
    assert not Entry.objects.exists() and not TimeEntry.objects.exists()
    assert Clock.objects.get(subject_id=w.ticket.pk, goal="first_response").met_at is None
    assert worklog.draft_of(w.ticket, w.ana).text == "On it."
    assert RunningTimer.objects.exists()


@pytest.mark.parametrize("point", ["tickets.release_claimed", "tickets.after_release"])
def test_a_worker_killed_while_it_sends_leaves_it_to_the_next(point: str, w: SimpleNamespace) -> None:
    for _ in range(2):
        assert tick(point) == KILLED
        assert not Entry.objects.exists() and not TimeEntry.objects.exists()
        assert HeldReply.objects.get().release_at == w.held.release_at
    died_at = clock.now()

    assert tick() == 0
    assert tick() == 0

    assert check_sent_once(w).created_at > died_at


def test_a_worker_killed_after_it_was_sent_sends_nothing_again(w: SimpleNamespace) -> None:
    assert tick("tickets.release.committed") == KILLED
    sent = check_sent_once(w)

    assert tick() == 0

    assert check_sent_once(w) == sent


def test_undo_after_a_worker_died_takes_it_back(w: SimpleNamespace) -> None:
    assert tick("tickets.after_release") == KILLED

    operations.take_back(w.ref, held=w.held.pk, by=w.ana)
    assert tick() == 0

    check_taken_back(w)


def test_four_sweeps_and_an_impatient_author_send_it_once(w: SimpleNamespace) -> None:
    impatient = [lambda: operations.send_now(w.ref, held=w.held.pk, last_seen=0, by=w.ana)] * 2

    *_, first, second = at_once(*[lambda: sweeps.run(held.SWEEP)] * 4, *impatient)

    check_sent_once(w)
    lost = [result for result in (first, second) if isinstance(result, RuleBroken)]
    assert all(type(broken) is Conflict for broken in lost) and lost


@pytest.mark.parametrize("_", range(4))
def test_it_is_sent_or_taken_back_and_never_both(_: int, w: SimpleNamespace) -> None:
    undone, *_swept = at_once(
        lambda: operations.take_back(w.ref, held=w.held.pk, by=w.ana), *[lambda: sweeps.run(held.SWEEP)] * 3
    )

    if isinstance(undone, Conflict):
        check_sent_once(w)
        assert worklog.draft_of(w.ticket, w.ana) is None
    else:
        assert HeldReply.objects.get().taken_back_at is not None
        check_taken_back(w)


def test_eight_undos_are_one(w: SimpleNamespace) -> None:
    results = at_once(*[lambda: operations.take_back(w.ref, held=w.held.pk, by=w.ana)] * 8)

    one_won(results, Conflict)
    check_taken_back(w)
