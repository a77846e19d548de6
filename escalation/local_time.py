"""What time it is for somebody, and whether they are at work. Pure."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, time
from functools import lru_cache
from zoneinfo import ZoneInfo

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@lru_cache(maxsize=600)
def zone_of(name: str) -> ZoneInfo:
    """The zone of that name; UTC for one that this machine does not know."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")


def at_work(days: Collection[int], start: time | None, end: time | None, local: datetime) -> bool | None:
    """Whether a moment of their wall clock lies in their working hours (half-open); None when nobody said.

    An end at or before the start lies on the next day: Fri 22:00 to 06:00 ends on Saturday.
    """
    if start is None or end is None or not days:
        return None
    today, clock = local.weekday(), local.time()
    if start < end:
        return today in days and start <= clock < end
    return (today in days and clock >= start) or ((today - 1) % 7 in days and clock < end)


def in_words(days: Collection[int], start: time | None, end: time | None) -> str:
    """Working hours for people: "Mon to Fri 09:00-17:00"; empty when nobody said."""
    if start is None or end is None or not days:
        return ""
    return f"{_days(sorted(days))} {start:%H:%M}-{end:%H:%M}"


def _days(days: list[int]) -> str:
    if len(days) > 2 and days == list(range(days[0], days[-1] + 1)):
        return f"{DAYS[days[0]]} to {DAYS[days[-1]]}"
    return ", ".join(DAYS[day] for day in days)
