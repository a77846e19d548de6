"""Who is on call: one pure function, no database, no clock of its own.

Rules are stored local (zone, date, wall clock); moments go in and come out in UTC. The page, the API,
calendar files, hand-off notices and escalations all ask `resolve`, so they cannot disagree.

* A hand-off is the first instant at which the wall clock has reached the agreed time: a time that the
  clocks skip (Cairo 2027-04-30 00:00) becomes the end of the gap (01:00), one that happens twice its first
  occurrence. Hand-offs therefore never run backwards and leave neither gap nor overlap.
* All intervals are half-open: who hands over at 09:00 is not on call at 09:00.
* An override replaces only the person it names; one that names nobody takes the whole time. Later ones go
  on top of earlier ones, so a swap can be swapped again.
* What is past is stored; before `Past.until` no rule is asked, so editing a rotation never rewrites who
  was on call.
* Periods count the wall clock, too: every 12 hours from 08:00 is 08:00 and 20:00 on every day of the year.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from sla.business_time import Stretch, instant

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
DAY_MINUTES = 24 * 60


class Period(StrEnum):
    """What a turn is counted in; `Layer.every` says how many of them it lasts."""

    HOURLY = "hourly"
    DAILY = "daily"
    WEEKLY = "weekly"


class Why(StrEnum):
    """The reason of a segment."""

    ROTATION = "rotation"
    OVERRIDE = "override"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Restriction:
    """Local hours that a layer covers, on weekdays counted from 0 = Monday.

    `start` and `end` are minutes after midnight; an end that is not after the start lies on the next day
    (22:00 to 06:00; 00:00 to 00:00 is the whole day).
    """

    weekdays: frozenset[int]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Override:
    """`person` stands in between two UTC moments: for `instead_of` where they are on call, or throughout."""

    start: datetime
    end: datetime
    person: int
    instead_of: int | None = None


@dataclass(frozen=True, slots=True)
class Segment:
    """One stretch of time, UTC, half-open; `person` is None when nobody is on call.

    `turn` counts the layer's turns from 0; it is None for overrides and for gaps.
    """

    start: datetime
    end: datetime
    person: int | None
    why: Why
    layer: str = ""
    instead_of: int | None = None
    turn: int | None = None


@dataclass(frozen=True, slots=True)
class Layer:
    """People who take turns, in order, from `start` (a local date) on.

    A turn lasts `every` hours, days or weeks of the wall clock, counted from `handoff_minute` (minutes after
    midnight) on `start`; weekly turns end on `handoff_weekday` (0 = Monday), so the very first may be
    shorter: there is no gap before it. `begun_at` is set when a changed rule goes on in the middle of a
    turn: then the first turn runs since that moment, wherever the hand-off time lies.
    """

    name: str
    zone: ZoneInfo
    period: Period
    start: date
    handoff_minute: int
    people: tuple[int, ...]
    handoff_weekday: int = 0
    every: int = 1
    begun_at: datetime | None = None
    restrictions: tuple[Restriction, ...] = ()
    overrides: tuple[Override, ...] = ()


@dataclass(frozen=True, slots=True)
class Past:
    """What was stored: sorted, disjoint segments with people; before `until` they alone hold."""

    segments: tuple[Segment, ...]
    until: datetime


def resolve(
    layers: Sequence[Layer], start: datetime, end: datetime, past: Past | None = None
) -> list[Segment]:
    """Who is on call from `start` to `end`: disjoint, sorted segments that cover all of it.

    Layers are asked in order: the first one with somebody on call answers, the next fill its gaps. Before
    `past.until` none of them is asked. Raises ValueError for naive moments.
    """
    if start.tzinfo is None or end.tzinfo is None:
        raise ValueError("Moments of the on-call schedule need a time zone.")
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    if end <= start:
        return []
    if past is None or past.until <= start:
        found = _by_layers(layers, start, end)
    else:
        found = [*_within(past.segments, start, min(end, past.until)), *_by_layers(layers, past.until, end)]
    gaps = [Segment(a, b, None, Why.NOBODY) for a, b in _holes(found, start, end)]
    return _joined(sorted(found + gaps, key=_start))


def _by_layers(layers: Sequence[Layer], start: datetime, end: datetime) -> list[Segment]:
    """The layers over each other; gaps are left out."""
    found: list[Segment] = []
    for layer in layers:
        holes = _holes(found, start, end)
        if not holes:
            break
        found = sorted([*found, *_clipped(_by_rule(layer, start, end), holes)], key=_start)
    return found


def turn_at(layer: Layer, at: datetime) -> Segment | None:
    """The whole turn that runs at this moment by the plain rotation; None before it starts, or without people."""
    at = at.astimezone(UTC)
    turn = _no_later_turn(layer, at)
    begins, ends = turn_starts(layer, turn), turn_starts(layer, turn + 1)
    while ends <= at:
        turn, begins, ends = turn + 1, ends, turn_starts(layer, turn + 2)
    if at < begins or not layer.people:
        return None
    return Segment(begins, ends, _person(layer, turn), Why.ROTATION, layer.name, None, turn)


def turn_starts(layer: Layer, turn: int) -> datetime:
    """The moment at which a turn begins, counted from 0."""
    if turn == 0 and layer.begun_at is not None:
        return layer.begun_at
    day, minute = turn_starts_on(layer, turn)
    return instant(layer.zone, day, minute)


def turn_starts_on(layer: Layer, turn: int) -> tuple[date, int]:
    """The local date and the minute after midnight at which a turn is to begin."""
    match layer.period:
        case Period.HOURLY:
            days, minute = divmod(layer.handoff_minute + turn * layer.every * 60, DAY_MINUTES)
            return layer.start + days * DAY, minute
        case Period.DAILY:
            return layer.start + turn * layer.every * DAY, layer.handoff_minute
        case Period.WEEKLY:
            later = turn * layer.every * 7 - _weekdays_early(layer) if turn else 0
            return layer.start + later * DAY, layer.handoff_minute


def _weekdays_early(layer: Layer) -> int:
    """By how many days the first weekly turn is shorter than the others, because it began between hand-offs."""
    return (layer.start.weekday() - layer.handoff_weekday) % 7


def _no_later_turn(layer: Layer, at: datetime) -> int:
    """A turn that begins at a moment or before it, if any does; at most a few turns before the one that runs."""
    # A day earlier than needed: its hand-off cannot lie after `at`, whatever the clocks did since.
    local = at.astimezone(layer.zone)
    days = (local.date() - layer.start).days - 1
    match layer.period:
        case Period.HOURLY:
            minutes = days * DAY_MINUTES + local.hour * 60 + local.minute - layer.handoff_minute
            turn = minutes // (layer.every * 60)
        case Period.DAILY:
            turn = days // layer.every
        case Period.WEEKLY:
            turn = (days + _weekdays_early(layer)) // (layer.every * 7)
    return max(0, turn)


def _turns(layer: Layer, start: datetime, end: datetime) -> Iterator[Segment]:
    """The plain rotation, clipped to the window."""
    if not layer.people:
        return
    turn = _no_later_turn(layer, start)
    begins = turn_starts(layer, turn)
    while begins < end:
        ends = turn_starts(layer, turn + 1)
        if max(begins, start) < min(ends, end):
            person = _person(layer, turn)
            yield Segment(max(begins, start), min(ends, end), person, Why.ROTATION, layer.name, None, turn)
        begins, turn = ends, turn + 1


def _person(layer: Layer, turn: int) -> int:
    return layer.people[turn % len(layer.people)]


def _by_rule(layer: Layer, start: datetime, end: datetime) -> list[Segment]:
    """Rotation, then restrictions, then overrides; gaps are left out."""
    segments = list(_turns(layer, start, end))
    if layer.restrictions:
        segments = list(_clipped(segments, _covered(layer, start, end)))
    for override in layer.overrides:
        segments = _overridden(segments, override, layer.name, start, end)
    return segments


def _covered(layer: Layer, start: datetime, end: datetime) -> list[Stretch]:
    """The layer's hours in the window: sorted, disjoint, touching ones joined."""
    spans = []
    day, until = start.astimezone(layer.zone).date() - 2 * DAY, end.astimezone(layer.zone).date()
    while day <= until:
        for rule in layer.restrictions:
            if day.weekday() in rule.weekdays:
                last_day = day if rule.end > rule.start else day + DAY
                opens, closes = instant(layer.zone, day, rule.start), instant(layer.zone, last_day, rule.end)
                spans.append((opens, closes))
        day += DAY
    merged: list[Stretch] = []
    for opens, closes in sorted(spans):
        if merged and opens <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], closes))
        else:
            merged.append((opens, closes))
    return merged


