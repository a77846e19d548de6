"""How worked time is counted."""

from __future__ import annotations

from datetime import datetime, timedelta

from core.common.errors import RuleBroken

ROUND_UP_TO = 5  # minutes; what a timer offers, and the person may change
MINUTES_IN_A_DAY = 1440


def check_minutes(minutes: int) -> None:
    """A time is logged in whole minutes of one day. Raises RuleBroken at `minutes`."""
    if not 1 <= minutes <= MINUTES_IN_A_DAY:
        raise RuleBroken("Minutes are a whole number from 1 to 1440.", field="minutes")


def rounded(worked: timedelta) -> int:
    """Minutes to offer for a time: up to the next 5, at least 5, at most a day."""
    steps = -(-max(worked, timedelta(seconds=1)) // timedelta(minutes=ROUND_UP_TO))
    return min(int(steps) * ROUND_UP_TO, MINUTES_IN_A_DAY)


def may_take_back(logged_at: datetime, now: datetime) -> bool:
    """A mistyped time is taken back on the day on which it was logged (UTC); later it stands in reports."""
    return logged_at.date() == now.date()
