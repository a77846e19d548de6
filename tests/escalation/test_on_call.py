"""The on-call resolution, against the cases of the documents and against a slow minute-by-minute oracle."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escalation.on_call import Layer, Override, Period, Restriction, Segment, Why, resolve, turn_at

ANA, ELI, LEA, IRA = 1, 2, 3, 4
MINUTE = timedelta(minutes=1)
LONDON, CAIRO = ZoneInfo("Europe/London"), ZoneInfo("Africa/Cairo")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")


def weekly(**changed) -> Layer:
    """London, Monday 09:00, Ana and Eli in turn."""
    rule = {
        "name": "Primary",
        "zone": LONDON,
        "period": Period.WEEKLY,
        "start": date(2027, 1, 4),
        "handoff_minute": 9 * 60,
        "people": (ANA, ELI),
    }
    return Layer(**(rule | changed))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def hours_of_turn(layer: Layer, at: datetime) -> float:
    around = resolve([layer], at - timedelta(days=15), at + timedelta(days=15))
    (turn,) = [segment for segment in around if segment.start <= at < segment.end]
    return (turn.end - turn.start) / timedelta(hours=1)


@pytest.mark.parametrize(("at", "hours"), [("2027-03-28", 167), ("2027-10-31", 169), ("2027-06-16", 168)])
def test_a_london_week_is_as_long_as_its_clock_change_makes_it(at, hours):
    assert hours_of_turn(weekly(), utc(f"{at}T12:00")) == hours


def test_the_hand_off_keeps_its_wall_clock_over_the_clock_change():
    segments = resolve([weekly()], utc("2027-03-22T00:00"), utc("2027-04-06T00:00"))
    starts = [segment.start.astimezone(LONDON).strftime("%a %H:%M") for segment in segments[1:]]
    assert starts == ["Mon 09:00", "Mon 09:00", "Mon 09:00"]


def test_a_midnight_that_does_not_exist_moves_to_one_o_clock():
    cairo = weekly(zone=CAIRO, period=Period.DAILY, handoff_minute=0, start=date(2027, 4, 1))
    segments = resolve([cairo], utc("2027-04-29T00:00"), utc("2027-05-01T20:00"))
    friday = next(s for s in segments if s.start.astimezone(CAIRO).date() == date(2027, 4, 30))
    assert friday.start.astimezone(CAIRO).time() == time(1)
    assert friday.end - friday.start == timedelta(hours=23)


def test_half_an_hour_of_clock_change_leaves_no_gap():
    lord_howe = weekly(zone=LORD_HOWE, period=Period.DAILY, handoff_minute=105, start=date(2027, 4, 1))
    segments = resolve([lord_howe], utc("2027-04-02T00:00"), utc("2027-04-06T00:00"))
    assert Why.NOBODY not in {segment.why for segment in segments}
    lengths = [(s.end - s.start) / timedelta(hours=1) for s in segments[1:-1]]
    assert lengths == [24, 24.5, 24]


def test_an_override_replaces_only_the_person_it_names():
    swap = Override(utc("2027-06-13T00:00"), utc("2027-06-16T00:00"), LEA, instead_of=ANA)
    layer = weekly(people=(ELI, ANA), overrides=(swap,))
    segments = resolve([layer], utc("2027-06-12T00:00"), utc("2027-06-17T00:00"))
    monday = utc("2027-06-14T08:00")
    assert [(s.start, s.person, s.why) for s in segments] == [
        (utc("2027-06-12T00:00"), ELI, Why.ROTATION),
        (monday, LEA, Why.OVERRIDE),
        (utc("2027-06-16T00:00"), ANA, Why.ROTATION),
    ]
    assert segments[1].instead_of == ANA


def test_a_swap_can_be_swapped_again():
    first = Override(utc("2027-06-14T09:00"), utc("2027-06-16T00:00"), LEA, instead_of=ANA)
    second = Override(utc("2027-06-15T00:00"), utc("2027-06-15T12:00"), IRA, instead_of=LEA)
    layer = weekly(people=(ELI, ANA), overrides=(first, second))
    segments = resolve([layer], utc("2027-06-14T10:00"), utc("2027-06-16T12:00"))
    assert [segment.person for segment in segments] == [LEA, IRA, LEA, ANA]


def test_an_override_that_names_nobody_fills_a_gap():
    fill = Override(utc("2027-06-15T00:00"), utc("2027-06-15T06:00"), IRA)
    layer = weekly(people=(), overrides=(fill,))
    segments = resolve([layer], utc("2027-06-14T00:00"), utc("2027-06-16T00:00"))
    assert [segment.person for segment in segments] == [None, IRA, None]


def test_restrictions_over_midnight_leave_the_rest_to_the_next_layer():
    nights = weekly(
        name="Nights", people=(LEA,), restrictions=(Restriction(frozenset({0, 1, 2, 3, 4}), 22 * 60, 6 * 60),)
    )
    days = weekly(name="Days", people=(ANA,))
    segments = resolve([nights, days], utc("2027-01-12T12:00"), utc("2027-01-13T12:00"))
    assert [(s.start.hour, s.layer) for s in segments] == [(12, "Days"), (22, "Nights"), (6, "Days")]


def test_nobody_is_on_call_before_the_rotation_starts():
    segments = resolve([weekly()], utc("2027-01-03T00:00"), utc("2027-01-05T00:00"))
    assert [(s.person, s.why) for s in segments] == [(None, Why.NOBODY), (ANA, Why.ROTATION)]
    assert turn_at(weekly(), utc("2027-01-03T00:00")) is None


def test_a_start_in_the_middle_of_the_week_shortens_the_first_turn():
    segments = resolve([weekly(start=date(2027, 1, 6))], utc("2027-01-06T09:00"), utc("2027-01-20T00:00"))
    assert [(s.start, s.person) for s in segments] == [
        (utc("2027-01-06T09:00"), ANA),
        (utc("2027-01-11T09:00"), ELI),
        (utc("2027-01-18T09:00"), ANA),
    ]


def test_the_stored_past_holds_whatever_the_rule_says_now():
    noon, midnight = utc("2027-06-15T12:00"), utc("2027-06-16T00:00")
    past = (Segment(utc("2027-06-01T00:00"), noon, LEA, Why.ROTATION, "Primary"),)
    layer = weekly(people=(IRA,), past=past, past_until=noon)
    segments = resolve([layer], utc("2027-06-15T00:00"), midnight)
    assert [(s.start.hour, s.person) for s in segments] == [(0, LEA), (12, IRA)]


def test_naive_moments_are_refused():
    with pytest.raises(ValueError, match="time zone"):
        resolve([weekly()], datetime.fromisoformat("2027-01-01"), utc("2027-01-02"))


ZONES = ["Europe/London", "Africa/Cairo", "Australia/Lord_Howe", "America/New_York", "UTC"]
TURNING_DAYS = [date(2027, *day) for day in ((3, 28), (10, 31), (4, 30), (10, 29), (4, 4), (10, 3), (6, 9))]
minutes_of_day = st.sampled_from([0, 15, 60, 90, 105, 120, 135, 150, 540, 1439])
people = st.lists(st.sampled_from([ANA, ELI, LEA, IRA]), max_size=3).map(tuple)


@st.composite
def schedules(draw) -> tuple[list[Layer], datetime, datetime]:
    """One to three layers around a day on which clocks change, with restrictions and overrides."""
    day = draw(st.sampled_from(TURNING_DAYS))
    noon = datetime.combine(day, time(12), tzinfo=UTC)
    start = noon - draw(st.integers(0, 48)) * timedelta(hours=1)
    end = start + draw(st.integers(1, 60)) * timedelta(hours=1)
    overrides = st.builds(
        lambda begin, length, person, instead: Override(
            noon + begin * 10 * MINUTE, noon + (begin + length) * 10 * MINUTE, person, instead
        ),
        st.integers(-300, 300),
        st.integers(1, 200),
        st.sampled_from([ANA, ELI, LEA, IRA]),
        st.sampled_from([ANA, ELI, LEA, None]),
    )
    restrictions = st.builds(
        Restriction, st.frozensets(st.integers(0, 6), min_size=1), minutes_of_day, minutes_of_day
    )
    layers = st.builds(
        Layer,
        name=st.just("Layer"),
        zone=st.sampled_from(ZONES).map(ZoneInfo),
        period=st.sampled_from(Period),
        start=st.sampled_from([-1, 0, 1, 2, 9, 16]).map(lambda days: day - timedelta(days=days)),
        handoff_minute=minutes_of_day,
        people=people,
        handoff_weekday=st.integers(0, 6),
        restrictions=st.lists(restrictions, max_size=2).map(tuple),
        overrides=st.lists(overrides, max_size=3).map(tuple),
    )
    return draw(st.lists(layers, min_size=1, max_size=3)), start, end


@settings(max_examples=200, deadline=None)
@given(schedules())
def test_segments_are_disjoint_sorted_and_cover_the_window(case):
    layers, start, end = case
    segments = resolve(layers, start, end)
    assert segments[0].start == start
    assert segments[-1].end == end
    for before, after in pairwise(segments):
        assert before.start < before.end == after.start
    assert all((segment.person is None) == (segment.why is Why.NOBODY) for segment in segments)


@settings(max_examples=100, deadline=None)
@given(schedules())
def test_every_minute_agrees_with_the_oracle(case):
    layers, start, end = case
    assert list(each_minute(resolve(layers, start, end))) == oracle(layers, start, end)


def each_minute(segments: Sequence[Segment]) -> Iterator[int | None]:
    for segment in segments:
        for _ in range((segment.end - segment.start) // MINUTE):
            yield segment.person


def oracle(layers: Sequence[Layer], start: datetime, end: datetime) -> list[int | None]:
    """Walk minute by minute and look at the wall clock; the furthest it has ever shown decides."""
    answers: list[int | None] = [None] * ((end - start) // MINUTE)
    for layer in reversed(layers):
        for minute, person in enumerate(oracle_of_layer(layer, start, end)):
            answers[minute] = answers[minute] if person is None else person
    return answers


def oracle_of_layer(layer: Layer, start: datetime, end: datetime) -> Iterator[int | None]:
    midnight, step = time(0), timedelta(days=1)
    first = datetime.combine(layer.start, midnight) + layer.handoff_minute * MINUTE
    handoffs = [
        first + days * step
        for days in range(80)
        if days == 0
        or layer.period is Period.DAILY
        or (layer.start + days * step).weekday() == layer.handoff_weekday
    ]
    walls = (start - 3 * step).astimezone(layer.zone).replace(tzinfo=None)
    at = start - 3 * step
    while at < end:
        walls = max(walls, at.astimezone(layer.zone).replace(tzinfo=None))
        if at >= start:
            turns = sum(handoff <= walls for handoff in handoffs)
            person = layer.people[(turns - 1) % len(layer.people)] if turns and layer.people else None
            if layer.restrictions and not any(covers(rule, walls) for rule in layer.restrictions):
                person = None
            for override in layer.overrides:
                if override.start <= at < override.end and override.instead_of in (None, person):
                    person = override.person
            yield person
        at += MINUTE


def covers(rule: Restriction, walls: datetime) -> bool:
    for days_ago in range(2):
        midnight = datetime.combine(walls.date() - timedelta(days=days_ago), time(0))
        closes = rule.end if rule.end > rule.start else rule.end + 24 * 60
        in_hours = midnight + rule.start * MINUTE <= walls < midnight + closes * MINUTE
        if in_hours and midnight.weekday() in rule.weekdays:
            return True
    return False
