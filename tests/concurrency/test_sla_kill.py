"""Workers killed while they remind and while clocks follow an edit: everything once, and nothing lost."""

from __future__ import annotations

import signal
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from core.audit.models import Event
from core.common import clock
from core.common.actor import system
from core.outbox.models import OutgoingMessage
from sla import defaults, operations, queries
from sla.models import Breach, Calendar, Clock, Interval
from sla.operations import following
from tests.concurrency.workers import tick, worker
from tickets import operations as tickets
from tickets.models import Ticket

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
FAULTS = ["sla.alarm_claimed", "sla.alarms.committed"]


@pytest.fixture
def overdue(ana: Any, by: Any) -> Ticket:
    """A P0, around the clock, answered: its resolution was due nine hours ago, and no worker lived since."""
    defaults.ensure_defaults()
    with time_machine.travel(clock.now() - timedelta(hours=13), tick=False):
        made = tickets.create(subject="Cards fail", impact="high", urgency="high", by=by(ana))
        tickets.reply(made.reference, body="We are on it.", public=True, by=by(ana))
        tickets.take(made.reference, by=by(ana))
    return made


def reminders() -> list[str]:
    return sorted(OutgoingMessage.objects.filter(topic="sla.reminder").values_list("to", flat=True))


def check(overdue: Ticket) -> None:
    """One breach, one reminder: the breach and the two that came four and eight hours later are one."""
    running = Clock.objects.get(state="running")
    assert running.alarms_sent == 102
    assert running.breached_at == Ticket.objects.get().breached_at == Breach.objects.get().breached_at
    assert reminders() == ["ana@desk.example"]
    names = list(
        Event.objects.filter(subject_id=overdue.pk, name__startswith="sla.").values_list("name", flat=True)
    )
    assert (names.count("sla.breached"), names.count("sla.reminder")) == (1, 1)


@pytest.mark.parametrize("point", FAULTS)
def test_a_worker_killed_while_it_reminds_reminds_once(overdue: Ticket, point: str) -> None:
    assert tick(point) == -signal.SIGKILL
    if point == "sla.alarm_claimed":
        assert (reminders(), Breach.objects.count()) == ([], 0)
    assert tick() == 0

    check(overdue)


def test_three_workers_at_once_remind_once(overdue: Ticket) -> None:
    for process in [worker() for _ in range(3)]:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors.decode()

    check(overdue)


def test_a_worker_killed_between_two_parts_of_a_rollout_moves_every_clock_once(
    monkeypatch: pytest.MonkeyPatch, ana: Any, by: Any
) -> None:
    defaults.ensure_defaults()
    monkeypatch.setattr(following, "AT_ONCE", 2)
    for number in range(5):
        tickets.create(subject=f"Wish {number}", impact="low", urgency="low", by=by(ana))
    calendar = Calendar.objects.get(slug="business-hours")
    calendar.weekly = {"sun": [["09:00", "10:00"]]}
    operations.save_calendar(calendar, by=system())
    assert queries.rollouts_on_their_way().exists()

    assert tick("sla.follow.committed") == -signal.SIGKILL
    assert tick() == 0

    clocks = Clock.objects.filter(calendar=calendar)
    assert set(clocks.values_list("calendar_version", flat=True)) == {2}
    assert not queries.rollouts_on_their_way().exists()
    assert Interval.objects.filter(clock__in=clocks).count() == 2 * clocks.count()
