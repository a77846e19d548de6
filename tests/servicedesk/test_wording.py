"""Lengths and moments in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from servicedesk import clocks, wording

NOON = datetime(2027, 3, 9, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0m"),
        (59, "0m"),
        (60, "1m"),
        (9 * 60, "9m"),
        (59 * 60 + 59, "59m"),
        (3600, "1h"),
        (3 * 3600 + 35 * 60, "3h 35m"),
        (24 * 3600 - 1, "23h 59m"),
        (24 * 3600, "1d"),
        (26 * 3600, "1d 2h"),
        (26 * 3600 + 59 * 60, "1d 2h"),
        (400 * 86400, "400d"),
        (-18 * 60, "−18m"),
        (-26 * 3600, "−1d 2h"),
    ],
)
def test_duration_has_two_units_at_most(seconds: int, words: str) -> None:
    assert wording.duration(seconds) == words
    assert wording.duration(timedelta(seconds=seconds)) == words


def test_duration_of_nothing_is_nothing() -> None:
    assert wording.duration(None) == ""


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(668, "11:08"), (252, "4:12"), (0, "0:00"), (-80, "−1:20"), (3900, "1:05:00"), (-0.5, "−0:01")],
)
def test_countdown(seconds: float, words: str) -> None:
    assert wording.countdown(seconds) == words


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (6 * 60, "6 min"),
        (-6 * 60, "6 min"),
        (125 * 60, "2 h 5 min"),
        (7200, "2 h"),
        (86400, "1 day"),
        (3 * 86400, "3 days"),
    ],
)
def test_spoken(length: int, words: str) -> None:
    assert wording.spoken(length) == words


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (NOON.replace(hour=14, minute=6), "14:06"),
        (NOON.replace(day=8), "8 Mar 12:00"),
        (NOON.replace(year=2026), "9 Mar 2026 12:00"),
    ],
)
def test_a_moment_says_no_more_than_needed(at: datetime, words: str) -> None:
    assert wording.moment(at, NOON) == words


@pytest.mark.parametrize(
    ("minutes", "words"), [(0, "just now"), (-9, "9m ago"), (130, "in 2h 10m"), (-60 * 26, "1d 2h ago")]
)
def test_ago(minutes: int, words: str) -> None:
    assert wording.ago(NOON + timedelta(minutes=minutes), NOON) == words


@pytest.mark.parametrize(
    ("left", "target", "look"),
    [
        (61, 8 * 60, "ok"),
        (60, 8 * 60, "warn"),  # the last hour, although a quarter would be two
        (16, 60, "ok"),
        (15, 60, "warn"),  # the last quarter, although an hour is left of nothing
        (0, 60, "warn"),
        (-1, 60, "over"),
    ],
)
def test_a_clock_warns_in_the_last_quarter_but_at_most_an_hour_before(
    left: int, target: int, look: str
) -> None:
    reading = clocks.read(
        NOON + timedelta(minutes=left), "running", timedelta(minutes=target), None, None, NOON
    )
    assert reading is not None
    assert reading.look == look


def test_a_held_clock_shows_what_is_left_and_a_met_one_what_it_took() -> None:
    held = clocks.read(NOON, "paused", None, timedelta(minutes=72), None, NOON)
    met = clocks.read(NOON, "met", None, None, timedelta(minutes=6), NOON)
    assert held == ("held", "1h 12m", 0)
    assert met == ("met", "in 6 min", 0)
    assert clocks.read(NOON, "cancelled", None, None, None, NOON) is None
    assert clocks.read(None, "running", None, None, None, NOON) is None
