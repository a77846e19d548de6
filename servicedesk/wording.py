"""Lengths of time and moments in the desk's words: at most two units, short enough for a table cell."""

from __future__ import annotations

from datetime import datetime, timedelta

MINUS = "−"
MINUTE, HOUR, DAY = 60, 3600, 86400


def seconds_in(length: timedelta | float) -> int:
    """Whole seconds of a length, rounded towards the past (-0.5 s is -1 s: already late)."""
    return int((length.total_seconds() if isinstance(length, timedelta) else length) // 1)


def duration(length: timedelta | float | None) -> str:
    """Two units at most: ``9m``, ``3h 35m``, ``1d 2h``; a minus in front when it is over; "" for None."""
    if length is None:
        return ""
    seconds = seconds_in(length)
    minutes = abs(seconds) // MINUTE
    days, hours = divmod(minutes // 60, 24)
    if days:
        text = f"{days}d {hours}h" if hours else f"{days}d"
    elif hours:
        text = f"{hours}h {minutes % 60}m" if minutes % 60 else f"{hours}h"
    else:
        text = f"{minutes}m"
    return MINUS + text if seconds < 0 else text


def spoken(length: timedelta | float | None) -> str:
    """A length for sentences: ``6 min``, ``2 h 5 min``, ``3 days``; without a sign."""
    if length is None:
        return ""
    minutes = abs(seconds_in(length)) // MINUTE
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 24 * 60:
        return f"{minutes // 60} h {minutes % 60} min" if minutes % 60 else f"{minutes // 60} h"
    days = minutes // (24 * 60)
    return f"{days} day" if days == 1 else f"{days} days"


def countdown(length: timedelta | float) -> str:
    """Minutes and seconds for the update clock: ``4:12``, ``1:05:00``, ``−1:20``."""
    seconds = seconds_in(length)
    size = abs(seconds)
    hours, minutes = size // HOUR, size // MINUTE % 60
    front = f"{hours}:{minutes:02}" if hours else f"{minutes}"
    return f"{MINUS if seconds < 0 else ''}{front}:{size % 60:02}"


def moment(at: datetime, now: datetime) -> str:
    """A moment as the reader needs it: today ``14:06``, this year ``23 Oct 14:06``, else ``23 Oct 2024 14:06``.

    Both in the reader's zone.
    """
    if at.date() == now.date():
        return f"{at:%H:%M}"
    return f"{at.day} {at:%b %H:%M}" if at.year == now.year else f"{at.day} {at:%b %Y %H:%M}"


def ago(at: datetime, now: datetime) -> str:
    """How long since (``just now``, ``9m ago``) or until (``in 2h 10m``)."""
    seconds = seconds_in(now - at)
    if -MINUTE < seconds < MINUTE:
        return "just now"
    return f"{duration(seconds)} ago" if seconds > 0 else f"in {duration(-seconds)}"
