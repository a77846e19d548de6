"""Hours and targets as people type them: "09:00-12:00, 13:00-17:00", "4 h 30", "2027-12-24 closed"."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from sla import calendars, rules

_SPAN = re.compile(r"(\d{1,2})(?:[:.](\d{2}))?\s*(?:-|–|to)\s*(\d{1,2})(?:[:.](\d{2}))?")
_DURATION = re.compile(r"(?:(\d{1,6})\s*h(?:ours?)?)?\s*(?:(\d{1,7})\s*(?:m|min|minutes?)?)?", re.IGNORECASE)
CLOSED = "closed"
LONGEST = 2_000

Pairs = list[list[str]]


def spans_of(text: str) -> Pairs:
    """The hours of a day: "9-12, 13:00-17:00" or "closed" (or nothing). Raises ValueError, in plain words."""
    text = text.strip()
    if text.lower() in ("", CLOSED):
        return []
    if text.lower() in ("all day", "24 h", "24h"):
        return [["00:00", "24:00"]]
    pairs = [_pair(part.strip()) for part in re.split(r"[,;]| and ", text) if part.strip()]
    calendars.spans_from(pairs)  # in order, not overlapping, within the day
    return pairs


def _pair(text: str) -> list[str]:
    match = _SPAN.fullmatch(text)
    if not match:
        raise ValueError(f"“{text[:40]}” is no opening time; write 09:00-17:00, several with commas.")
    hour, minute, to_hour, to_minute = match.groups(default="00")
    return [f"{int(hour):02d}:{minute}", f"{int(to_hour):02d}:{to_minute}"]


def text_of(pairs: Any) -> str:
    """The other way: "09:00-12:00, 13:00-17:00"; "" for a closed day."""
    return ", ".join("-".join(pair) for pair in pairs)


def days_of(text: str) -> dict[str, Pairs]:
    """Single days, one a line: "2027-12-24 09:00-12:00" or "2027-12-31 closed". Raises ValueError."""
    found: dict[str, Pairs] = {}
    for line in filter(None, (line.strip() for line in text.splitlines())):
        day, _, hours = line.partition(" ")
        try:
            named = date.fromisoformat(day).isoformat()
        except ValueError as error:
            raise ValueError(f"“{line[:40]}” does not begin with a date such as 2027-12-24.") from error
        if not hours.strip():
            raise ValueError(f"{named}: write its hours, or “closed”.")
        if named in found:
            raise ValueError(f"{named} stands there twice.")
        try:
            found[named] = spans_of(hours)
        except ValueError as error:
            raise ValueError(f"{named}: {error}") from error
    return found


def text_of_days(days: Mapping[str, Any]) -> str:
    """The other way, in order."""
    return "\n".join(f"{day} {text_of(pairs) or CLOSED}" for day, pairs in sorted(days.items()))


def minutes_of(text: str) -> int | None:
    """A target: "4 h", "1 h 30", "45 min" or plain minutes; None for nothing. Raises ValueError."""
    text = text.strip()
    if not text:
        return None
    match = _DURATION.fullmatch(text)
    if not match or not any(match.groups()):
        raise ValueError(f"“{text[:40]}” is no length of time; write 4 h, 1 h 30 or 45 min.")
    count = int(match[1] or 0) * 60 + int(match[2] or 0)
    if not 0 < count <= rules.MOST_MINUTES:
        raise ValueError("A target is from one minute to two years.")
    return count


def text_of_minutes(count: int | None) -> str:
    """The other way: "1 h 30 min"."""
    if not count:
        return ""
    hours, minutes = divmod(count, 60)
    return " ".join(
        part for part in (f"{hours} h" if hours else "", f"{minutes} min" if minutes else "") if part
    )
