"""What the page of a clock says. Paris, 9 to 12 and 13 to 17, Monday to Friday; 2027-02-05 is a Friday."""

import pytest
import time_machine

from sla import explaining, operations
from sla.models import Calendar, Clock, Goal, Policy
from sla.subjects import Owed
from tests.sla.cast import P1, P3, ROBOT, Thing, paris

pytestmark = pytest.mark.django_db


def start(thing: Thing, at, facts=P3) -> Clock:
    operations.start_clocks(*thing.subject, facts, at=at, by=ROBOT)
    return Clock.objects.get()


def fresh() -> Clock:
    return Clock.objects.select_related("calendar", "policy").latest("pk")


def edit(calendar: Calendar, at, **values) -> None:
    with time_machine.travel(at, tick=False):
        for name, value in values.items():
            setattr(calendar, name, value)
        operations.save_calendar(calendar, by=ROBOT)


def test_four_hours_from_friday_half_past_four_step_by_step(thing, p1) -> None:
    start(thing, paris(2027, 2, 5, 16, 30), P1)

    told = explaining.explain(fresh(), paris(2027, 2, 5, 16, 45))

    assert told.promise == "Resolution within 4 h of “Paris”, promised by the policy “P1”."
    assert [(day.day, day.spans, day.minutes) for day in told.rows[0].days] == [
        ("Fri 5 Feb", "16:30 to 16:45", 15)
    ]
    assert [(day.day, day.spans, day.total) for day in told.to_come] == [
        ("Fri 5 Feb", "16:45 to 17:00", 30),
        ("Mon 8 Feb", "09:00 to 12:00, 13:00 to 13:30", 240),
    ]
    assert told.due == "Due Mon 8 Feb 13:30 (Europe/Paris)."


def test_a_paused_clock_in_sentences(thing, p3) -> None:
    start(thing, paris(2027, 2, 4, 16))
    operations.pause_clocks(*thing.subject, reason="waiting", at=paris(2027, 2, 5, 10), by=ROBOT)

    assert explaining.sentences(fresh(), paris(2027, 2, 5, 11)) == [
        "Resolution within 8 h of “Paris”, promised by the policy “P3”.",
        "Thu 4 Feb 16:00 (Europe/Paris) to Fri 5 Feb 10:00 (Europe/Paris): 2 h (started).",
        "Fri 5 Feb 10:00 (Europe/Paris) to now: not counted (waiting for the customer).",
        "2 h used, 6 h left.",
        "Paused, so nothing is due. If it ran on now, it would be due Mon 8 Feb 10:00 (Europe/Paris).",
    ]


@pytest.mark.parametrize(
    ("hour", "words"),
    [
        (10, "Met Tue 2 Feb 10:00 (Europe/Paris), in time."),
        (11, "Met Tue 2 Feb 11:00 (Europe/Paris), too late: it was due Tue 2 Feb 10:00."),
    ],
)
def test_an_ended_clock(thing, p3, hour, words) -> None:
    start(thing, paris(2027, 2, 1, 9))
    operations.meet(*thing.subject, Goal.RESOLUTION, at=paris(2027, 2, 2, hour), by=ROBOT)

    assert explaining.explain(fresh(), paris(2027, 3, 1)).due == words


def test_a_holiday_and_a_day_with_hours_of_its_own_are_named(thing, p1, calendar) -> None:
    edit(calendar, paris(2027, 3, 1), holiday_country="FR", extra_days={"2027-03-30": [["10:00", "11:00"]]})
    start(thing, paris(2027, 3, 26, 16, 30), P1)

    told = explaining.explain(fresh(), paris(2027, 3, 26, 16, 30))

    assert [(day.day, day.spans, day.note) for day in told.to_come] == [
        ("Fri 26 Mar", "16:30 to 17:00", ""),
        ("Mon 29 Mar", "closed", "public holiday: Easter Monday"),
        ("Tue 30 Mar", "10:00 to 11:00", "hours of its own"),
        ("Wed 31 Mar", "09:00 to 11:30", ""),
    ]


def test_a_night_in_which_the_clocks_change_is_named(thing, p1, calendar) -> None:
    edit(calendar, paris(2027, 3, 1), weekly={day: [["00:00", "24:00"]] for day in ("sat", "sun")})
    start(thing, paris(2027, 3, 27, 23), P1)

    day = explaining.explain(fresh(), paris(2027, 3, 27, 23)).to_come[1]

    assert (day.day, day.spans, day.note) == ("Sun 28 Mar", "00:00 to 04:00", "the clocks change")


