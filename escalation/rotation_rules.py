"""Pure decisions about rotations: what can be one, and how far ahead one looks."""

from __future__ import annotations

from calendar import day_name
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from core.common.errors import RuleBroken
from core.common.walltime import moment_of
from escalation.on_call import Layer, Period

LONGEST_TURN = {Period.HOURLY: 168, Period.DAILY: 366, Period.WEEKLY: 52}
UNITS = {Period.HOURLY: "hours", Period.DAILY: "days", Period.WEEKLY: "weeks"}
ONE = {Period.HOURLY: timedelta(hours=1), Period.DAILY: timedelta(days=1), Period.WEEKLY: timedelta(weeks=1)}
FIRST_YEAR, LAST_YEAR = 2000, 2099


def check_rule(period: str, every: int, start: date) -> None:
    """Raise RuleBroken for turns that are too long to plan with, or a start that nobody can mean."""
    most = LONGEST_TURN[Period(period)]
    if not 1 <= every <= most:
        raise RuleBroken(f"A {period} turn lasts 1 to {most} {UNITS[Period(period)]}.", field="every")
    if not FIRST_YEAR <= start.year <= LAST_YEAR:
        raise RuleBroken(f"The start lies in a year from {FIRST_YEAR} to {LAST_YEAR}.", field="start")


def first_turn(
    zone: str, start: date, handoff_time: time, begun_at: datetime | None = None
) -> datetime | None:
    """When the first turn begins where `start` at the hand-off time is not one moment; else None, the rule says it.

    Raises Unclear with both neighbours, unless `begun_at` is one of them; RuleBroken for a `begun_at` elsewhere.
    """
    wall = datetime.combine(start, handoff_time.replace(second=0, microsecond=0))
    moment = moment_of(wall, zone, field="start", meant=begun_at)
    if begun_at in (None, moment):
        return begun_at
    raise RuleBroken(
        "The start at the hand-off time is one moment; begun_at is for times that exist twice or not at all.",
        field="begun_at",
    )


def in_words(period: str, every: int, weekday: int, at: time) -> str:
    """How turns are counted, for people: "Every 2 weeks, Monday 09:00", "Every day at 09:00"."""
    unit = UNITS[Period(period)]
    often = f"Every {every} {unit}" if every > 1 else f"Every {unit[:-1]}"
    match Period(period):
        case Period.WEEKLY:
            return f"{often}, {day_name[weekday]} {at:%H:%M}"
        case Period.DAILY:
            return f"{often} at {at:%H:%M}"
        case Period.HOURLY:
            return f"{often} from {at:%H:%M}"


def look_ahead(layers: Sequence[Layer], at_least: timedelta, at_most: timedelta) -> timedelta:
    """How far a schedule is worked out, so that two turns of each layer lie in it even where they are long."""
    lengths = [layer.every * ONE[layer.period] for layer in layers]
    return min(at_most, at_least + 2 * max(lengths, default=timedelta(0)))
