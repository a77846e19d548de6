"""The on-call resolution, against the cases of the documents and against a slow minute-by-minute oracle."""

from bisect import bisect_right
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escalation.on_call import Layer, Override, Past, Period, Restriction, Segment, Why, resolve, turn_at
from tests.escalation import oracle

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


@pytest.mark.parametrize(
    ("zone", "at", "hours"),
    [
        ("Europe/London", "2027-03-28", 167),
        ("Europe/London", "2027-10-31", 169),
        ("Europe/London", "2027-06-16", 168),
        ("America/New_York", "2027-03-14", 167),
        ("America/New_York", "2027-11-07", 169),
        ("America/New_York", "2027-03-28", 168),
        ("UTC", "2027-03-28", 168),
    ],
)
def test_a_week_is_as_long_as_its_clock_change_makes_it(zone, at, hours):
    assert hours_of_turn(weekly(zone=ZoneInfo(zone)), utc(f"{at}T12:00")) == hours


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


def starts(layer: Layer, start: str, end: str) -> list[str]:
    """Local weekday and time at which the turns of a window begin, without the first, which it cuts."""
    segments = resolve([layer], utc(start), utc(end))
    return [segment.start.astimezone(layer.zone).strftime("%a %d %H:%M") for segment in segments[1:]]


def test_a_turn_of_two_weeks_ends_on_the_hand_off_day():
    two_weeks = weekly(every=2, start=date(2027, 6, 2))  # a Wednesday: the first turn is shorter
    assert starts(two_weeks, "2027-06-03T00:00", "2027-07-20T00:00") == [
        "Mon 14 09:00",
        "Mon 28 09:00",
        "Mon 12 09:00",
    ]


def test_a_turn_of_three_days_keeps_its_time_of_day():
    three_days = weekly(period=Period.DAILY, every=3, start=date(2027, 3, 25))
    assert starts(three_days, "2027-03-26T00:00", "2027-04-01T00:00") == ["Sun 28 09:00", "Wed 31 09:00"]


def test_twelve_hours_are_eight_to_eight_on_every_day_of_the_year():
    shifts = weekly(period=Period.HOURLY, every=12, handoff_minute=8 * 60)
    assert starts(shifts, "2027-03-27T21:00", "2027-03-29T10:00") == [
        "Sun 28 08:00",
        "Sun 28 20:00",
        "Mon 29 08:00",
    ]
    segments = resolve([shifts], utc("2027-03-27T20:00"), utc("2027-03-28T19:00"))
    assert [(s.end - s.start) / timedelta(hours=1) for s in segments] == [11, 12]
    assert [s.person for s in segments] == [ELI, ANA]


def test_an_hour_that_the_clocks_skip_is_nobodys_turn():
    hourly = weekly(period=Period.HOURLY, start=date(2027, 3, 28), handoff_minute=0)
    segments = resolve([hourly], utc("2027-03-28T00:00"), utc("2027-03-28T03:00"))
    assert [s.turn for s in segments] == [0, 2, 3]  # from 01:00 the clocks jump to 02:00


def test_a_first_turn_that_has_begun_leaves_no_gap_before_its_hand_off_time():
    layer = weekly(start=date(2027, 6, 14), handoff_minute=17 * 60, begun_at=utc("2027-06-14T08:00"))
    segments = resolve([layer], utc("2027-06-14T07:00"), utc("2027-06-22T00:00"))
    assert [(s.start, s.person) for s in segments] == [
        (utc("2027-06-14T07:00"), None),
        (utc("2027-06-14T08:00"), ANA),
        (utc("2027-06-21T16:00"), ELI),
    ]


def test_the_running_turn_is_known_whole():
    turn = turn_at(weekly(), utc("2027-03-28T12:00"))
    assert turn is not None
    assert (turn.start, turn.end) == (utc("2027-03-22T09:00"), utc("2027-03-29T08:00"))
    assert (turn.person, turn.turn) == (ELI, 11)


def test_the_stored_past_holds_whatever_the_rule_says_now():
    noon, midnight = utc("2027-06-15T12:00"), utc("2027-06-16T00:00")
    past = Past((Segment(utc("2027-06-01T00:00"), noon, LEA, Why.ROTATION, "Primary"),), noon)
    segments = resolve([weekly(people=(IRA,))], utc("2027-06-15T00:00"), midnight, past)
    assert [(s.start.hour, s.person) for s in segments] == [(0, LEA), (12, IRA)]


def test_naive_moments_are_refused():
    with pytest.raises(ValueError, match="time zone"):
        resolve([weekly()], datetime.fromisoformat("2027-01-01"), utc("2027-01-02"))


# --- against the oracle ---------------------------------------------------------------------------------
ZONES = [
    "Europe/London", "Africa/Cairo", "Australia/Lord_Howe", "America/New_York", "Asia/Kathmandu", "America/St_Johns",
    "Africa/Casablanca", "UTC",
]  # fmt: skip
CLOCK_CHANGES = [
    date(2027, *day) for day in ((3, 28), (10, 31), (4, 30), (10, 29), (4, 4), (10, 3), (3, 14), (2, 7))
]
minutes_of_day = st.sampled_from([0, 15, 60, 90, 105, 120, 135, 150, 540, 1439])
people = st.sampled_from([ANA, ELI, LEA, IRA])
LENGTHS = {Period.HOURLY: [1, 5, 8, 12, 36], Period.DAILY: [1, 2, 3, 10], Period.WEEKLY: [1, 2, 3]}


