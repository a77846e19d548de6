"""The ledger of a clock: what was counted, what not, and why. Written only by sla.operations."""

from __future__ import annotations

from datetime import datetime, timedelta

from sla.business_time import Hours
from sla.models import CalendarVersion, Clock, Interval


def begin(clock: Clock, at: datetime, *, counted: bool, why: str) -> None:
    """Open a row."""
    _row(clock, at, counted=counted, why=why).save()


def begin_all(clocks: list[Clock], *, why: str, why_paused: str) -> None:
    """Open the first row of clocks that start, counted unless they start paused."""
    Interval.objects.bulk_create(
        _row(
            clock,
            clock.started_at,
            counted=clock.paused_at is None,
            why=why_paused if clock.paused_at else why,
        )
        for clock in clocks
    )


def _row(clock: Clock, at: datetime, *, counted: bool, why: str) -> Interval:
    return Interval(
        clock=clock,
        from_at=at,
        counted=counted,
        why=why[:200],
        calendar_id=clock.calendar_id,
        calendar_version=clock.calendar_version,
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
            calendar_id=row.calendar_id,
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
                calendar_id=new.calendar_id,
                calendar_version=new.calendar_version,
            )
        )
    Interval.objects.bulk_create(copies)


def used_up_at(clock: Clock) -> datetime | None:
    """The moment at which the counted rows reached the target; None while they have not.

    Each row counts by the hours that were in force for it, whatever the calendar says today.
    """
    left = clock.target_seconds
    for row in clock.ledger.filter(counted=True, to_at__isnull=False):
        seconds = row.seconds or 0
        if seconds >= left:
            moment = hours_of(row).add(row.from_at, timedelta(seconds=left))
            return min(moment, row.to_at) if row.to_at else moment
        left -= seconds
    return None


def version_of(row: Interval) -> CalendarVersion | None:
    """The hours in force for a row, as they were kept; None for a calendar that was stored past the operations."""
    return CalendarVersion.objects.filter(calendar=row.calendar_id, number=row.calendar_version).first()


def hours_of(row: Interval) -> Hours:
    """The hours that a row is counted by."""
    kept = version_of(row)
    return kept.hours() if kept else row.calendar.hours()
