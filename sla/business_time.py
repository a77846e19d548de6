"""Arithmetic over opening hours: pure, no database, no clock of its own.

Rules are stored local (zone, date, wall clock); moments go in and come out in UTC.

Three decisions carry everything else:

* A local boundary becomes one instant by `instant`, which never runs backwards: a wall time that the
  clocks skip (Cairo 2027-04-30 00:00) moves forward to the end of the gap, one that happens twice is its
  first occurrence. So touching intervals never overlap and never leave a gap, whatever the clocks do.
* Intervals are half-open: 17:00 is closed when the hours end at 17:00.
* `add` gives the *earliest* instant at which the time is used up: 4 h that end exactly with the working
  day are due at its end, not at the next opening.

Whole months are summed once per `Hours`, so spans of years cost a few hundred additions.
"""

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

DAY_MINUTES = 24 * 60
NOTHING = timedelta(0)
FURTHEST = timedelta(days=366 * 60)

Span = tuple[int, int]  # minutes after local midnight: opens, closes
Stretch = tuple[datetime, datetime]  # UTC: from, to


class NoHours(ValueError):
    """The calendar never opens, so no due time exists."""


@lru_cache(maxsize=32_768)
def instant(zone: ZoneInfo, day: date, minute: int) -> datetime:
    """The UTC instant of a wall-clock minute (0 to 1440, where 1440 is the next midnight) on a local day.

    Monotonic in (day, minute): skipped wall times become the end of the gap, repeated ones their first
    occurrence.
    """
    wall = datetime.combine(day, datetime.min.time()) + timedelta(minutes=minute)
    first = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if first.astimezone(zone).replace(tzinfo=None) == wall:
        return first
    return _end_of_gap(zone, wall.replace(tzinfo=zone, fold=1).astimezone(UTC), first)


