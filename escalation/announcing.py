"""What has to change in what was announced: pure matching of stored stretches with those of today's schedule.

A calendar entry keeps its UID while the same person is on call at about the same time; only what cannot be
taken for the same shift is cancelled and announced anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sla.business_time import Stretch

DAY = timedelta(days=1)
REPEATS_WITHIN = 7  # days


@dataclass(frozen=True)
class Told:
    """A stretch that was announced: `number` is its row, `who` the person; `live` unless it was cancelled."""

    number: int
    who: int | None
    start: datetime
    end: datetime
    live: bool = True


@dataclass(frozen=True)
class Wanted:
    """A stretch of today's schedule."""

    who: int | None
    start: datetime
    end: datetime


@dataclass
class Matched:
    """`kept` pairs a told stretch with what it is now; `gone` was told and is no more; `new` was never told."""

    kept: list[tuple[Told, Wanted]] = field(default_factory=list)
    gone: list[Told] = field(default_factory=list)
    new: list[Wanted] = field(default_factory=list)


def match(told: Iterable[Told], wanted: Sequence[Wanted], now: datetime) -> Matched:
    """Find each wanted stretch among the told ones: the very same first, then one that it overlaps.

    `wanted` begins at `now`; a stretch that runs keeps the start with which it was told.
    """
    rest = sorted(told, key=lambda one: (one.start, one.number))
    found = Matched()
    open_ones = [_since(one, rest, now) for one in wanted]
    for same in (_equal, _overlapping):
        for one in list(open_ones):
            twin = next((other for other in rest if same(other, one)), None)
            if twin is not None:
                found.kept.append((twin, one))
                rest.remove(twin)
                open_ones.remove(one)
    found.new = open_ones
    found.gone = [one for one in rest if one.live]
    return found


def _since(one: Wanted, told: Sequence[Told], now: datetime) -> Wanted:
    """The stretch with its true start, where it runs already."""
    if one.start != now:
        return one
    began = (
        other.start for other in told if other.live and other.who == one.who and other.start < now < other.end
    )
    return Wanted(one.who, next(began, one.start), one.end)


def _equal(told: Told, wanted: Wanted) -> bool:
    return (told.who, told.start, told.end) == (wanted.who, wanted.start, wanted.end)


def _overlapping(told: Told, wanted: Wanted) -> bool:
    return told.live and told.who == wanted.who and told.start < wanted.end and wanted.start < told.end


def repeats(gap: Stretch, known: Iterable[Stretch], zone: ZoneInfo) -> bool:
    """Whether a gap is one that is known already, on another day: same times of day, up to a week later.

    Nights that nobody covers come into sight day by day; telling of each would teach people not to read.
    """
    walls = {_wall(stretch, zone) for stretch in known}
    start, end = _wall(gap, zone)
    return any((start - days * DAY, end - days * DAY) in walls for days in range(1, REPEATS_WITHIN + 1))


def _wall(stretch: Stretch, zone: ZoneInfo) -> Stretch:
    start, end = (at.astimezone(zone).replace(tzinfo=None) for at in stretch)
    return start, end
