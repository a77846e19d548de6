"""The ledger of a clock: what was counted, what not, and why. Written only by sla.operations."""

from __future__ import annotations

from datetime import datetime, timedelta

from sla.models import Clock, Interval


def begin(clock: Clock, at: datetime, *, counted: bool, why: str) -> None:
    """Open a row."""
    Interval.objects.create(
        clock=clock, from_at=at, counted=counted, why=why[:200], calendar_version=clock.calendar.version
    )


def begin_all(clocks: list[Clock], *, why: str) -> None:
    """Open the first row of clocks that start to run, counted from their start."""
    Interval.objects.bulk_create(
        Interval(
            clock=clock,
            from_at=clock.started_at,
            counted=True,
            why=why,
            calendar_version=clock.calendar.version,
        )
        for clock in clocks
    )


def end(clock: Clock, at: datetime, *, seconds: int) -> None:
    """Close the open row, with the seconds of business time that it counted."""
    Interval.objects.filter(clock=clock).close(at=at, seconds=seconds)


def carry_over(old: Clock, new: Clock, *, until: datetime, gap: str = "goal was met") -> None:
    """Copy an ended clock's ledger to its successor; the time from its end to `until` is not counted.

    gap: what the ledger says of that time.
    """
    rows = list(old.ledger.all())
    copies = [
        Interval(
            clock=new,
            from_at=row.from_at,
            to_at=row.to_at,
            counted=row.counted,
            seconds=row.seconds,
            why=row.why,
            calendar_version=row.calendar_version,
        )
        for row in rows
    ]
    ended = rows[-1].to_at if rows else until
    if ended is not None and ended < until:
        copies.append(
            Interval(
                clock=new,
                from_at=ended,
                to_at=until,
                counted=False,
                seconds=0,
                why=gap[:200],
                calendar_version=new.calendar.version,
            )
        )
    Interval.objects.bulk_create(copies)


def used_up_at(clock: Clock) -> datetime | None:
    """The moment at which the counted rows reached the target; None while they have not."""
    left = clock.target_seconds
    for row in clock.ledger.filter(counted=True, to_at__isnull=False):
        seconds = row.seconds or 0
        if seconds >= left:
            moment = clock.calendar.hours().add(row.from_at, timedelta(seconds=left))
            return min(moment, row.to_at) if row.to_at else moment
        left -= seconds
    return None
