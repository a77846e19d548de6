"""Who is on call: one pure function, no database, no clock of its own.

Rules are stored local (zone, date, wall clock); moments go in and come out in UTC. The page, the API,
calendar files, hand-off notices and escalations all ask `resolve`, so they cannot disagree.

* A hand-off is the first instant at which the wall clock has reached the agreed time: a time that the
  clocks skip (Cairo 2027-04-30 00:00) becomes the end of the gap (01:00), one that happens twice its first
  occurrence. Hand-offs therefore never run backwards and leave neither gap nor overlap.
* All intervals are half-open: who hands over at 09:00 is not on call at 09:00.
* An override replaces only the person it names; one that names nobody takes the whole time. Later ones go
  on top of earlier ones, so a swap can be swapped again.
* What is past was stored when the rule was changed; before `past_until` the rule is not asked, so editing a
  rotation never rewrites who was on call.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from sla.business_time import instant

DAY = timedelta(days=1)


class Period(StrEnum):
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

    A daily turn ends a day later at `handoff_minute` (minutes after midnight), a weekly one at the next
    `handoff_weekday` (0 = Monday); the very first may be shorter, so that there is no gap before it.
    Before `past_until` the stored segments in `past` hold instead of the rule.
    """

    name: str
    zone: ZoneInfo
    period: Period
    start: date
    handoff_minute: int
    people: tuple[int, ...]
    handoff_weekday: int = 0
    restrictions: tuple[Restriction, ...] = ()
    overrides: tuple[Override, ...] = ()
    past: tuple[Segment, ...] = ()
    past_until: datetime | None = None


def resolve(layers: Sequence[Layer], start: datetime, end: datetime) -> list[Segment]:
    """Who is on call from `start` to `end`: disjoint, sorted segments that cover all of it.

    Layers are asked in order: the first one with somebody on call answers, the next fill its gaps.
    Raises ValueError for naive moments.
    """
    if start.tzinfo is None or end.tzinfo is None:
        raise ValueError("Moments of the on-call schedule need a time zone.")
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    if end <= start:
        return []
    found: list[Segment] = []
    for layer in layers:
        own = _one_layer(layer, start, end)
        for gap_start, gap_end in _holes(found, start, end):
            found += _within(own, gap_start, gap_end)
        found.sort(key=lambda segment: segment.start)
    gaps = [Segment(a, b, None, Why.NOBODY) for a, b in _holes(found, start, end)]
    return _joined(sorted(found + gaps, key=lambda segment: segment.start))


def turn_at(layer: Layer, at: datetime) -> int | None:
    """The number of the turn that runs at this moment, counted from 0; None before the rotation starts."""
    for segment in _turns(layer, at.astimezone(UTC), at.astimezone(UTC) + timedelta(microseconds=1)):
        return segment.turn
    return None


def turn_starts_on(layer: Layer, turn: int) -> date:
    """The local date on which a turn begins."""
    if turn == 0:
        return layer.start
    if layer.period is Period.DAILY:
        return layer.start + turn * DAY
    return _second_turn(layer) + (turn - 1) * 7 * DAY


def _second_turn(layer: Layer) -> date:
    """The first weekly hand-off day after the start."""
    return layer.start + (((layer.handoff_weekday - layer.start.weekday() - 1) % 7) + 1) * DAY


def _turn_begun_by(layer: Layer, day: date) -> int:
    """The last turn that begins on this local date or before it, at least 0."""
    if layer.period is Period.DAILY:
        return max(0, (day - layer.start).days)
    return max(0, (day - _second_turn(layer)).days // 7 + 1)


def _turns(layer: Layer, start: datetime, end: datetime) -> Iterator[Segment]:
    """The plain rotation, clipped to the window."""
    if not layer.people:
        return
    # A day earlier than needed: its hand-off cannot lie after `start`, whatever the clocks did since.
    turn = _turn_begun_by(layer, start.astimezone(layer.zone).date() - DAY)
    begins = instant(layer.zone, turn_starts_on(layer, turn), layer.handoff_minute)
    while begins < end:
        ends = instant(layer.zone, turn_starts_on(layer, turn + 1), layer.handoff_minute)
        person = layer.people[turn % len(layer.people)]
        if max(begins, start) < min(ends, end):
            yield Segment(max(begins, start), min(ends, end), person, Why.ROTATION, layer.name, None, turn)
        begins, turn = ends, turn + 1


def _one_layer(layer: Layer, start: datetime, end: datetime) -> list[Segment]:
    """The stored past, then the rule: rotation, restrictions, overrides; gaps are left out."""
    if layer.past_until is None or layer.past_until <= start:
        return _by_rule(layer, start, end)
    kept = list(_within(layer.past, start, min(end, layer.past_until)))
    return kept + _by_rule(layer, layer.past_until, end)


def _by_rule(layer: Layer, start: datetime, end: datetime) -> list[Segment]:
    """Rotation, then restrictions, then overrides; gaps are left out."""
    segments = list(_turns(layer, start, end))
    if layer.restrictions:
        open_hours = _covered(layer, start, end)
        segments = [part for segment in segments for a, b in open_hours for part in _within([segment], a, b)]
    for override in layer.overrides:
        segments = _overridden(segments, override, layer.name, start, end)
    return segments


def _covered(layer: Layer, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
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
    merged: list[tuple[datetime, datetime]] = []
    for opens, closes in sorted(spans):
        if merged and opens <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], closes))
        else:
            merged.append((opens, closes))
    return merged


def _overridden(
    segments: list[Segment], override: Override, layer: str, start: datetime, end: datetime
) -> list[Segment]:
    """The segments with one override laid over them."""
    begins, ends = max(override.start, start), min(override.end, end)
    if begins >= ends:
        return segments
    kept: list[Segment] = []
    taken: list[Segment] = []
    for segment in segments:
        if override.instead_of not in (None, segment.person):
            kept.append(segment)
            continue
        kept += _within([segment], start, begins)
        kept += _within([segment], ends, end)
        taken += _within([segment], begins, ends)
    if override.instead_of is None:
        new = [Segment(begins, ends, override.person, Why.OVERRIDE, layer)]
    else:
        new = [
            Segment(part.start, part.end, override.person, Why.OVERRIDE, layer, override.instead_of)
            for part in taken
        ]
    return sorted(kept + new, key=lambda segment: segment.start)


def _within(segments: Iterable[Segment], start: datetime, end: datetime) -> Iterator[Segment]:
    """The parts of the segments that lie in the window."""
    for segment in segments:
        if max(segment.start, start) < min(segment.end, end):
            yield replace(segment, start=max(segment.start, start), end=min(segment.end, end))


def _holes(segments: Sequence[Segment], start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
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
