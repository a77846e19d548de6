"""When an entry must be checked again, and who hears of it when nobody did. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from core.common.errors import Conflict, RuleBroken

EVERY = timedelta(days=91)  # quarterly (DOMAIN 6)
CHASE_AT = time(9)  # wall clock in the entry's zone
LEADS_FROM_WEEK = 2
LONGEST = timedelta(days=730)
EARLIEST = date(2000, 1, 1)


@dataclass(frozen=True)
class Chase:
    """One reminder: week 0 is the day on which the check is due."""

    at: datetime
    week: int

    @property
    def tells_leads(self) -> bool:
        """Whether lead and manager hear of it beside the owner."""
        return self.week >= LEADS_FROM_WEEK


def next_due(today: date) -> date:
    """The day by which an entry that was checked today must be checked again."""
    return today + EVERY


def check_due(due: date, today: date) -> None:
    """Refuse a day so far off that nobody would ever check."""
    if not EARLIEST <= due <= today + LONGEST:
        raise RuleBroken("The next check lies within two years.", field="review_due")


def check_still_due(due: date, asked: date | None) -> None:
    """Refuse to make a check that somebody made meanwhile; `asked` is the day it was due, None means any."""
    if asked is not None and asked != due:
        raise Conflict(f"This entry was checked meanwhile. The next check is due by {due:%d %B %Y}.")


def last_chase(due: date, zone: tzinfo, now: datetime) -> Chase | None:
    """The newest reminder at or before `now`, into which missed ones collapse. None before the first."""
    weeks = (now.astimezone(zone).date() - due).days // 7
    for week in (weeks, weeks - 1):  # the day has come, but maybe not the hour
        if week >= 0 and (chase := _chase(due, zone, week)).at <= now:
            return chase
    return None


def next_chase(due: date, zone: tzinfo, after: datetime) -> datetime:
    """The first reminder later than `after`: on the day, then every week."""
    week = max(0, (after.astimezone(zone).date() - due).days // 7)
    chase = _chase(due, zone, week)
    return chase.at if chase.at > after else _chase(due, zone, week + 1).at


def _chase(due: date, zone: tzinfo, week: int) -> Chase:
    day = due + timedelta(weeks=week)
    return Chase(datetime.combine(day, CHASE_AT, tzinfo=zone), week)