def test_an_edit_shows_the_hours_in_force_for_each_row_and_rewrites_no_closed_clock(
    thing, p3, calendar
) -> None:
    start(thing, paris(2027, 2, 1, 9))
    edit(calendar, paris(2027, 2, 1, 16), weekly={"mon": [["09:00", "20:00"]]})
    operations.meet(*thing.subject, Goal.RESOLUTION, at=paris(2027, 2, 1, 18), by=ROBOT)
    before = explaining.explain(fresh(), paris(2027, 2, 2))
    edit(calendar, paris(2027, 2, 3), weekly={"sun": [["09:00", "10:00"]]})

    after = explaining.explain(fresh(), paris(2027, 2, 4))

    assert after.rows == before.rows
    assert [(row.since, row.to, row.minutes // 60, row.hours) for row in after.rows] == [
        ("Mon 1 Feb 09:00", "Mon 1 Feb 16:00", 6, "Paris, version 1"),
        ("Mon 1 Feb 16:00", "Mon 1 Feb 18:00", 2, "Paris, version 2"),
    ]
    assert [(one.number, one.since) for one in after.in_force] == [(1, ""), (2, "Mon 1 Feb 16:00")]
    assert not any(row.differs for row in after.rows)


def test_what_was_counted_stays_and_says_so_when_a_list_of_holidays_was_corrected(
    thing, p3, calendar, monkeypatch
) -> None:
    edit(calendar, paris(2027, 1, 2), holiday_country="FR")
    start(thing, paris(2027, 2, 1, 9))
    operations.meet(*thing.subject, Goal.RESOLUTION, at=paris(2027, 2, 1, 11), by=ROBOT)
    monkeypatch.setattr("sla.calendars.PublicHolidays.__contains__", lambda self, day: True)

    row = explaining.explain(fresh(), paris(2027, 2, 2)).rows[0]

    assert row.minutes == 120
    assert row.differs.startswith("By the hours as they are known today it would be 0 min")


def test_why_this_policy(thing, p3, calendar) -> None:
    Policy.objects.create(name="Everybody", calendar=calendar, resolution_minutes=600)
    Policy.objects.create(name="P3 late", order=200, priority="P3", calendar=calendar, resolution_minutes=600)
    Policy.objects.create(
        name="P3 key", priority="P3", customer_tier="key", calendar=calendar, resolution_minutes=60
    )
    start(thing, paris(2027, 2, 1, 9))

    told = explaining.explain(fresh(), paris(2027, 2, 1, 9))

    assert [(fact.name, fact.value, fact.asked) for fact in told.facts] == [
        ("Customer tier", "none", False),
        ("Kind", "none", False),
        ("Application", "none", False),
        ("Priority", "P3", True),
    ]
    assert [(loser.name, loser.why) for loser in told.lost] == [
        ("P3 late", "as specific, but later in order: 200 after 100"),
        ("Everybody", "less specific: it asks for no facts, the chosen one for 1"),
    ]
    assert [(loser.name, loser.why) for loser in told.others] == [("P3 key", "for Key customers")]


def test_the_choice_of_then_is_told_even_when_the_policies_changed(thing, p3) -> None:
    start(thing, paris(2027, 2, 1, 9))
    Policy.objects.update(priority="P1", name="P1 now")

    assert explaining.explain(fresh(), paris(2027, 2, 1, 9)).facts[3].asked


def test_a_taken_over_clock_tells_both_lives(thing, p3, p1) -> None:
    start(thing, paris(2027, 2, 1, 9))
    operations.retarget(*thing.subject, Owed(P1), at=paris(2027, 2, 1, 13), by=ROBOT, why="priority P1")

    told = explaining.explain(fresh(), paris(2027, 2, 1, 13, 30))

    assert [(row.why, row.total) for row in told.rows] == [("started", 180), ("priority P1", 210)]
    assert told.due == "Due Mon 1 Feb 14:00 (Europe/Paris)."


def test_a_year_is_told_in_a_bearable_number_of_days(thing, p3) -> None:
    start(thing, paris(2027, 2, 1, 9))

    row = explaining.explain(fresh(), paris(2028, 2, 1, 9)).rows[0]

    assert (len(row.days), row.left_out) == (explaining.MOST_DAYS, 216)
    assert row.minutes == 261 * 7 * 60
