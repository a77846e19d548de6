"""What an edit would do is what it does."""

import pytest
import time_machine

from sla import operations, preview
from sla.models import Clock
from sla.subjects import Owed
from tests.sla.cast import P3, ROBOT, Thing, paris

pytestmark = pytest.mark.django_db
NOW = paris(2027, 2, 1, 11)


@pytest.fixture
def clock(thing: Thing, p3) -> Clock:
    """Two hours of eight used at NOW."""
    thing.owed = Owed(P3, "", ("resolution",))
    operations.start_clocks(*thing.subject, P3, at=paris(2027, 2, 1, 9), by=ROBOT)
    return Clock.objects.get()


def test_a_calendars_preview_names_the_clocks_and_their_new_due_times(thing, clock, calendar) -> None:
    calendar.weekly = {"mon": [["09:00", "12:00"]], "tue": [["09:00", "17:00"]]}

    seen = preview.of_calendar(calendar, by=ROBOT, now=NOW)
    with time_machine.travel(NOW, tick=False):
        operations.save_calendar(calendar, by=ROBOT)

    assert (seen.count, seen.overdue, seen.examined, seen.more) == (1, 0, 1, False)
    assert (seen.rows[0].reference, seen.rows[0].was_due) == (f"THG-{thing.id}", clock.due_at)
    assert seen.rows[0].due == Clock.objects.get().due_at == paris(2027, 2, 2, 14)


def test_an_edit_that_moves_nothing_shows_nothing(clock, calendar) -> None:
    calendar.extra_days = {"2028-01-05": []}

    assert preview.of_calendar(calendar, by=ROBOT, now=NOW).count == 0


@pytest.mark.parametrize(("minutes", "due", "overdue"), [(240, paris(2027, 2, 1, 14), 0), (60, None, 1)])
def test_a_policys_preview_is_what_saving_does(clock, p3, minutes, due, overdue) -> None:
    p3.resolution_minutes = minutes

    seen = preview.of_policy(p3, by=ROBOT, now=NOW)
    with time_machine.travel(NOW, tick=False):
        operations.save_policy(p3, by=ROBOT)

    assert (seen.count, seen.overdue, seen.rows[0].due) == (1, overdue, due)
    after = Clock.objects.get(state="running")
    assert after.due_at == (due or paris(2027, 2, 1, 10))
    assert (seen.rows[0].was_minutes, seen.rows[0].minutes) == (480, after.target_minutes)


def test_a_policy_that_rests_ends_its_clocks(clock, p3) -> None:
    p3.active = False

    row = preview.of_policy(p3, by=ROBOT, now=NOW).rows[0]

    assert (row.ends, row.due) == (True, None)


def test_what_would_start_has_no_due_time_so_far(clock, p3, thing) -> None:
    thing.owed = Owed(P3, "", ("resolution", "first_response"))
    p3.first_response_minutes = 60

    row = preview.of_policy(p3, by=ROBOT, now=NOW).rows[0]

    assert (row.goal, row.was_due, row.due) == ("first_response", None, paris(2027, 2, 1, 12))


def test_nothing_is_written(clock, p3, calendar) -> None:
    before = list(Clock.objects.values())
    p3.resolution_minutes = 60

    preview.of_policy(p3, by=ROBOT, now=NOW)

    assert list(Clock.objects.values()) == before
