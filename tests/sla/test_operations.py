"""What happens to clocks. The calendar is Paris, 9 to 12 and 13 to 17, Monday to Friday; 2027-02-05 is a Friday."""

import itertools
from datetime import timedelta

import pytest
import time_machine

from core.audit import trail
from core.audit.models import Event
from core.common.errors import Conflict
from sla import operations, queries
from sla.models import Calendar, Clock, Goal, Interval, Policy
from sla.subjects import Owed
from tests.sla.cast import P1, P3, ROBOT, Thing, paris

pytestmark = pytest.mark.django_db
State = Clock.State


def start(thing: Thing, at, facts=P3, **more):
    return operations.start_clocks(*thing.subject, facts, at=at, by=ROBOT, **more)


def pause(thing: Thing, at, reason="waiting"):
    return operations.pause_clocks(*thing.subject, reason=reason, at=at, by=ROBOT)


def resume(thing: Thing, at):
    return operations.resume_clocks(*thing.subject, at=at, by=ROBOT)


def retarget(thing: Thing, at, facts=P1, held_for=""):
    return operations.retarget(
        *thing.subject, Owed(facts, held_for), at=at, by=ROBOT, why="priority P3 to P1"
    )


def names(thing: Thing) -> list[str]:
    return [event.name for event in trail.history(*thing.subject)]


def open_clock() -> Clock:
    return Clock.objects.get(state__in=Clock.OPEN)


def test_four_hours_from_friday_half_past_four_are_due_monday_half_past_one(thing, p1) -> None:
    nearest = start(thing, paris(2027, 2, 5, 16, 30), P1)

    clock = Clock.objects.get()
    assert nearest.due_at == clock.due_at == paris(2027, 2, 8, 13, 30)
    assert (nearest.goal, nearest.breached_at) == (Goal.RESOLUTION, None)
    assert clock.next_alarm_at == paris(2027, 2, 8, 10, 30)
    assert names(thing) == ["sla.started"]


def test_each_promised_goal_gets_a_clock_and_starting_again_changes_nothing(thing, p3) -> None:
    Policy.objects.update(first_response_minutes=60, next_response_minutes=30)

    for _ in range(2):
        nearest = start(thing, paris(2027, 2, 1, 9))

    assert sorted(Clock.objects.values_list("goal", flat=True)) == [Goal.FIRST_RESPONSE, Goal.RESOLUTION]
    assert (nearest.goal, nearest.due_at) == (Goal.FIRST_RESPONSE, paris(2027, 2, 1, 10))


def test_a_further_question_starts_a_clock_once_the_first_response_is_given(thing, p3) -> None:
    Policy.objects.update(first_response_minutes=60, next_response_minutes=30)
    start(thing, paris(2027, 2, 1, 9))

    owed = start(thing, paris(2027, 2, 1, 9, 10), goals=[Goal.NEXT_RESPONSE])
    answered = operations.meet(
        *thing.subject, Goal.FIRST_RESPONSE, Goal.NEXT_RESPONSE, at=paris(2027, 2, 1, 9, 20), by=ROBOT
    )
    asked = start(thing, paris(2027, 2, 1, 10), goals=[Goal.NEXT_RESPONSE])

    assert [nearest.goal for nearest in (owed, answered, asked)] == [
        Goal.FIRST_RESPONSE, Goal.RESOLUTION, Goal.NEXT_RESPONSE,
    ]  # fmt: skip
    assert asked.due_at == paris(2027, 2, 1, 10, 30)


def test_without_a_fitting_policy_nothing_is_promised(thing, p1) -> None:
    nearest = start(thing, paris(2027, 2, 1, 9), P3)

    assert (nearest.due_at, Clock.objects.count(), names(thing)) == (None, 0, [])


def test_a_pause_from_thursday_to_monday_leaves_the_remaining_time_as_it_was(thing, p3) -> None:
    start(thing, paris(2027, 2, 4, 13))
    thursday, monday = paris(2027, 2, 4, 16), paris(2027, 2, 8, 10)
    before = queries.clocks_of(*thing.subject, thursday)[0]["remaining_minutes"]

    paused = pause(thing, thursday)
    between = queries.clocks_of(*thing.subject, paris(2027, 2, 5, 12))[0]
    resumed = resume(thing, monday)

    after = queries.clocks_of(*thing.subject, monday)[0]["remaining_minutes"]
    assert before == between["remaining_minutes"] == after == 300
    assert (between["state"], between["due_at"], paused.due_at) == ("paused", None, None)
    assert resumed.due_at == paris(2027, 2, 8, 16)
    assert names(thing) == ["sla.started", "sla.paused", "sla.resumed"]


def test_pausing_again_and_resuming_again_change_nothing(thing, p3) -> None:
    start(thing, paris(2027, 2, 4, 13))
    for hour in (14, 15):
        pause(thing, paris(2027, 2, 4, hour))
    for hour in (16, 17):
        resume(thing, paris(2027, 2, 4, hour))

    assert open_clock().elapsed_seconds == 3600
    assert names(thing) == ["sla.started", "sla.paused", "sla.resumed"]


