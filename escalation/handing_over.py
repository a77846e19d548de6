"""When responsibility passes from one person to another: pure, from resolved segments.

A gap is no hand-off by itself: who is on call in office hours alone is not told every evening that it ends and
every morning that it begins. It passes when the next person is somebody else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from escalation.on_call import Segment


@dataclass(frozen=True)
class HandOff:
    """`incoming` takes over at `at` from `outgoing` (None: nobody was on call before), at first until `until`."""

    at: datetime
    outgoing: int | None
    incoming: int
    until: datetime


def handoffs(segments: Iterable[Segment], last: int | None = None) -> Iterator[HandOff]:
    """The hand-offs within resolved segments; `last` is who was on call last before them."""
    for segment in segments:
        if segment.person is not None and segment.person != last:
            yield HandOff(segment.start, last, segment.person, segment.end)
            last = segment.person


def next_after(segments: Iterable[Segment], last: int | None) -> datetime | None:
    """The moment of the next hand-off; None when nobody else is in sight."""
    found = next(handoffs(segments, last), None)
    return found.at if found else None
