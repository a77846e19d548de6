from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from changes import lead_time
from sla.business_time import Hours

WEEK = {day: ((9 * 60, 17 * 60),) for day in range(5)}
THANKSGIVING = date(2026, 11, 26)
HOURS = Hours(ZoneInfo("UTC"), WEEK, frozenset({THANKSGIVING}))


def at(day: int, hour: int, minute: int = 0, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


def test_five_business_days_skip_the_weekend_and_name_the_holiday():
    earliest = lead_time.earliest_start(at(23, 9), 5, HOURS)

    assert earliest.at == at(1, 9, month=12)
    assert lead_time.words(earliest, HOURS) == "Tue 1 Dec 09:00, holiday 26 Nov skipped"


@pytest.mark.parametrize(
    ("submitted", "expected"),
    [
        (at(2, 9), at(9, 9)),  # Monday to Monday
        (at(2, 14, 30), at(9, 14, 30)),  # the wall clock is kept
        (at(6, 20), at(16, 9)),  # Friday evening counts from Monday's opening
        (at(7, 12), at(16, 9)),  # so does Saturday
    ],
)
def test_the_count_starts_in_opening_hours(submitted, expected):
    assert lead_time.earliest_start(submitted, 5, HOURS).at == expected


def test_the_wall_clock_is_kept_over_the_change_to_winter_time():
    london = Hours(ZoneInfo("Europe/London"), WEEK)

    earliest = lead_time.earliest_start(datetime(2026, 10, 22, 8, tzinfo=UTC), 5, london)

    assert earliest.at == datetime(2026, 10, 29, 9, tzinfo=UTC)


def test_days_counted_agree_with_the_earliest_start():
    start = lead_time.earliest_start(at(23, 10, 15), 5, HOURS).at

    assert lead_time.business_days(at(23, 10, 15), start, HOURS) == 5
    assert lead_time.business_days(at(23, 10, 15), start - timedelta(minutes=1), HOURS) == 4
    assert lead_time.business_days(at(23, 10, 15), at(23, 12), HOURS) == 0


def test_around_the_clock_every_day_counts():
    always = Hours(ZoneInfo("UTC"), always_open=True)

    assert lead_time.earliest_start(at(6, 20), 5, always).at == at(11, 20)
