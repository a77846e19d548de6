"""Business time and moments as a person says them, in the zone that counts."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from sla.business_time import DAY_MINUTES, Span


def in_words(seconds: int) -> str:
    """Business time: "2 h 05 min", "45 min"."""
    return minutes_in_words(seconds // 60)


def minutes_in_words(count: int) -> str:
    """Minutes of business time: "2 h 05 min"."""
    hours, minutes = divmod(count, 60)
    if not hours:
        return f"{minutes} min"
    return f"{hours} h {minutes:02d} min" if minutes else f"{hours} h"


def wall(at: datetime, zone: ZoneInfo) -> str:
    """A moment on the wall clock of a zone: "Mon 8 Feb 13:30"."""
    there = at.astimezone(UTC).astimezone(zone)
    return f"{day(there.date())} {there:%H:%M}"


def local(at: datetime, zone: ZoneInfo) -> str:
    """A moment on the wall clock of a zone, which is named: "Mon 8 Feb 13:30 (Europe/Paris)"."""
    return f"{wall(at, zone)} ({zone.key})"


def day(date_: date) -> str:
    """ "Mon 8 Feb"; the zone's own days, without a year."""
    return f"{date_:%a} {date_.day} {date_:%b}"


def span(minutes: Span) -> str:
    """Opening hours of a day: "09:00 to 12:00"."""
    return " to ".join(f"{minute // 60:02d}:{minute % 60:02d}" for minute in minutes)


def spans(of_day: tuple[Span, ...]) -> str:
    """All opening hours of a day, or that there are none."""
    if of_day == ((0, DAY_MINUTES),):
        return "all day"
    return ", ".join(span(one) for one in of_day) or "closed"