def _overridden(
    segments: list[Segment], override: Override, layer: str, start: datetime, end: datetime
) -> list[Segment]:
    """The segments with one override laid over them; only those that it touches are looked at."""
    begins, ends = max(override.start, start), min(override.end, end)
    if begins >= ends:
        return segments
    first = bisect_right(segments, begins, key=_end)
    last = bisect_left(segments, ends, key=_start)
    touched = segments[first:last]
    if override.instead_of is None:
        there = [part for segment in touched for part in _within([segment], start, begins)]
        there.append(Segment(begins, ends, override.person, Why.OVERRIDE, layer))
        there += [part for segment in touched for part in _within([segment], ends, end)]
    else:
        there = [part for segment in touched for part in _taken_over(segment, override, begins, ends)]
    return segments[:first] + there + segments[last:]


def _taken_over(segment: Segment, override: Override, begins: datetime, ends: datetime) -> Iterator[Segment]:
    """A segment, with the stretch of an override that names its person handed to the other one."""
    if override.instead_of != segment.person:
        yield segment
        return
    yield from _within([segment], segment.start, begins)
    for part in _within([segment], begins, ends):
        yield replace(
            part, person=override.person, why=Why.OVERRIDE, instead_of=override.instead_of, turn=None
        )
    yield from _within([segment], ends, segment.end)


