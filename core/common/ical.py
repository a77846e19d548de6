"""Calendars for other programs (RFC 5545), one writer for all of them. Times are UTC, so no VTIMEZONE is needed.

The library folds lines at 75 octets, ends them with CRLF and escapes texts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import icalendar
from django.conf import settings

MEDIA_TYPE = "text/calendar; charset=utf-8"
READ_AGAIN = timedelta(hours=1)  # how often subscribers are asked to look
CONFIRMED, TENTATIVE, CANCELLED = "CONFIRMED", "TENTATIVE", "CANCELLED"


@dataclass(frozen=True)
class Entry:
    """One stretch of time. `key` names it for good (its UID), `sequence` counts its changes.

    `stamp` is when it was written so; `path` its page on this desk; `busy=False` leaves the time free for others.
    """

    key: str
    sequence: int
    stamp: datetime
    start: datetime
    end: datetime
    summary: str
    description: str = ""
    location: str = ""
    path: str = ""
    status: str = CONFIRMED
    busy: bool = True


def write(name: str, entries: Iterable[Entry]) -> bytes:
    """The calendar `name` as an iCalendar file."""
    book = icalendar.Calendar()
    book.add("prodid", f"-//Service desk//{_plain(name)}//EN")
    book.add("version", "2.0")
    book.add("method", "PUBLISH")
    book.add("x-wr-calname", _plain(name))
    book.add("refresh-interval", READ_AGAIN, parameters={"VALUE": "DURATION"})
    events: list[icalendar.Component] = [_event(entry) for entry in entries]
    for component in events or [_utc()]:  # a calendar holds at least one component
        book.add_component(component)
    return bytes(book.to_ical())


def _utc() -> icalendar.Timezone:
    """UTC as a component, for a calendar without entries."""
    zone, always = icalendar.Timezone(), icalendar.TimezoneStandard()
    zone.add("tzid", "UTC")
    always.add("dtstart", datetime(1970, 1, 1))  # noqa: DTZ001 - local by definition
    always.add("tzoffsetfrom", timedelta(0))
    always.add("tzoffsetto", timedelta(0))
    zone.add_component(always)
    return zone


def _event(entry: Entry) -> icalendar.Event:
    event = icalendar.Event()
    event.add("uid", f"{entry.key}@{urlsplit(settings.BASE_URL).hostname or 'localhost'}")
    event.add("sequence", entry.sequence)
    event.add("dtstamp", entry.stamp)
    event.add("dtstart", entry.start)
    event.add("dtend", entry.end)
    event.add("summary", _plain(entry.summary))
    for field in ("description", "location"):
        if text := getattr(entry, field):
            event.add(field, _plain(text))
    if entry.path:
        event.add("url", settings.BASE_URL.rstrip("/") + entry.path)
    event.add("status", entry.status)
    if not entry.busy:
        event.add("transp", "TRANSPARENT")
    return event


def _plain(text: str) -> str:
    """The text without control characters: RFC 5545 allows none, and one in a name must not break the file."""
    return "".join(letter if letter.isprintable() else " " for letter in text).strip()
