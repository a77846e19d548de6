"""Who had a ticket for how long, and what was lost on the way. Pure: no database, no clock.

All lengths are wall time, nights and weekends included: the customer waits through them, too. What a service
level counts stands on its clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate, pairwise
from typing import Any, TypeVar

Key = TypeVar("Key")


@dataclass(frozen=True)
class Holder:
    """Where a ticket is: a tier, and a team or nobody's."""

    tier: int
    team: Any = None


@dataclass(frozen=True)
class Move:
    """A ticket changes hands."""

    at: datetime
    source: Holder
    to: Holder


@dataclass(frozen=True)
class Stint:
    """The time between two moves, with one holder."""

    holder: Holder
    start: datetime
    end: datetime

    @property
    def length(self) -> timedelta:
        return self.end - self.start


def stints(opened: datetime, moves: Sequence[Move], until: datetime, *, present: Holder) -> list[Stint]:
    """Who had a ticket from when it was opened until `until`, without a gap and without an overlap.

    `moves` in the order in which they happened; `present` is who has it now. The lengths add up to
    `until - opened`, whatever the moves say: one outside of that time is taken as at its edge.
    """
    until = max(until, opened)
    edges = [opened, *accumulate((min(max(move.at, opened), until) for move in moves), max), until]
    holders = [*(move.source for move in moves[:1]), *(move.to for move in moves[:-1]), present]
    return [Stint(holder, *edge) for holder, edge in zip(holders, pairwise(edges), strict=True)]


def totals(found: Iterable[Stint], key: Callable[[Holder], Key]) -> dict[Key, timedelta]:
    """The whole time by tier, by team, or by whatever `key` says, in the order of the first turn."""
    sums: dict[Key, timedelta] = {}
    for stint in found:
        name = key(stint.holder)
        sums[name] = sums.get(name, timedelta()) + stint.length
    return sums


@dataclass(frozen=True)
class Turn:
    """A stint, or the part of one in which the same person had the ticket; `person` is "" while nobody had."""

    holder: Holder
    person: str
    start: datetime
    end: datetime

    @property
    def length(self) -> timedelta:
        return self.end - self.start


SAME_ACT = timedelta(seconds=2)  # an operation writes who has it a moment after it has moved the ticket


def turns(found: Sequence[Stint], given: Sequence[tuple[datetime, str]], *, first: str = "") -> list[Turn]:
    """The stints, each cut where another person got the ticket; the lengths add up as before.

    `given` says who got it when, in the order in which it happened; `first` had it from the beginning. Who got it
    in the act that moved the ticket had it from the move on.
    """
    edges = [stint.start for stint in found]
    moments = [
        (max((edge for edge in edges if edge <= at < edge + SAME_ACT), default=at), who) for at, who in given
    ]
    cut: list[Turn] = []
    for stint in found:
        had = next((who for at, who in reversed(moments) if at <= stint.start), first)
        start = stint.start
        for at, who in moments:
            if stint.start < at < stint.end and who != had:
                cut.append(Turn(stint.holder, had, start, at))
                had, start = who, at
        cut.append(Turn(stint.holder, had, start, stint.end))
    return [turn for turn in cut if turn.length] or cut[-1:]