def overrides(around: datetime, within: timedelta) -> st.SearchStrategy[Override]:
    """Stand-ins of up to a tenth of the time around a moment, for somebody or for whoever it is."""
    steps = within // (10 * MINUTE)
    return st.builds(
        lambda begin, length, person, instead: Override(
            around + begin * 10 * MINUTE, around + (begin + length) * 10 * MINUTE, person, instead
        ),
        st.integers(-steps, steps),
        st.integers(1, max(1, steps // 10)),
        people,
        st.one_of(st.none(), people),
    )


@st.composite
def layers_around(draw, day: date, within: timedelta, shortest_turn: int = 1) -> list[Layer]:
    """One to three layers with any rule, begun somewhere before or shortly after a day."""
    noon = datetime.combine(day, time(12), tzinfo=UTC)
    found = []
    for _ in range(draw(st.integers(1, 3))):
        period = draw(st.sampled_from(Period))
        found.append(
            Layer(
                name="Layer",
                zone=ZoneInfo(draw(st.sampled_from(ZONES))),
                period=period,
                every=max(
                    shortest_turn if period is Period.HOURLY else 1, draw(st.sampled_from(LENGTHS[period]))
                ),
                start=day - timedelta(days=draw(st.sampled_from([-1, 0, 1, 2, 9, 16, 300]))),
                handoff_minute=draw(minutes_of_day),
                people=tuple(draw(st.lists(people, max_size=3))),
                handoff_weekday=draw(st.integers(0, 6)),
                restrictions=tuple(
                    draw(
                        st.lists(
                            st.builds(
                                Restriction,
                                st.frozensets(st.integers(0, 6), min_size=1),
                                minutes_of_day,
                                minutes_of_day,
                            ),
                            max_size=2,
                        )
                    )
                ),
                overrides=tuple(draw(st.lists(overrides(noon, within), max_size=3))),
            )
        )
    return found


@st.composite
def some_days(draw) -> tuple[list[Layer], datetime, datetime]:
    """Up to two and a half days around a day on which clocks change."""
    day = draw(st.sampled_from(CLOCK_CHANGES))
    start = datetime.combine(day, time(12), tzinfo=UTC) - draw(st.integers(0, 48)) * timedelta(hours=1)
    end = start + draw(st.integers(1, 60)) * timedelta(hours=1)
    return draw(layers_around(day, timedelta(days=2))), start, end


@settings(max_examples=60, deadline=None)
@given(some_days())
def test_every_minute_around_a_clock_change_agrees_with_the_oracle(case):
    layers, start, end = case
    segments = checked(resolve(layers, start, end), start, end)
    minutes = [start + n * MINUTE for n in range((end - start) // MINUTE)]
    assert [at_minute(segments, at) for at in minutes] == [oracle.person_at(layers, at) for at in minutes]


@settings(max_examples=40, deadline=None)
@given(
    layers_around(date(2026, 1, 2), timedelta(days=1095), shortest_turn=8), st.randoms(use_true_random=False)
)
def test_three_years_agree_with_the_oracle_at_every_edge_and_at_random_minutes(layers, random):
    start, end = oracle.FIRST, oracle.LAST - timedelta(days=2)
    segments = checked(resolve(layers, start, end), start, end)
    edges = random.sample(segments, min(60, len(segments)))
    moments = {edge.start + n * MINUTE for edge in edges for n in (-1, 0, 1)} | {
        start + random.randrange((end - start) // MINUTE) * MINUTE for _ in range(120)
    }
    for at in sorted(at for at in moments if start <= at < end):
        assert at_minute(segments, at) == oracle.person_at(layers, at), at


@pytest.mark.drill
@settings(max_examples=20, deadline=None)
@given(layers_around(date(2026, 1, 2), timedelta(days=1095)))
def test_every_minute_of_three_years_agrees_with_the_oracle(layers):
    start, end = oracle.FIRST, oracle.LAST - timedelta(days=2)
    segments = checked(resolve(layers, start, end), start, end)
    for segment in segments:
        for n in range((segment.end - segment.start) // MINUTE):
            at = segment.start + n * MINUTE
            assert segment.person == oracle.person_at(layers, at), at


def checked(segments: list[Segment], start: datetime, end: datetime) -> list[Segment]:
    """The segments: sorted, disjoint, covering the whole window, each with a person or without for a reason."""
    assert (segments[0].start, segments[-1].end) == (start, end)
    for before, after in pairwise(segments):
        assert before.start < before.end == after.start
    assert all((segment.person is None) == (segment.why is Why.NOBODY) for segment in segments)
    return segments


def at_minute(segments: list[Segment], at: datetime) -> int | None:
    return segments[bisect_right(segments, at, key=lambda segment: segment.start) - 1].person