def _end_of_gap(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The instant between two moments at which the zone's clocks jump, to the second."""
    old_offset = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        if middle.astimezone(zone).utcoffset() == old_offset:
            before = middle
        else:
            after = middle
    return after


@dataclass(frozen=True, slots=True)
class Hours:
    """When somebody works: weekly intervals in a zone, less holidays, or around the clock.

    `weekly` maps a weekday (0 = Monday) to intervals in minutes after midnight, several a day, sorted,
    not overlapping; work over midnight is written as two days (22:00-24:00, then 00:00-06:00).
    `holidays` answers `day in holidays`. `extra` replaces the hours of a single day, holiday or not;
    an empty tuple closes it. `always_open` ignores all three.

    Raises `NoHours` when the week has no hours, ValueError when intervals are out of order.
    """

    zone: ZoneInfo
    weekly: Mapping[int, tuple[Span, ...]] = field(default_factory=dict)
    holidays: Container[date] = frozenset()
    extra: Mapping[date, tuple[Span, ...]] = field(default_factory=dict)
    always_open: bool = False
    _months: dict[date, timedelta] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for spans in (*self.weekly.values(), *self.extra.values()):
            check_spans(spans)
        if not self.always_open and not any(self.weekly.values()):
            raise NoHours("This calendar has no opening hours.")

    def add(self, start: datetime, duration: timedelta | int) -> datetime:
        """The earliest UTC instant at which `duration` (a timedelta, or whole minutes) of open time has
        passed since `start`. Zero gives `start` itself.

        Raises ValueError for a negative duration or a naive start, `NoHours` when 60 years are not enough.
        """
        left = duration if isinstance(duration, timedelta) else timedelta(minutes=duration)
        start = _utc(start)
        if left < NOTHING:
            raise ValueError("A duration of business time cannot be negative.")
        if self.always_open or not left:
            return start + left
        for day, whole_month in self._days(start, start + FURTHEST):
            if whole_month:
                if self._month(day) < left:
                    left -= self._month(day)
                    continue
                stretches = self._open_in_month(day)
            else:
                stretches = self._open_on(day)
            for opens, closes in stretches:
                opens = max(opens, start)
                if closes - opens >= left:
                    return opens + left
                left -= max(closes - opens, NOTHING)
        raise NoHours("This calendar does not open often enough to reach the target within 60 years.")

    def between(self, a: datetime, b: datetime) -> int:
        """Whole seconds of open time from `a` to `b`; 0 when `b` is not after `a`."""
        a, b = _utc(a), _utc(b)
        if self.always_open:
            return max(b - a, NOTHING) // timedelta(seconds=1)
        total = NOTHING
        for day, whole_month in self._days(a, b):
            if whole_month:
                total += self._month(day)
                continue
            for opens, closes in self._open_on(day):
                total += max(min(closes, b) - max(opens, a), NOTHING)
        return total // timedelta(seconds=1)

    def intervals(self, a: datetime, b: datetime) -> Iterator[Stretch]:
        """The open stretches between two instants, in order, in UTC; touching ones are joined."""
        a, b = _utc(a), _utc(b)
        if self.always_open:
            if a < b:
                yield a, b
            return
        held: Stretch | None = None
        for opens, closes in self._stretches(a, b):
            if held and held[1] == opens:
                held = held[0], closes
                continue
            if held:
                yield held
            held = opens, closes
        if held:
            yield held

    def is_open(self, at: datetime) -> bool:
        """Whether somebody works at this instant."""
        at = _utc(at)
        return self.always_open or any(
            opens <= at < closes for opens, closes in self._stretches(at, at + timedelta(seconds=1))
        )

    def next_opening(self, at: datetime) -> datetime:
        """The first instant, not before `at`, that lies in opening hours. Raises `NoHours` after 60 years."""
        at = _utc(at)
        if self.always_open:
            return at
        for opens, _ in self._stretches(at, at + FURTHEST):
            return opens
        raise NoHours("This calendar does not open again within 60 years.")

    def spans_on(self, day: date) -> tuple[Span, ...]:
        """The opening hours of a local day in minutes after midnight; empty when closed."""
        if self.always_open:
            return ((0, DAY_MINUTES),)
        if day in self.extra:
            return tuple(self.extra[day])
        if day in self.holidays:
            return ()
        return tuple(self.weekly.get(day.weekday(), ()))

    def _days(self, a: datetime, b: datetime) -> Iterator[tuple[date, bool]]:
        """Local days that may touch [a, b): (first of month, True) for a month that lies in it whole,
        else (day, False)."""
        day = a.astimezone(self.zone).date()
        while (begins := instant(self.zone, day, 0)) < b:
            after = _next_month(day)
            if day.day == 1 and begins >= a and instant(self.zone, after, 0) <= b:
                yield day, True
                day = after
            else:
                yield day, False
                day += timedelta(days=1)

    def _stretches(self, a: datetime, b: datetime) -> Iterator[Stretch]:
        for day, whole_month in self._days(a, b):
            for opens, closes in self._open_in_month(day) if whole_month else self._open_on(day):
                opens, closes = max(opens, a), min(closes, b)
                if opens < closes:
                    yield opens, closes

    def _open_on(self, day: date) -> Iterator[Stretch]:
        for opens, closes in self.spans_on(day):
            yield instant(self.zone, day, opens), instant(self.zone, day, closes)

    def _open_in_month(self, first: date) -> Iterator[Stretch]:
        after = _next_month(first)
        for number in range((after - first).days):
            yield from self._open_on(first + timedelta(days=number))

    def _month(self, first: date) -> timedelta:
        if first not in self._months:
            self._months[first] = sum(
                (closes - opens for opens, closes in self._open_in_month(first)), start=NOTHING
            )
        return self._months[first]


def check_spans(spans: Iterable[Span]) -> None:
    """Raise ValueError, in plain words, unless a day's intervals are sorted, disjoint and within the day."""
    last = 0
    for opens, closes in spans:
        if not 0 <= opens < closes <= DAY_MINUTES:
            raise ValueError("Opening hours must end after they begin, between 00:00 and 24:00.")
        if opens < last:
            raise ValueError("Opening hours of a day must be in order and must not overlap.")
        last = closes


def _next_month(day: date) -> date:
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def _utc(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("Business time needs a moment with a time zone.")
    return at.astimezone(UTC)
