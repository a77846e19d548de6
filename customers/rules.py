"""Pure decisions about customers."""

from __future__ import annotations

from datetime import datetime, time
from typing import Protocol
from zoneinfo import ZoneInfo

from core.common.errors import Invalid


class Window(Protocol):
    weekdays: list[int]
    starts: time
    ends: time
    timezone: str


def is_busy(window: Window, at: datetime) -> bool:
    """True when the moment lies in the window by the customer's own clock; the end is excluded."""
    local = at.astimezone(ZoneInfo(window.timezone))
    return local.weekday() in window.weekdays and window.starts <= local.time() < window.ends


class Harm(Protocol):
    weekdays: list[int]
    starts: time | None
    ends: time | None
    timezone: str


def hurts_most(note: Harm, at: datetime) -> bool:
    """True when the moment lies where it hurts most, by the customer's own clock; False where no window is named."""
    if not note.weekdays and note.starts is None:
        return False
    local = at.astimezone(ZoneInfo(note.timezone))
    if note.weekdays and local.weekday() not in note.weekdays:
        return False
    return note.starts is None or note.ends is None or note.starts <= local.time() < note.ends


def check_harm(weekdays: list[int], starts: time | None, ends: time | None) -> None:
    """Both hours or none, the end after the start, and days of the week."""
    wrong: dict[str, list[str]] = {}
    if not set(weekdays) <= set(range(7)):
        wrong["weekdays"] = ["Days go from 0 (Monday) to 6 (Sunday)."]
    if (starts is None) != (ends is None):
        wrong["ends"] = ["Give both hours, or none for the whole day."]
    elif starts is not None and ends is not None and ends <= starts:
        wrong["ends"] = ["The end lies after the start; a window over midnight is two notes."]
    if wrong:
        raise Invalid(wrong)


def check_window(weekdays: list[int], starts: time, ends: time) -> None:
    """A busy window has a day, and ends after it starts on the same day; one over midnight is two windows."""
    wrong: dict[str, list[str]] = {}
    if not weekdays or not set(weekdays) <= set(range(7)):
        wrong["weekdays"] = ["Name at least one day, from 0 (Monday) to 6 (Sunday)."]
    if ends <= starts:
        wrong["ends"] = ["The end lies after the start; a window over midnight is two windows."]
    if wrong:
        raise Invalid(wrong)