def _within(segments: Iterable[Segment], start: datetime, end: datetime) -> Iterator[Segment]:
    """The parts of the segments that lie in the window."""
    for segment in segments:
        if max(segment.start, start) < min(segment.end, end):
            yield replace(segment, start=max(segment.start, start), end=min(segment.end, end))


def _clipped(segments: Sequence[Segment], windows: Sequence[Stretch]) -> Iterator[Segment]:
    """The parts of sorted segments that lie in sorted, disjoint windows: one walk over both."""
    first = 0
    for segment in segments:
        while first < len(windows) and windows[first][1] <= segment.start:
            first += 1
        place = first
        while place < len(windows) and windows[place][0] < segment.end:
            opens, closes = windows[place]
            yield replace(segment, start=max(segment.start, opens), end=min(segment.end, closes))
            place += 1


def _start(segment: Segment) -> datetime:
    return segment.start


def _end(segment: Segment) -> datetime:
    return segment.end


def _holes(segments: Sequence[Segment], start: datetime, end: datetime) -> list[Stretch]:
    """The stretches of the window that no segment covers."""
    edges = [start, *(edge for segment in segments for edge in (segment.start, segment.end)), end]
    return [(edges[i], edges[i + 1]) for i in range(0, len(edges), 2) if edges[i] < edges[i + 1]]


def _joined(segments: list[Segment]) -> list[Segment]:
    """Touching segments of equal person and reason made one; turns stay apart, a stored past has none."""
    joined = segments[:1]
    for segment in segments[1:]:
        last = joined[-1]
        if _kind(last) == _kind(segment) and last.turn in (None, segment.turn):
            joined[-1] = replace(segment, start=last.start)
        else:
            joined.append(segment)
    return joined


def _kind(segment: Segment) -> tuple[int | None, Why, str, int | None]:
    return segment.person, segment.why, segment.layer, segment.instead_of
