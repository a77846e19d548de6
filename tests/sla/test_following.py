"""Edited calendars and policies, and the open clocks that follow. Paris, 9 to 12 and 13 to 17, Monday to Friday."""

import pytest
import time_machine
from django.db import DatabaseError, connection, transaction

from catalogue.models import Application
from core.common.errors import Conflict, Invalid, NotAllowed, Stale
from core.timers import sweeps
from sla import judging, operations, queries
from sla.models import Calendar, CalendarVersion, Clock, Interval, Policy, Rollout
from sla.operations import following
from sla.subjects import Owed
from tests.sla.cast import P1, P3, ROBOT, Thing, paris

pytestmark = [pytest.mark.django_db, pytest.mark.everywhere]
LONG_MONDAY = {"mon": [["09:00", "20:00"]], "tue": [["09:00", "17:00"]]}


def start(thing: Thing, at, facts=P3):
    return operations.start_clocks(*thing.subject, facts, at=at, by=ROBOT)


def edit(calendar: Calendar, at, **values) -> Calendar:
    with time_machine.travel(at, tick=False):
        for name, value in values.items():
            setattr(calendar, name, value)
        return operations.save_calendar(calendar, by=ROBOT)


def test_each_edit_of_a_calendar_leaves_the_hours_of_that_version(calendar) -> None:
    edit(calendar, paris(2027, 2, 1, 16), weekly=LONG_MONDAY)
    edit(calendar, paris(2027, 2, 2, 16), zone="Europe/London")

    kept = CalendarVersion.objects.filter(calendar=calendar)
    assert [(row.number, row.zone, "wed" in row.weekly) for row in kept] == [
        (1, "Europe/Paris", True),
        (2, "Europe/Paris", False),
        (3, "Europe/London", False),
    ]
    assert kept[1].since == paris(2027, 2, 1, 16)


def test_a_version_is_never_written_again_not_even_past_the_models(calendar) -> None:
    row = CalendarVersion.objects.get()

    for change in (row.save, row.delete, CalendarVersion.objects.all().delete):
        with pytest.raises(TypeError, match="append-only"):
            change()
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("UPDATE sla_calendarversion SET zone = 'UTC'")


def test_time_used_before_an_edit_is_due_by_the_hours_of_then(thing, p3, p1, calendar) -> None:
    """Three hours by the old hours; then a target of two, which was used up at eleven, as it was then."""
    Policy.objects.filter(pk=p1.pk).update(resolution_minutes=120)
    start(thing, paris(2027, 2, 1, 9))
    calendar = edit(calendar, paris(2027, 2, 1, 13), weekly={"sun": [["09:00", "10:00"]]})

    at = paris(2027, 2, 1, 15)
    nearest = operations.retarget(*thing.subject, Owed(P1), at=at, by=ROBOT, why="worse")

    assert nearest.due_at == paris(2027, 2, 1, 11)


def test_a_taken_over_row_keeps_the_calendar_that_it_was_counted_by(thing, p3, p1, calendar) -> None:
    around = operations.save_calendar(
        Calendar(slug="always", name="Always", zone="UTC", weekly={}, always_open=True), by=ROBOT
    )
    Policy.objects.filter(pk=p1.pk).update(calendar=around)
    start(thing, paris(2027, 2, 1, 9))

    operations.retarget(*thing.subject, Owed(P1), at=paris(2027, 2, 1, 11), by=ROBOT, why="worse")

    rows = Interval.objects.filter(clock=Clock.objects.latest("pk"))
    assert [row.calendar.slug for row in rows] == ["paris", "always"]


def test_many_clocks_follow_some_at_a_time_as_if_all_had_moved_at_once(
    thing, p3, calendar, monkeypatch
) -> None:
    monkeypatch.setattr(following, "AT_ONCE", 1)
    Policy.objects.filter(pk=p3.pk).update(first_response_minutes=300, next_response_minutes=300)
    start(thing, paris(2027, 2, 1, 9))
    other = Application.objects.create(slug="risk", name="Risk").pk
    operations.start_clocks(thing.kind, other, P3, at=paris(2027, 2, 1, 9), by=ROBOT, goals=["next_response"])
    edit(calendar, paris(2027, 2, 1, 16), weekly=LONG_MONDAY)
    assert Clock.objects.filter(calendar_version=2).count() == 2  # the first subject, with both its clocks

    with time_machine.travel(paris(2027, 2, 1, 16, 30), tick=False):
        while Rollout.objects.exclude(next_at=None).exists():
            assert sweeps.run(following.SWEEP.name).failed == 0

    assert set(Clock.objects.values_list("calendar_version", flat=True)) == {2}
    opened = Interval.objects.filter(to_at__isnull=True)
    assert {row.from_at for row in opened} == {
        paris(2027, 2, 1, 16)
    }  # the moment of the edit, not of the sweep
    assert Clock.objects.get(goal="resolution").due_at == paris(2027, 2, 1, 18)


def test_a_clock_that_has_not_followed_yet_still_counts_by_its_own_hours(thing, p3, calendar) -> None:
    start(thing, paris(2027, 2, 1, 9))
    Calendar.objects.update(version=2, weekly={"sun": [["09:00", "10:00"]]})

    assert Clock.objects.get().elapsed_at(paris(2027, 2, 1, 11)) == 2 * 3600


def test_a_renamed_calendar_moves_no_clock(thing, p3, calendar) -> None:
    start(thing, paris(2027, 2, 1, 9))

    edit(calendar, paris(2027, 2, 1, 16), name="Lutetia")

    assert Interval.objects.count() == 1


