"""Who is on call, the slow and obvious way: look at the wall clock of one minute and count.

Nothing here is shared with the resolver. What a wall clock has shown so far is taken from a table of every
quarter of an hour of three years (no zone moved its clocks at any other minute in them).
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from escalation.on_call import Layer, Period, Restriction

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
QUARTER, MINUTES = timedelta(minutes=15), 24 * 60
FIRST, LAST = datetime(2026, 1, 1, tzinfo=UTC), datetime(2029, 1, 1, tzinfo=UTC)
BEFORE = FIRST - 40 * DAY  # where the tables begin
EPOCH = datetime(2025, 1, 1)  # noqa: DTZ001 - walls are counted from here, in minutes, without a zone


def person_at(layers: Sequence[Layer], at: datetime) -> int | None:
    """The first layer with somebody on call answers."""
    return next((found for layer in layers if (found := _by_layer(layer, at)) is not None), None)


def _by_layer(layer: Layer, at: datetime) -> int | None:
    wall = furthest(layer.zone.key, at)
    turns = bisect_right(_handoffs(layer), wall)
    person = layer.people[(turns - 1) % len(layer.people)] if turns and layer.people else None
    if layer.restrictions and not any(_covers(rule, wall) for rule in layer.restrictions):
        person = None
    for override in layer.overrides:
        if override.start <= at < override.end and override.instead_of in (None, person):
            person = override.person
    return person


def furthest(zone: str, at: datetime) -> int:
    """The furthest minute that the zone's clocks have shown up to this moment: clocks set back change nothing."""
    quarter, into = divmod((at - BEFORE) // MINUTE, 15)
    shown, highest = _clocks(zone)
    return max(highest[quarter], shown[quarter] + into)


@cache
def _clocks(zone: str) -> tuple[array[int], array[int]]:
    """For each quarter of an hour what the clock shows at its start, and the furthest it had shown until then."""
    place, shown, highest, most = ZoneInfo(zone), array("q"), array("q"), 0
    at = BEFORE
    while at <= LAST:
        wall = (at.astimezone(place).replace(tzinfo=None) - EPOCH) // MINUTE
        shown.append(wall)
        highest.append(most)
        most = max(most, wall + 14)
        at += QUARTER
    return shown, highest


def _handoffs(layer: Layer) -> list[int]:
    """The minutes of the wall at which turns are to begin."""
    return _enumerated(layer.period, layer.every, layer.start, layer.handoff_minute, layer.handoff_weekday)


@cache
def _enumerated(period: Period, every: int, start: date, minute: int, weekday: int) -> list[int]:
    wall = (start - EPOCH.date()).days * MINUTES + minute
    end = (LAST.date() - EPOCH.date()).days * MINUTES + 2 * MINUTES
    found, seen, step = [wall], 0, 60 if period is Period.HOURLY else MINUTES
    while wall < end:
        wall += step
        if period is Period.WEEKLY and (EPOCH.date() + wall // MINUTES * DAY).weekday() != weekday:
            continue
        seen += 1
        if seen % every == 0:
            found.append(wall)
    return found


def _covers(rule: Restriction, wall: int) -> bool:
    closes = rule.end if rule.end > rule.start else rule.end + MINUTES
    for days_ago in range(2):
        midnight = (wall // MINUTES - days_ago) * MINUTES
        weekday = (EPOCH.date() + midnight // MINUTES * DAY).weekday()
        if weekday in rule.weekdays and midnight + rule.start <= wall < midnight + closes:
            return True
    return False
