"""Alarms when two workers, or a worker and a person, come at the same moment."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier, Event
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction

from catalogue.models import Application
from core.common import clock as wall
from core.common.actor import system
from core.outbox.models import OutgoingMessage
from core.timers import sweeps
from sla import operations, subjects
from sla.alarms import SWEEP
from sla.models import Calendar, Clock, Policy
from sla.rules import Facts, Part
from sla.subjects import Owner, Person, SubjectInfo

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def overdue() -> Iterator[Clock]:
    """A clock of one minute around the clock, started an hour ago."""
    calendar = Calendar.objects.create(slug="always", name="Always", zone="UTC", always_open=True)
    Policy.objects.create(name="All", calendar=calendar, resolution_minutes=1)
    pk = Application.objects.create(slug="pricing", name="Pricing").pk
    subjects.register(
        "thing",
        SubjectInfo(
            model=Application,
            reference=lambda pk: f"THG-{pk}",
            label=lambda row: row.name,
            path=lambda row: "/",
            recipients=lambda row: {Part.ASSIGNEE: [Person("Ana", "ana@desk.example")]},
            nearest_changed=lambda pk, nearest: None,
            visible_to=lambda actor: Application.objects.all(),
            owner=lambda row: Owner(),
            owed=lambda row: None,
        ),
    )
    operations.start_clocks("thing", pk, Facts("P1"), at=wall.now() - timedelta(hours=1), by=system())
    yield Clock.objects.get()
    del subjects._kinds["thing"]


def in_threads(count: int, work: Callable[[], object]) -> list[object]:
    ready = Barrier(count)

    def one(_: int) -> object:
        try:
            ready.wait(10)
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def test_four_sweeps_at_once_remind_once(overdue: Clock) -> None:
    in_threads(4, lambda: sweeps.run(SWEEP.name))

    assert OutgoingMessage.objects.count() == 1
    assert Clock.objects.get().breached_at == overdue.due_at


def test_eight_people_pausing_at_once_leave_one_pause(overdue: Clock) -> None:
    Clock.objects.update(target_minutes=600)

    in_threads(
        8,
        lambda: operations.pause_clocks(
            "thing", overdue.subject_id, reason="waiting", at=wall.now(), by=system()
        ),
    )

    assert overdue.ledger.count() == 2
    assert Clock.objects.get().state == Clock.State.PAUSED


def test_a_subject_that_somebody_is_writing_is_left_for_the_next_tick(overdue: Clock) -> None:
    """Waiting for it while holding the clock would be a deadlock with an operation that goes on to the clock."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite lets one writer in at a time, so nobody waits for a row")
    held, done = Event(), Event()

    def somebody() -> None:
        with transaction.atomic():
            Application.objects.filter(pk=overdue.subject_id).update(name="Pricing 2")
            held.set()
            done.wait(10)
        connection.close()

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(somebody)
        held.wait(10)
        outcome = sweeps.run(SWEEP.name)
        done.set()
        writing.result()

    clock = Clock.objects.get()
    assert (outcome.failed, OutgoingMessage.objects.count(), clock.breached_at) == (0, 0, None)
    assert clock.next_alarm_at and clock.next_alarm_at > wall.now()
    sweeps.run(SWEEP.name, now=datetime.now(ZoneInfo("UTC")) + timedelta(minutes=1))
    assert OutgoingMessage.objects.count() == 1