def test_holding_pauses_only_for_the_reasons_that_the_policy_lists(thing, p3) -> None:
    start(thing, paris(2027, 2, 4, 9))

    pause(thing, paris(2027, 2, 4, 10), reason="change")
    assert open_clock().state == State.RUNNING
    pause(thing, paris(2027, 2, 4, 10), reason="vendor")
    assert open_clock().state == State.PAUSED


def test_a_paused_clock_runs_on_when_the_reason_becomes_one_that_does_not_pause(thing, p3) -> None:
    start(thing, paris(2027, 2, 4, 9))
    pause(thing, paris(2027, 2, 4, 10))

    nearest = pause(thing, paris(2027, 2, 4, 11), reason="change")

    assert open_clock().state == State.RUNNING
    assert nearest.due_at == paris(2027, 2, 5, 11)


def test_met_in_time_and_met_too_late(thing, p3) -> None:
    start(thing, paris(2027, 2, 1, 9))
    in_time = operations.meet(*thing.subject, Goal.RESOLUTION, at=paris(2027, 2, 2, 10), by=ROBOT)
    start(thing, paris(2027, 2, 3, 9))
    too_late = operations.meet(*thing.subject, Goal.RESOLUTION, at=paris(2027, 2, 4, 11), by=ROBOT)

    assert (in_time.breached_at, in_time.due_at) == (None, None)
    assert too_late.breached_at == paris(2027, 2, 4, 10)  # the time when it was due, not when it was met
    assert names(thing) == ["sla.started", "sla.met", "sla.started", "sla.breached", "sla.met"]
    late = Clock.objects.last()
    assert (late.met_at, late.elapsed_seconds) == (paris(2027, 2, 4, 11), 9 * 3600)


def test_met_in_the_second_in_which_it_is_due_is_in_time(thing, p3) -> None:
    due = start(thing, paris(2027, 2, 1, 9)).due_at

    assert operations.meet(*thing.subject, Goal.RESOLUTION, at=due, by=ROBOT).breached_at is None


def test_a_pause_after_the_due_time_cannot_hide_the_breach(thing, p3) -> None:
    due = start(thing, paris(2027, 2, 1, 9)).due_at

    assert pause(thing, due + timedelta(hours=1)).breached_at == due
    assert resume(thing, due + timedelta(hours=2)).due_at == due


def test_a_new_priority_keeps_three_used_hours_and_cancels_the_old_clock(thing, p3, p1) -> None:
    start(thing, paris(2027, 2, 1, 9))

    nearest = retarget(thing, paris(2027, 2, 1, 13))

    old, new = Clock.objects.order_by("id")
    assert (old.state, new.state) == (State.CANCELLED, State.RUNNING)
    assert (new.elapsed_seconds, new.started_at) == (3 * 3600, paris(2027, 2, 1, 9))
    assert nearest.due_at == paris(2027, 2, 1, 14)
    shown = queries.clocks_of(*thing.subject, paris(2027, 2, 1, 13))[0]
    assert (shown["elapsed_minutes"], shown["remaining_minutes"]) == (180, 60)
    assert [(row["counted"], row["minutes"]) for row in shown["ledger"]] == [(True, 180), (True, 0)]


def test_a_new_priority_that_was_due_before_is_due_when_its_time_was_used_up(thing, p3, p1) -> None:
    start(thing, paris(2027, 2, 1, 9))

    nearest = retarget(thing, paris(2027, 2, 1, 16))

    assert nearest.due_at == paris(2027, 2, 1, 14)
    assert open_clock().next_alarm_at == paris(2027, 2, 1, 16)


def test_time_used_up_just_before_a_pause_was_due_then(thing, p3, p1) -> None:
    start(thing, paris(2027, 2, 1, 9))
    pause(thing, paris(2027, 2, 1, 14))
    resume(thing, paris(2027, 2, 1, 15))

    assert retarget(thing, paris(2027, 2, 1, 16)).due_at == paris(2027, 2, 1, 14)


def test_the_same_promise_keeps_its_clock(thing, p3) -> None:
    start(thing, paris(2027, 2, 1, 9))

    retarget(thing, paris(2027, 2, 1, 16), P3)

    assert Clock.objects.get().state == State.RUNNING


def test_a_held_subject_stays_paused_if_the_new_policy_pauses_for_it(thing, p3, p1) -> None:
    start(thing, paris(2027, 2, 1, 9))
    pause(thing, paris(2027, 2, 1, 10))
    retarget(thing, paris(2027, 2, 1, 11), held_for="waiting")
    assert (open_clock().state, open_clock().elapsed_seconds) == (State.PAUSED, 3600)

    retarget(thing, paris(2027, 2, 1, 12), P3, held_for="vendor")
    assert open_clock().state == State.PAUSED
    retarget(thing, paris(2027, 2, 1, 14), P1, held_for="vendor")
    assert open_clock().due_at == paris(2027, 2, 1, 17)


