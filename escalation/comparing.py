"""Two schedules beside each other, as they are and as they would be: pure, from resolved segments."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

from escalation.on_call import Segment


@dataclass(frozen=True)
class Stretch:
    """A stretch of time with who is on call now planned (`before`) and then (`after`); None is nobody."""

    start: datetime
    end: datetime
    before: int | None
    after: int | None
    before_for: int | None = None
    after_for: int | None = None

    @property
    def changed(self) -> bool:
        """Whether somebody else, or nobody, would be on call."""
        return self.before != self.after

    @property
    def gap(self) -> bool:
        """Whether a gap would appear."""
        return self.after is None and self.before is not None


@dataclass
class Touched:
    """How long somebody would be on call who was not, and the other way round."""

    person: int
    more: timedelta = field(default_factory=timedelta)
    less: timedelta = field(default_factory=timedelta)


def beside(before: Sequence[Segment], after: Sequence[Segment]) -> list[Stretch]:
    """Both schedules of one window cut where either changes hands; what stays the same is one stretch."""
    edges = sorted({edge for segment in (*before, *after) for edge in (segment.start, segment.end)})
    found: list[Stretch] = []
    olds, news = list(before), list(after)
    for start, end in pairwise(edges):
        old, new = _at(olds, start), _at(news, start)
        row = Stretch(start, end, old.person, new.person, old.instead_of, new.instead_of)
        if found and _who(found[-1]) == _who(row):
            row = Stretch(found.pop().start, end, *_who(row))
        found.append(row)
    return found


def touched(stretches: Iterable[Stretch]) -> list[Touched]:
    """Everybody whose time on call would change, the most touched first."""
    found: dict[int, Touched] = {}
    for row in stretches:
        if not row.changed:
            continue
        length = row.end - row.start
        if row.before is not None:
            found.setdefault(row.before, Touched(row.before)).less += length
        if row.after is not None:
            found.setdefault(row.after, Touched(row.after)).more += length
    return sorted(found.values(), key=lambda one: (-(one.more + one.less), one.person))


def _at(segments: list[Segment], moment: datetime) -> Segment:
    """The segment that holds a moment; those before it are dropped, as moments come in order."""
    while segments[0].end <= moment:
        segments.pop(0)
    return segments[0]


def _who(row: Stretch) -> tuple[int | None, int | None, int | None, int | None]:
    return row.before, row.after, row.before_for, row.after_for
