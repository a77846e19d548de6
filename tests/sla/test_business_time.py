"""Business time against a slow, obvious oracle that walks the wall clock minute by minute."""

import itertools
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from time import perf_counter
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sla.business_time import Hours, NoHours, instant

MINUTE = timedelta(minutes=1)
WINDOW = 5 * 24 * 60  # minutes that an example may look at, around one night
WARM_UP = 26 * 60

NIGHTS = [  # each a zone and the UTC day around which its clocks do something, or nothing
    ("Europe/London", datetime(2027, 3, 26, tzinfo=UTC)),
    ("Europe/London", datetime(2027, 10, 29, tzinfo=UTC)),
    ("America/New_York", datetime(2027, 3, 12, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 10, 30, tzinfo=UTC)),
    ("Africa/Cairo", datetime(2027, 4, 28, tzinfo=UTC)),  # midnight does not exist
    ("Africa/Cairo", datetime(2027, 10, 27, tzinfo=UTC)),  # 23:00 to 24:00 twice
    ("Australia/Lord_Howe", datetime(2027, 4, 2, tzinfo=UTC)),  # steps of half an hour
    ("Australia/Lord_Howe", datetime(2026, 10, 2, tzinfo=UTC)),
    ("America/St_Johns", datetime(2009, 10, 30, tzinfo=UTC)),  # 00:01 goes back to 23:01
    ("Pacific/Apia", datetime(2011, 12, 28, tzinfo=UTC)),  # a whole day does not exist
    ("Asia/Kolkata", datetime(2027, 1, 29, 18, 30, tzinfo=UTC)),
    ("UTC", datetime(2028, 2, 27, tzinfo=UTC)),
]


@lru_cache
def walls(zone: str, start: datetime) -> list[datetime]:
    """What the wall clock shows in each minute; while it repeats itself, the latest it has shown."""
    latest = datetime.min  # noqa: DTZ901 - a wall clock has no zone
    shown = []
    for number in range(-WARM_UP, WINDOW):
        at = start + number * MINUTE
        latest = max(latest, at.astimezone(ZoneInfo(zone)).replace(tzinfo=None))
        shown.append(latest)
    return shown[WARM_UP:]


def open_minutes(hours: Hours, zone: str, start: datetime) -> list[bool]:
    """The oracle: is this minute on the clock inside this day's hours?"""
    spans = {wall.date(): hours.spans_on(wall.date()) for wall in walls(zone, start)}
    return [
        any(opens <= wall.hour * 60 + wall.minute < closes for opens, closes in spans[wall.date()])
        for wall in walls(zone, start)
    ]


@st.composite
def day_spans(draw: st.DrawFn) -> tuple[tuple[int, int], ...]:
    """Up to three intervals of a day, often touching midnight or the small hours."""
    edges = st.sampled_from(
        [0, 1, 30, 60, 75, 90, 105, 120, 135, 150, 180, 540, 720, 780, 1020, 1380, 1410, 1440]
    )
    cuts = sorted(draw(st.lists(edges, min_size=0, max_size=6, unique=True)))
    return tuple(zip(cuts[0::2], cuts[1::2], strict=False))


@st.composite
def cases(draw: st.DrawFn) -> tuple[Hours, str, datetime, int, int]:
    zone, start = draw(st.sampled_from(NIGHTS))
    weekly = {weekday: draw(day_spans()) for weekday in range(7)}
    if not any(weekly.values()):
        weekly[0] = ((540, 1020),)
    days = st.integers(0, 5).map(lambda n: start.date() + timedelta(days=n))
    hours = Hours(
        ZoneInfo(zone),
        weekly,
        holidays=draw(st.frozensets(days, max_size=2)),
        extra=draw(st.dictionaries(days, day_spans(), max_size=1)),
    )
    first, last = sorted(draw(st.tuples(st.integers(0, WINDOW - 1), st.integers(0, WINDOW - 1))))
    return hours, zone, start, first, last


