"""A year of three layers on call, for the benchmark: nights by the half day, weeks with stand-ins, office hours."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from escalation.on_call import Layer, Override, Period, Restriction, Segment, resolve

START = datetime(2027, 1, 1, tzinfo=UTC)
YEAR = timedelta(days=365)


def resolved() -> list[Segment]:
    """The year's segments, worked out anew."""
    return resolve(_layers(), START, START + YEAR)


def _layers() -> list[Layer]:
    london, first = ZoneInfo("Europe/London"), date(2026, 12, 28)
    office = (Restriction(frozenset(range(5)), 9 * 60, 17 * 60),)
    nights = (Restriction(frozenset(range(7)), 20 * 60, 8 * 60),)
    swaps = tuple(
        Override(START + week * timedelta(weeks=1), START + week * timedelta(weeks=1) + timedelta(days=1), 9)
        for week in range(52)
    )
    return [
        Layer("Office", london, Period.DAILY, first, 9 * 60, (1, 2, 3), restrictions=office),
        Layer("Nights", london, Period.HOURLY, first, 8 * 60, (4, 5), every=12, restrictions=nights),
        Layer("Weeks", london, Period.WEEKLY, first, 9 * 60, (6, 7, 8), overrides=swaps),
    ]