def test_two_edits_of_the_same_calendar_are_one_and_a_conflict(calendar) -> None:
    stale = Calendar.objects.get()
    edit(calendar, paris(2027, 2, 1, 16), zone="Europe/London")
    stale.zone = "Europe/Rome"

    with pytest.raises(Conflict):
        operations.save_calendar(stale, by=ROBOT)


def test_only_managers_and_admins_edit(calendar, p3, by, ana, max) -> None:
    with pytest.raises(NotAllowed, match="Manager or Admin can"):
        operations.edit_calendar("paris", values={"name": "Lutetia"}, by=by(ana))
    with pytest.raises(NotAllowed):
        operations.edit_policy(p3.pk, values={"order": 1}, by=by(ana))
    with pytest.raises(Stale):
        operations.edit_policy(p3.pk, values={"order": 1}, if_version=7, by=by(max))

    assert operations.edit_policy(p3.pk, values={"order": 1}, if_version=1, by=by(max)).version == 2


def test_what_contradicts_itself_is_refused_field_by_field(by, max) -> None:
    with pytest.raises(Invalid) as wrong:
        operations.create_calendar(
            slug="odd", name="Odd", zone="Europe/Londinium", holiday_subdivision="SCT",
            weekly={"mon": [["09:00", "12:00"], ["11:00", "17:00"]]}, by=by(max),
        )  # fmt: skip

    assert set(wrong.value.errors) == {"zone", "holiday_subdivision", "weekly"}
    assert wrong.value.errors["weekly"] == [
        "Monday: Opening hours of a day must be in order and must not overlap."
    ]


# --- policies ----------------------------------------------------------------------------------------------


def follow(thing: Thing, policy: Policy, at, *, follow=True, **values):
    thing.owed = thing.owed or Owed(P3, "", ("resolution",))
    with time_machine.travel(at, tick=False):
        for name, value in values.items():
            setattr(policy, name, value)
        return operations.save_policy(policy, follow=follow, by=ROBOT)


def test_open_clocks_follow_an_edited_policy_with_the_time_that_they_have_used(thing, p3) -> None:
    start(thing, paris(2027, 2, 1, 9))

    follow(thing, p3, paris(2027, 2, 1, 13), resolution_minutes=240)

    new = Clock.objects.get(state="running")
    assert (new.target_minutes, new.elapsed_seconds) == (240, 3 * 3600)
    assert new.due_at == thing.stored[-1].due_at == paris(2027, 2, 1, 14)
    assert Clock.objects.get(state="cancelled").target_minutes == 480


def test_or_they_keep_what_was_promised(thing, p3) -> None:
    due = start(thing, paris(2027, 2, 1, 9)).due_at

    follow(thing, p3, paris(2027, 2, 1, 13), follow=False, resolution_minutes=240)

    assert Clock.objects.get().due_at == due


def test_a_new_and_more_specific_policy_takes_over_and_a_resting_one_lets_go(thing, p3, calendar) -> None:
    general = Policy.objects.create(name="Any", calendar=calendar, resolution_minutes=60)
    start(thing, paris(2027, 2, 1, 9))

    follow(thing, p3, paris(2027, 2, 1, 9, 30), active=False)

    assert Clock.objects.get(state="running").policy == general


def test_what_was_not_promised_so_far_starts_now(thing, p3) -> None:
    thing.owed = Owed(P3, "", ("resolution", "first_response"))
    start(thing, paris(2027, 2, 1, 9))

    follow(thing, p3, paris(2027, 2, 1, 10), first_response_minutes=60)

    assert Clock.objects.get(goal="first_response").due_at == paris(2027, 2, 1, 11)
    assert Clock.objects.get(goal="resolution").started_at == paris(2027, 2, 1, 9)


def test_nothing_is_promised_where_no_policy_fits_and_again_when_one_does(thing, p3, p1) -> None:
    start(thing, paris(2027, 2, 1, 9))
    owed = Owed(P1, "", ("resolution",))
    follow(thing, p1, paris(2027, 2, 1, 9), active=False)

    operations.retarget(*thing.subject, owed, at=paris(2027, 2, 1, 10), by=ROBOT, why="worse")
    assert not queries.open_ids(*thing.subject)
    Policy.objects.filter(pk=p1.pk).update(active=True)
    nearest = operations.retarget(
        *thing.subject, owed, at=paris(2027, 2, 1, 13), by=ROBOT, why="promised again"
    )

    assert nearest.due_at == paris(2027, 2, 1, 16)  # four hours, one of them used before
    ledger = queries.clocks_of(*thing.subject, paris(2027, 2, 1, 13))[0]["ledger"]
    assert [row["why"] for row in ledger] == ["started", "nothing was promised", "promised again"]


def test_what_the_judge_says_is_what_the_rollout_does(thing, p3, p1) -> None:
    thing.owed = Owed(P3, "", ("resolution", "first_response"))
    start(thing, paris(2027, 2, 1, 9))
    assert judging.differing(thing.kind, [thing.id], list(queries.policies())) == {}

    p3.first_response_minutes, p3.resolution_minutes = 60, 240
    changes = judging.differing(thing.kind, [thing.id], [p3, p1])[thing.id]

    assert [(change.goal, change.clock is not None) for change in changes] == [
        ("resolution", True),
        ("first_response", False),
    ]


def test_a_calendar_by_which_a_policy_could_not_be_kept_is_refused(p3, calendar, monkeypatch) -> None:
    monkeypatch.setattr("sla.business_time.FURTHEST", paris(2027, 2, 2) - paris(2027, 2, 1))

    with pytest.raises(Invalid, match="“P3” counts by it"):
        edit(calendar, paris(2027, 2, 1), weekly={"mon": [["09:00", "09:01"]]})
