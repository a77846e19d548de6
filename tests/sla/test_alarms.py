"""Reminders and breaches, by the sweep. Eight hours from Monday 09:00 in Paris: due Tuesday 10:00."""

import pytest
import time_machine

from catalogue.models import Application
from core.audit import trail
from core.common.actor import system
from core.outbox import queue
from core.outbox.models import OutgoingMessage
from core.timers import sweeps
from sla import operations
from sla.alarms import SWEEP
from sla.models import Clock, Goal, Policy
from sla.rules import Part
from sla.subjects import Owed, Person
from tests.sla.cast import P1, P3, ROBOT, Thing, paris

pytestmark = [pytest.mark.django_db, pytest.mark.everywhere]
ANA, LEA, MAX = "ana@desk.example", "lea@desk.example", "max@desk.example"


@pytest.fixture
def clock(thing: Thing, p3) -> Clock:
    operations.start_clocks(*thing.subject, P3, at=paris(2027, 2, 1, 9), by=system())
    return Clock.objects.get()


def sweep(*when: int) -> list[str]:
    """Run the sweep at a time in February 2027; whom it wrote to."""
    known = set(OutgoingMessage.objects.values_list("pk", flat=True))
    with time_machine.travel(paris(2027, 2, *when), tick=False):
        outcome = sweeps.run(SWEEP.name)
    assert outcome.failed == 0
    return sorted(OutgoingMessage.objects.exclude(pk__in=known).values_list("to", flat=True))


def test_each_threshold_is_told_once_to_whom_it_concerns(clock) -> None:
    assert sweep(1, 13, 59) == []
    assert sweep(1, 14) == [ANA]
    assert sweep(1, 15, 59) == []
    assert sweep(1, 16) == [ANA, LEA]
    assert sweep(2, 9, 12) == [ANA, LEA]
    assert sweep(2, 10) == [ANA, LEA, MAX]
    assert sweep(2, 10) == []


def test_after_the_breach_every_four_hours_of_clock_time(clock) -> None:
    sweep(2, 10)

    assert sweep(2, 14, 59) == []
    assert sweep(2, 15) == [ANA, LEA, MAX]
    assert sweep(3, 10, 59) == []
    assert sweep(3, 11) == [ANA, LEA, MAX]


def test_after_an_outage_the_overdue_ones_collapse_into_the_latest(clock) -> None:
    assert sweep(3, 9) == [ANA, LEA, MAX]

    clock.refresh_from_db()
    assert clock.alarms_sent == 101
    assert clock.next_alarm_at == paris(2027, 2, 3, 11)


def test_a_breach_is_a_fact_with_the_time_at_which_it_was_due(thing, clock) -> None:
    sweep(2, 14, 30)

    clock.refresh_from_db()
    assert clock.breached_at == clock.due_at == paris(2027, 2, 2, 10)
    assert [nearest.breached_at for nearest in thing.stored] == [clock.due_at]
    assert [event.name for event in trail.history(*thing.subject)] == [
        "sla.started",
        "sla.breached",
        "sla.reminder",
    ]


def test_nothing_is_told_while_paused_met_or_cancelled(thing, clock) -> None:
    operations.pause_clocks(*thing.subject, reason="waiting", at=paris(2027, 2, 1, 10), by=ROBOT)
    assert sweep(4, 12) == []
    operations.resume_clocks(*thing.subject, at=paris(2027, 2, 4, 12), by=ROBOT)
    operations.meet(*thing.subject, Goal.RESOLUTION, at=paris(2027, 2, 4, 13), by=ROBOT)
    assert sweep(9, 12) == []


def test_a_queued_reminder_is_dropped_when_the_goal_was_met_meanwhile(thing, clock, mailoutbox) -> None:
    sweep(1, 14)
    operations.meet(*thing.subject, Goal.RESOLUTION, at=paris(2027, 2, 1, 14, 1), by=ROBOT)

    with time_machine.travel(paris(2027, 2, 1, 14, 2), tick=False):
        sweeps.run(queue.SWEEP)

    assert (OutgoingMessage.objects.get().note, mailoutbox) == ("The clock is met.", [])


