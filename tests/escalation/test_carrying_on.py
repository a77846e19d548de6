"""A rule changed in the middle of a turn: who is on call keeps it until the next hand-off."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escalation.carrying_on import carried_on
from escalation.on_call import Layer, Period, resolve, turn_at
from tests.escalation.test_on_call import CLOCK_CHANGES, ELI, IRA, LEA, ZONES, layers_around, minutes_of_day

MONDAY = datetime(2027, 6, 14, 8, tzinfo=UTC)  # 09:00 in London
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def weekly(**changed) -> Layer:
    """London, Monday 09:00; Eli has the week of 14 June 2027, then Lea."""
    rule = {
        "name": "Primary", "zone": ZoneInfo("Europe/London"), "period": Period.WEEKLY, "start": date(2027, 6, 14),
        "handoff_minute": 9 * 60, "people": (ELI, LEA),
    }  # fmt: skip
    return Layer(**(rule | changed))


def turns(old: Layer, new: Layer, at: datetime, days: int = 16) -> list[tuple[str, int | None]]:
    """When who takes over in London, from the moment of the edit on."""
    layer = carried_on(old, new, at)
    return [
        (f"{segment.start.astimezone(layer.zone):%a %d %H:%M}", segment.person)
        for segment in resolve([layer], at, at + days * DAY)
    ]


def test_a_later_hand_off_time_on_the_day_itself_makes_no_gap():
    noon = MONDAY + 3 * HOUR
    assert turns(weekly(), weekly(handoff_minute=17 * 60), noon) == [
        ("Mon 14 12:00", ELI),
        ("Mon 21 17:00", LEA),
        ("Mon 28 17:00", ELI),
    ]


def test_an_edit_of_an_edit_on_the_same_day_makes_no_gap_either():
    noon = MONDAY + 3 * HOUR
    first = carried_on(weekly(), weekly(handoff_minute=17 * 60), noon)
    assert turns(first, weekly(handoff_minute=18 * 60), noon + HOUR)[:2] == [
        ("Mon 14 13:00", ELI),
        ("Mon 21 18:00", LEA),
    ]


def test_another_hand_off_day_that_is_over_this_week_ends_the_turn_next_week():
    thursday = MONDAY + 3 * DAY
    assert turns(weekly(), weekly(handoff_weekday=2), thursday)[:2] == [
        ("Thu 17 09:00", ELI),
        ("Wed 23 09:00", LEA),
    ]


def test_from_weeks_to_days_the_turn_ends_with_the_day():
    thursday = MONDAY + 3 * DAY + HOUR
    assert turns(weekly(), weekly(period=Period.DAILY), thursday, 2) == [
        ("Thu 17 10:00", ELI),
        ("Fri 18 09:00", LEA),
        ("Sat 19 09:00", ELI),
    ]


def test_twelve_hours_go_on_at_their_own_times():
    night = MONDAY + 13 * HOUR  # 22:00, the second turn of the day
    shifts = weekly(period=Period.HOURLY, every=12, handoff_minute=8 * 60)
    layer = carried_on(
        shifts, weekly(period=Period.HOURLY, every=12, handoff_minute=8 * 60, people=(IRA, LEA)), night
    )
    assert (layer.start, layer.handoff_minute, layer.people) == (date(2027, 6, 14), 20 * 60, (LEA, IRA))
    assert turns(shifts, layer, night, 1)[:2] == [("Mon 14 22:00", LEA), ("Tue 15 08:00", IRA)]


def test_who_is_removed_hands_over_at_once_to_the_next_who_stays():
    assert turns(weekly(people=(ELI, IRA, LEA)), weekly(people=(LEA, IRA)), MONDAY + DAY)[:2] == [
        ("Tue 15 09:00", IRA),
        ("Mon 21 09:00", LEA),
    ]


def test_who_stands_in_the_list_twice_keeps_the_place():
    twice = weekly(people=(ELI, LEA, ELI, IRA))
    second_eli = MONDAY + 15 * DAY
    assert carried_on(twice, twice, second_eli).people == (ELI, IRA, ELI, LEA)


def test_before_its_start_a_rotation_takes_the_people_as_they_stand():
    assert carried_on(weekly(), weekly(people=(LEA, ELI)), MONDAY - DAY).people == (LEA, ELI)


def test_an_empty_rotation_begins_with_the_first():
    assert carried_on(weekly(people=()), weekly(), MONDAY).people == (ELI, LEA)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(CLOCK_CHANGES).flatmap(lambda day: st.tuples(st.just(day), layers_around(day, DAY))),
    st.integers(-48, 48), st.sampled_from(ZONES), st.sampled_from(Period), st.sampled_from([1, 2, 7]),
    minutes_of_day, st.integers(0, 6),
)  # fmt: skip
def test_nobody_loses_the_turn_to_a_new_rule(case, hours, zone, period, every, minute, weekday):
    """Whatever the rule becomes, the one on call keeps the turn for at least a moment and at most a turn longer."""
    day, (old, *_) = case
    now = datetime.combine(day, time(12), tzinfo=UTC) + hours * HOUR
    new = Layer("New", ZoneInfo(zone), period, old.start, minute, old.people, weekday, every)
    before, after = turn_at(old, now), turn_at(carried_on(old, new, now), now)
    if before is None:
        return
    assert after is not None
    assert (after.person, after.turn) == (before.person, 0)
    assert after.end > now
    assert (
        after.end - now <= {Period.HOURLY: 26 * HOUR, Period.DAILY: 9 * DAY, Period.WEEKLY: 56 * DAY}[period]
    )


@pytest.mark.parametrize("people", [(ELI, LEA), (LEA, ELI), (IRA,)])
def test_the_same_edit_twice_changes_nothing_more(people):
    at = MONDAY + 2 * DAY
    once = carried_on(weekly(), weekly(people=people), at)
    assert carried_on(once, once, at) == once
