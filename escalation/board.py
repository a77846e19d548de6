"""The next 24 hours as lanes, and the gaps of the next 30 days: what the page draws, without any markup."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from core.accounts.models import User
from escalation import schedules
from escalation.models import Team
from escalation.on_call import Segment
from sla.business_time import Stretch

LENGTH = timedelta(hours=24)
COLUMNS = 168  # of a lane; the stylesheet has a class for each
HEAD_HOURS = 4
GAPS_WITHIN = timedelta(days=30)


@dataclass(frozen=True)
class Slot:
    """One stretch of a lane: `column` counts from 1; `person` is None for a gap."""

    column: int
    width: int
    person: User | None
    instead_of: User | None
    start: datetime
    end: datetime
    now: bool


@dataclass(frozen=True)
class Lane:
    team: Team
    step: int
    slots: tuple[Slot, ...]


@dataclass(frozen=True)
class Gap:
    """A stretch in which a step of a team has nobody."""

    team: Team
    step: int
    start: datetime
    end: datetime


@dataclass(frozen=True)
class Board:
    """`heads` are the moments above the columns, `now_column` where the present is."""

    heads: tuple[datetime, ...]
    now_column: int
    lanes: tuple[Lane, ...]
    gaps: tuple[Gap, ...]


def draw(
    teams: Sequence[Team], now: datetime, zone: tzinfo, schedule: schedules.Schedules | None = None
) -> Board:
    """The board from the last full four hours of the reader's zone on, in three queries, however many teams.

    `schedule` is what was loaded already: from `beginning` on for at least 30 days.
    """
    start = beginning(now, zone)
    schedule = schedule or schedules.load(teams, start, now + GAPS_WITHIN)
    lanes, gaps = [], []
    for team in teams:
        for step in schedule.steps(team, now):
            segments = schedule.segments(team, step)
            lanes.append(Lane(team, step, _slots(segments, schedule, start, now)))
            gaps += [Gap(team, step, *stretch) for stretch in nobody(segments, now, now + GAPS_WITHIN)]
    heads = tuple(start + hours * timedelta(hours=1) for hours in range(0, 24, HEAD_HOURS))
    gaps.sort(key=lambda gap: gap.start)
    return Board(heads, _column(now, start), tuple(lanes), tuple(gaps))


def gaps(teams: Sequence[Team], start: datetime, end: datetime) -> list[Gap]:
    """Where nobody is on call between two moments, the first gap first; three queries."""
    schedule = schedules.load(teams, start, end)
    found = [
        Gap(team, step, *stretch)
        for team in teams
        for step in schedule.steps(team)
        for stretch in nobody(schedule.segments(team, step), start, end)
    ]
    return sorted(found, key=lambda gap: gap.start)


def nobody(segments: Sequence[Segment], start: datetime, end: datetime) -> list[Stretch]:
    """The stretches of a window in which nobody is on call."""
    return [
        (max(segment.start, start), min(segment.end, end))
        for segment in segments
        if segment.person is None and segment.end > start and segment.start < end
    ]


def beginning(now: datetime, zone: tzinfo) -> datetime:
    """The last full four hours of the wall clock before a moment, in UTC."""
    local = now.astimezone(zone)
    into = timedelta(
        hours=local.hour % HEAD_HOURS,
        minutes=local.minute,
        seconds=local.second,
        microseconds=local.microsecond,
    )
    return now.astimezone(UTC) - into


def _slots(
    segments: list[Segment], schedule: schedules.Schedules, start: datetime, now: datetime
) -> tuple[Slot, ...]:
    slots = []
    for segment in segments:
        if segment.start >= start + LENGTH:
            break
        if segment.person is None and segment.end <= now:  # nobody can be found for what is over
            continue
        column = _column(segment.start, start)
        slots.append(
            Slot(
                column=column,
                width=max(1, _column(min(segment.end, start + LENGTH), start) - column),
                person=schedule.person(segment.person),
                instead_of=schedule.person(segment.instead_of),
                start=segment.start,
                end=segment.end,
                now=segment.start <= now < segment.end,
            )
        )
    return tuple(slots)


def _column(at: datetime, start: datetime) -> int:
    return 1 + round((at - start) / LENGTH * COLUMNS)