def test_a_queued_reminder_is_dropped_when_a_later_one_took_its_place(clock, mailoutbox) -> None:
    sweep(1, 14)
    sweep(1, 16)

    with time_machine.travel(paris(2027, 2, 1, 16, 1), tick=False):
        sweeps.run(queue.SWEEP)

    assert sorted(mail.to[0] for mail in mailoutbox) == [ANA, LEA]
    assert "due in 2 h" in mailoutbox[0].subject


def test_a_new_priority_brings_no_second_breach_notice(thing, clock, p1) -> None:
    sweep(2, 10)
    operations.retarget(*thing.subject, Owed(P1), at=paris(2027, 2, 2, 11), by=ROBOT, why="worse")

    assert sweep(2, 11) == [ANA, LEA, MAX]  # four hours and more beyond the new target: the repeated reminder
    names = [event.name for event in trail.history(*thing.subject)]
    assert names.count("sla.breached") == 1
    new = Clock.objects.get(state=Clock.State.RUNNING)
    assert (new.breached_at, new.alarms_sent) == (paris(2027, 2, 2, 10), 101)


def test_a_new_priority_repeats_no_reminder_that_went_out(thing, clock, p1) -> None:
    Policy.objects.filter(pk=p1.pk).update(resolution_minutes=7 * 60)
    assert sweep(1, 14) == [ANA]
    operations.retarget(*thing.subject, Owed(P1), at=paris(2027, 2, 1, 14), by=ROBOT, why="worse")

    assert sweep(1, 15, 14) == []
    assert sweep(1, 15, 15) == [ANA, LEA]


def test_a_lower_priority_keeps_the_breach_and_tells_it_no_more(thing, p3, p1) -> None:
    operations.start_clocks(*thing.subject, P1, at=paris(2027, 2, 1, 9), by=ROBOT)
    assert sweep(1, 14) == [ANA, LEA, MAX]
    nearest = operations.retarget(*thing.subject, Owed(P3), at=paris(2027, 2, 1, 15), by=ROBOT, why="milder")

    assert (nearest.breached_at, nearest.due_at) == (paris(2027, 2, 1, 14), paris(2027, 2, 2, 10))
    assert sweep(2, 14, 59) == []
    assert sweep(2, 15) == [ANA, LEA, MAX]


def test_a_lower_priority_has_its_own_reminders(thing, p3, p1) -> None:
    operations.start_clocks(*thing.subject, P1, at=paris(2027, 2, 1, 9), by=ROBOT)
    assert sweep(1, 13, 36) == [ANA, LEA]
    operations.retarget(*thing.subject, Owed(P3), at=paris(2027, 2, 1, 13, 36), by=ROBOT, why="milder")

    assert sweep(1, 14) == [ANA]


def test_one_person_in_two_parts_gets_one_mail_and_an_empty_part_none(thing, clock) -> None:
    thing.recipients = {
        Part.ASSIGNEE: [Person("Ana", ANA)],
        Part.LEAD: [Person("Ana", ANA.upper()), Person("No", "")],
    }

    assert [address.lower() for address in sweep(2, 10)] == [ANA]


def test_the_words_of_a_reminder_and_of_a_breach(clock) -> None:
    sweep(1, 14)
    sweep(2, 15)

    reminder, breach = OutgoingMessage.objects.filter(to=ANA).order_by("id")
    reference = f"THG-{clock.subject_id}"
    assert reminder.subject == f"{reference}: resolution due in 4 h - Pricing Bcc: a@b.example"
    assert "50 % of the time is used." in reminder.text
    assert "Due:  Tue 2 Feb 10:00 (Europe/Paris)" in reminder.text
    assert breach.subject == f"{reference}: resolution overdue - Pricing Bcc: a@b.example"
    assert "4 h ago in business time." in breach.text
    assert f"/things/{reference}/" in breach.text


def test_the_subject_line_fits_a_phone(thing, clock) -> None:
    Application.objects.update(name="x" * 100)
    sweep(1, 14)

    assert len(OutgoingMessage.objects.get().subject) < 78


def test_the_sweep_is_quick_to_find_nothing(clock, django_assert_num_queries) -> None:
    with time_machine.travel(paris(2027, 2, 1, 12), tick=False), django_assert_num_queries(1):
        sweeps.run(SWEEP.name)