def test_a_policy_without_the_goal_cancels_its_clock(thing, p3, p1) -> None:
    start(thing, paris(2027, 2, 1, 9))
    Policy.objects.filter(pk=p1.pk).update(resolution_minutes=None, first_response_minutes=15)

    assert retarget(thing, paris(2027, 2, 1, 10)).due_at is None
    assert Clock.objects.get().state == State.CANCELLED


def test_cancelling_ends_every_clock_and_keeps_a_breach(thing, p3) -> None:
    due = start(thing, paris(2027, 2, 1, 9)).due_at

    nearest = operations.cancel_clocks(*thing.subject, at=due + timedelta(hours=1), by=ROBOT, why="merged")

    assert (nearest.due_at, nearest.breached_at) == (None, due)
    assert Clock.objects.get().next_alarm_at is None


def test_a_reopened_subject_runs_on_with_the_time_used_before(thing, p3) -> None:
    start(thing, paris(2027, 2, 1, 9))
    operations.meet(*thing.subject, Goal.RESOLUTION, at=paris(2027, 2, 1, 11), by=ROBOT)

    nearest = operations.restart(*thing.subject, Goal.RESOLUTION, P3, at=paris(2027, 2, 3, 9), by=ROBOT)

    assert nearest.due_at == paris(2027, 2, 3, 16)
    shown = queries.clocks_of(*thing.subject, paris(2027, 2, 3, 9))[0]
    assert [(row["counted"], row["why"]) for row in shown["ledger"]] == [
        (True, "started"), (False, "goal was met"), (True, "reopened"),
    ]  # fmt: skip


def test_an_edited_calendar_moves_open_clocks_and_leaves_closed_rows_alone(thing, p3, calendar) -> None:
    start(thing, paris(2027, 2, 1, 9))
    pause(thing, paris(2027, 2, 1, 11))
    resume(thing, paris(2027, 2, 1, 14))
    closed = list(Interval.objects.filter(to_at__isnull=False).values())
    calendar.weekly = {"mon": [["09:00", "15:00"]], "tue": [["09:00", "20:00"]]}

    with time_machine.travel(paris(2027, 2, 1, 16), tick=False):
        operations.save_calendar(calendar, by=ROBOT)

    clock = Clock.objects.get()
    assert clock.elapsed_seconds == 4 * 3600
    assert clock.due_at == thing.stored[-1].due_at == paris(2027, 2, 2, 13)
    assert list(Interval.objects.filter(pk__in=[row["id"] for row in closed]).values()) == closed
    assert list(Interval.objects.values_list("calendar_version", flat=True)) == [1, 1, 1, 2]
    assert Calendar.objects.get().version == 2


def test_an_edited_calendar_never_touches_an_ended_clock(thing, p3, calendar) -> None:
    start(thing, paris(2027, 2, 1, 9))
    operations.meet(*thing.subject, Goal.RESOLUTION, at=paris(2027, 2, 1, 11), by=ROBOT)
    before = Clock.objects.values().get(), list(Interval.objects.values())
    calendar.weekly = {"sun": [["09:00", "10:00"]]}

    operations.save_calendar(calendar, by=ROBOT)

    assert (Clock.objects.values().get(), list(Interval.objects.values())) == before


def test_a_stale_clock_is_not_overwritten(thing, p3) -> None:
    start(thing, paris(2027, 2, 1, 9))
    stale = Clock.objects.get()
    pause(thing, paris(2027, 2, 1, 10))

    with pytest.raises(Conflict):
        operations.steps.write(stale, alarms_sent=50)


def test_elapsed_time_is_the_sum_of_the_ledger(thing, p3) -> None:
    start(thing, paris(2027, 2, 4, 9))
    for day, hour in ((4, 11), (5, 9), (8, 16)):
        pause(thing, paris(2027, 2, day, hour))
        resume(thing, paris(2027, 2, day, hour) + timedelta(minutes=25))
    operations.meet(*thing.subject, Goal.RESOLUTION, at=paris(2027, 2, 9, 12), by=ROBOT)

    clock = Clock.objects.get()
    assert clock.elapsed_seconds == sum(Interval.objects.values_list("seconds", flat=True))
    rows = list(clock.ledger.all())
    assert all(one.to_at == other.from_at for one, other in itertools.pairwise(rows))


def test_policies_and_calendars_are_in_the_trail(p3) -> None:
    p3.resolution_minutes = 600
    operations.save_policy(p3, by=ROBOT)
    p3.calendar.name = "Lutetia"
    operations.save_calendar(p3.calendar, by=ROBOT)

    _, policy, calendar = Event.objects.order_by("id")
    assert (policy.before, policy.after) == ({"resolution_minutes": 480}, {"resolution_minutes": 600})
    assert (calendar.name, calendar.after) == ("calendar.changed", {"name": "Lutetia"})
