"""How long before its start a change must be known: counted in business days, pure.

A business day is a local day on which the calendar opens. The count starts at the submission, or at the
next opening when that is outside opening hours; N days later means the same wall-clock time on the N-th
business day after. So a change submitted on Monday at 09:00 may start on the next Monday at 09:00, and
exactly N days are enough.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sla.business_time import Hours, instant

FURTHEST_DAYS = 3 * 366
WEEKEND = (5, 6)


@dataclass(frozen=True, slots=True)
class Earliest:
    """The earliest possible start (UTC), and the public holidays that the count skipped."""

    at: datetime
    skipped: tuple[date, ...]


def earliest_start(submitted: datetime, days: int, hours: Hours) -> Earliest:
    """The first moment at which a change submitted now may start, `days` business days ahead."""
    if days <= 0:
        return Earliest(submitted, ())
    local = hours.next_opening(submitted).astimezone(hours.zone)
    skipped: list[date] = []
    day, left = local.date(), days
    for _ in range(FURTHEST_DAYS):
        day += timedelta(days=1)
        if hours.spans_on(day):
            left -= 1
            if not left:
                return Earliest(instant(hours.zone, day, local.hour * 60 + local.minute), tuple(skipped))
        elif day.weekday() not in WEEKEND:
            skipped.append(day)
    raise ValueError("The calendar of changes opens too rarely to count lead times.")


def business_days(submitted: datetime, start: datetime, hours: Hours) -> int:
    """Whole business days from the submission to the start; 0 when the start is no full day ahead."""
    first = hours.next_opening(submitted).astimezone(hours.zone)
    last = start.astimezone(hours.zone)
    if last <= first:
        return 0
    length = min((last.date() - first.date()).days, FURTHEST_DAYS)
    inner = (first.date() + timedelta(days=number) for number in range(1, length))
    count = sum(1 for day in inner if hours.spans_on(day))
    if not length or not hours.spans_on(last.date()):
        return count
    reached = instant(hours.zone, last.date(), first.hour * 60 + first.minute) <= start
    return count + 1 if reached else count


def words(earliest: Earliest, hours: Hours) -> str:
    """ "Tue 1 Dec 09:00, holiday 26 Nov skipped", in the calendar's own zone."""
    local = earliest.at.astimezone(hours.zone)
    text = f"{local:%a} {local.day} {local:%b %H:%M}"
    if not earliest.skipped:
        return text
    days = ", ".join(f"{day.day} {day:%b}" for day in earliest.skipped)
    return f"{text}, holiday{'s' if len(earliest.skipped) > 1 else ''} {days} skipped"
