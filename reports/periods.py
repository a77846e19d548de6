"""The stretch of time that a report speaks of, and the one before it, for comparison."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

LENGTHS = {"7d": (7, "7 days"), "30d": (30, "30 days"), "quarter": (91, "Quarter")}
DEFAULT = "30d"
Limits = tuple[datetime, datetime]


@dataclass(frozen=True)
class Period:
    """Half-open: [start, end), and before it the equally long [before, start). Moments in UTC."""

    name: str
    label: str
    before: datetime
    start: datetime
    end: datetime

    @property
    def both(self) -> tuple[Limits, Limits]:
        """The period itself, and the one before it."""
        return (self.start, self.end), (self.before, self.start)


def between(start: datetime, end: datetime) -> Period:
    """A period between two moments, start before end."""
    return Period("", "", start - (end - start), start, end)


def period(name: str, now: datetime) -> Period:
    """A period by name that ends now; an unknown name is the default."""
    chosen = name if name in LENGTHS else DEFAULT
    days, label = LENGTHS[chosen]
    length = timedelta(days=days)
    return Period(chosen, label, now - 2 * length, now - length, now)