@settings(max_examples=150, deadline=None)
@given(cases())
def test_everything_agrees_with_the_minute_by_minute_oracle(case: tuple) -> None:
    hours, zone, start, first, last = case
    at_work = open_minutes(hours, zone, start)
    a, b = start + first * MINUTE, start + last * MINUTE

    worked = [number for number in range(first, last) if at_work[number]]

    assert hours.between(a, b) == 60 * len(worked)
    assert hours.is_open(a) == at_work[first]
    listed = list(hours.intervals(a, b))
    assert sum(((to - since) for since, to in listed), timedelta()) == len(worked) * MINUTE
    assert all(one[1] < other[0] for one, other in itertools.pairwise(listed))
    if worked:
        assert hours.next_opening(a) == start + worked[0] * MINUTE
        assert hours.add(a, len(worked)) == start + (worked[-1] + 1) * MINUTE
        half = (len(worked) + 1) // 2
        assert hours.add(a, half) == start + (worked[half - 1] + 1) * MINUTE


@settings(max_examples=150, deadline=None)
@given(cases(), st.integers(0, 40_000), st.integers(0, 59))
def test_adding_and_measuring_undo_each_other(case: tuple, minutes: int, seconds: int) -> None:
    hours, _, start, first, _ = case
    a = start + first * MINUTE + timedelta(seconds=seconds)

    due = hours.add(a, minutes)

    assert hours.between(a, due) == minutes * 60
    assert hours.add(hours.add(a, minutes // 3), minutes - minutes // 3) == due
    assert not minutes or hours.between(a, due - timedelta(seconds=1)) == minutes * 60 - 1


@settings(max_examples=25, deadline=None)
@given(cases(), st.integers(0, 150), st.integers(0, 23))
def test_whole_months_at_once_are_the_sum_of_their_days(case: tuple, days: int, hour: int) -> None:
    hours, _, start, first, _ = case
    a = start.replace(day=1, hour=0, minute=0) + timedelta(hours=hour, minutes=first % 60)
    b = a + timedelta(days=days)

    daily = [hours.between(a + timedelta(days=n), a + timedelta(days=n + 1)) for n in range(days)]

    assert hours.between(a, b) == sum(daily)
    if sum(daily):
        due = hours.add(a, timedelta(seconds=sum(daily)))
        assert due <= b
        assert hours.between(a, due - timedelta(seconds=1)) == sum(daily) - 1


def test_time_that_ends_with_a_month_is_due_in_that_month() -> None:
    september = 22 * 7 * 60

    assert PARIS.add(paris(2027, 9, 1), september) == paris(2027, 9, 30, 17)
    assert PARIS.add(paris(2027, 8, 31, 16), september + 60) == paris(2027, 9, 30, 17)


PARIS = Hours(ZoneInfo("Europe/Paris"), {day: ((9 * 60, 12 * 60), (13 * 60, 17 * 60)) for day in range(5)})


def paris(*when: int) -> datetime:
    return datetime(*when, tzinfo=ZoneInfo("Europe/Paris"))


@pytest.mark.parametrize(
    ("start", "due"),
    [
        (paris(2027, 2, 5, 16, 30), paris(2027, 2, 8, 13, 30)),
        (paris(2027, 3, 26, 16, 30), paris(2027, 3, 29, 13, 30)),  # over the spring night
        (paris(2027, 10, 29, 16, 30), paris(2027, 11, 1, 13, 30)),  # over the autumn night
    ],
)
def test_four_hours_from_friday_half_past_four_are_due_monday_half_past_one(
    start: datetime, due: datetime
) -> None:
    assert PARIS.add(start, 4 * 60) == due
    assert PARIS.add(start, 4 * 60).tzinfo is UTC


def test_a_public_holiday_is_stepped_over() -> None:
    easter = Hours(PARIS.zone, PARIS.weekly, holidays=frozenset({date(2027, 3, 29)}))

    assert easter.add(paris(2027, 3, 26, 16, 30), 4 * 60) == paris(2027, 3, 30, 13, 30)


def test_an_extra_day_replaces_the_hours_even_of_a_holiday() -> None:
    saturday, holiday = date(2027, 2, 6), date(2027, 2, 8)
    hours = Hours(
        PARIS.zone,
        PARIS.weekly,
        holidays=frozenset({holiday}),
        extra={saturday: ((600, 660),), holiday: ((600, 720),), date(2027, 2, 9): ()},
    )

    assert hours.add(paris(2027, 2, 5, 16, 30), 4 * 60) == paris(2027, 2, 10, 9, 30)


def test_a_midnight_that_does_not_exist_moves_to_one() -> None:
    cairo = ZoneInfo("Africa/Cairo")

    assert instant(cairo, date(2027, 4, 30), 0).astimezone(cairo).isoformat() == "2027-04-30T01:00:00+03:00"


def test_half_hour_step_of_lord_howe_leaves_no_gap() -> None:
    all_day = Hours(ZoneInfo("Australia/Lord_Howe"), {day: ((0, 1440),) for day in range(7)})
    a, b = datetime(2027, 4, 1, tzinfo=UTC), datetime(2027, 4, 8, tzinfo=UTC)

    assert list(all_day.intervals(a, b)) == [(a, b)]


@pytest.mark.parametrize(("monday", "length"), [(date(2027, 3, 22), 167), (date(2027, 10, 25), 169)])
def test_a_london_week_has_an_hour_less_or_more(monday: date, length: int) -> None:
    london = ZoneInfo("Europe/London")
    always = Hours(london, {day: ((0, 1440),) for day in range(7)})
    a, b = instant(london, monday, 540), instant(london, monday + timedelta(days=7), 540)

    assert always.between(a, b) == length * 3600


def test_around_the_clock_counts_every_second() -> None:
    start = datetime(2027, 3, 27, 12, 0, 7, tzinfo=UTC)
    hours = Hours(ZoneInfo("Europe/London"), always_open=True)

    assert hours.add(start, 36 * 60) == datetime(2027, 3, 29, 0, 0, 7, tzinfo=UTC)
    assert hours.between(start, start + timedelta(days=3)) == 3 * 86_400
    assert hours.is_open(start) and hours.next_opening(start) == start


@pytest.mark.parametrize("weekly", [{}, {0: ()}])
def test_a_calendar_without_hours_is_refused(weekly: dict) -> None:
    with pytest.raises(NoHours):
        Hours(ZoneInfo("UTC"), weekly)


def test_a_calendar_that_is_always_on_holiday_gives_up() -> None:
    class EveryDay:
        def __contains__(self, day: object) -> bool:
            return True

    hours = Hours(ZoneInfo("UTC"), {0: ((0, 60),)}, holidays=EveryDay())

    with pytest.raises(NoHours):
        hours.add(datetime(2027, 1, 1, tzinfo=UTC), 1)
    with pytest.raises(NoHours):
        hours.next_opening(datetime(2027, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    "spans", [((60, 60),), ((120, 60),), ((60, 1500),), ((0, 90), (60, 120)), ((90, 120), (0, 60))]
)
def test_intervals_out_of_order_are_refused(spans: tuple) -> None:
    with pytest.raises(ValueError, match="Opening hours"):
        Hours(ZoneInfo("UTC"), {0: spans})


def test_a_moment_without_zone_and_a_negative_time_are_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        PARIS.is_open(datetime(2027, 1, 1))  # noqa: DTZ001 - the point of the test
    with pytest.raises(ValueError, match="negative"):
        PARIS.add(paris(2027, 1, 1), -1)


def test_ten_years_are_quick() -> None:
    hours = Hours(PARIS.zone, PARIS.weekly)
    start = paris(2020, 1, 15, 10, 0)
    hours.add(start, 10 * 250 * 7 * 60)
    began = perf_counter()

    for _ in range(20):
        due = hours.add(start, 10 * 250 * 7 * 60)
        hours.between(start, due)

    assert perf_counter() - began < 1
