"""When a recurring ticket comes due: an iCalendar rule (RFC 5545) in local time, moments in UTC. Pure.

The wall clock stays: nine o'clock is nine o'clock before and after the clocks change. A time that does not
exist on a day moves to the end of the gap, one that exists twice means the first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo, available_timezones

from dateutil.rrule import rrule, rrulestr

from core.common.errors import RuleBroken
from core.common.walltime import moment_of
from sla.business_time import instant

FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
PARTS = {
    "FREQ": r"[A-Z]+",
    "INTERVAL": r"[1-9]\d{0,2}",
    "COUNT": r"[1-9]\d{0,3}",
    "UNTIL": r"\d{8}(T\d{6})?",
    "BYDAY": r"([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)(,([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)){0,20}",
    "BYMONTHDAY": r"-?\d{1,2}(,-?\d{1,2}){0,30}",
    "BYMONTH": r"\d{1,2}(,\d{1,2}){0,11}",
    "BYSETPOS": r"-?\d{1,3}(,-?\d{1,3}){0,10}",
}
ONLY_LONG = ("BYMONTHDAY", "BYSETPOS")  # with days and weeks they could search for ever
LONGEST = 300


def check(rule: str, zone: str, starts_at: datetime) -> None:
    """Raise RuleBroken, saying what is wrong, for a rule that cannot be read or never comes due."""
    if zone not in available_timezones():
        raise RuleBroken(
            f"There is no time zone “{zone[:60]}”; one is Europe/Paris, for example.", field="zone"
        )
    parts = dict(part.partition("=")[::2] for part in rule.split(";"))
    if len(rule) > LONGEST or parts.get("FREQ") not in FREQUENCIES:
        raise RuleBroken(f"A rule begins with FREQ and one of {', '.join(FREQUENCIES)}.", field="rule")
    for name, value in parts.items():
        if not re.fullmatch(PARTS.get(name, "(?!)"), value):
            raise RuleBroken(f"“{name[:20]}={value[:40]}” cannot be used here.", field="rule")
        if name in ONLY_LONG and parts["FREQ"] not in ("MONTHLY", "YEARLY"):
            raise RuleBroken(f"{name} goes with MONTHLY or YEARLY only.", field="rule")
    try:
        never = not upcoming(rule, zone, starts_at, after=starts_at - timedelta(days=1), count=1)
    except ValueError as error:
        raise RuleBroken(f"This rule cannot be read: {error}.", field="rule") from error
    if never:
        raise RuleBroken("By this rule it never comes due.", field="rule")


def upcoming(rule: str, zone: str, starts_at: datetime, *, after: datetime, count: int) -> list[datetime]:
    """The next moments after `after`, in UTC, in order."""
    return list(islice(_moments(rule, zone, starts_at, after), count))


def next_after(rule: str, zone: str, starts_at: datetime, after: datetime) -> datetime | None:
    """The first moment after `after`; None when the rule has ended."""
    return next(_moments(rule, zone, starts_at, after), None)


def missed(rule: str, zone: str, starts_at: datetime, *, due: datetime, now: datetime) -> int:
    """How many moments after `due` have passed by `now`: what one ticket stands for besides its own."""
    passed = _moments(rule, zone, starts_at, due)
    return sum(1 for _ in islice(_until(passed, now), LONGEST))


def local(wall: datetime, zone: str) -> datetime:
    """The moment of a typed wall clock time. Raises RuleBroken, see core.common.walltime."""
    return moment_of(wall, zone, field="at")


def _moments(rule: str, zone: str, starts_at: datetime, after: datetime) -> Iterator[datetime]:
    place = ZoneInfo(zone)
    first = starts_at.astimezone(place).replace(tzinfo=None, second=0, microsecond=0)
    read = rrulestr(rule, dtstart=first)
    assert isinstance(read, rrule)
    # A day earlier, as the clocks may have changed in between; what lies before is left out by the moment itself.
    for wall in read.xafter(after.astimezone(place).replace(tzinfo=None) - timedelta(days=1), inc=True):
        moment = instant(place, wall.date(), wall.hour * 60 + wall.minute)
        if moment > after:
            yield moment


def _until(moments: Iterator[datetime], now: datetime) -> Iterator[datetime]:
    for moment in moments:
        if moment > now:
            return
        yield moment
