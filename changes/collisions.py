"""When two plans get in each other's way: pure.

Intervals are half-open, so touching is no collision. Hard collisions need an override with a reason, soft
ones a comment.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from customers.rules import Window
from sla.business_time import instant


class Hardness(StrEnum):
    HARD = "hard"
    SOFT = "soft"


@dataclass(frozen=True, slots=True)
class Collision:
    """One thing in the way: how hard, with what, and the sentence that says why."""

    hardness: Hardness
    kind: str
    with_ref: str
    sentence: str
    starts_at: datetime | None = None
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What of a change matters for collisions. `components` of an application that is touched as a whole
    are left out: the application's id in `whole` stands for all of them."""

    reference: str
    title: str
    start: datetime
    end: datetime
    person: int | None = None
    whole: frozenset[int] = frozenset()
    components: dict[int, int] = field(default_factory=dict)
    """component id -> its application's id"""

    @property
    def applications(self) -> frozenset[int]:
        return self.whole | frozenset(self.components.values())


@dataclass(frozen=True, slots=True)
class Frozen:
    """A freeze period. No application means all of them."""

    name: str
    start: datetime
    end: datetime
    applications: frozenset[int] = frozenset()


def overlap(a_start: datetime, a_end: datetime, b_start: datetime, b_end: datetime) -> bool:
    """Whether two half-open intervals share a moment; touching ones do not."""
    return a_start < b_end and b_start < a_end


def same_parts(a: Plan, b: Plan) -> bool:
    """Whether two plans touch the same component, or one an application as a whole that the other touches."""
    return bool(
        a.components.keys() & b.components.keys() or a.whole & b.applications or b.whole & a.applications
    )


def with_change(
    plan: Plan, other: Plan, dependencies: Iterable[tuple[int, int]], applications_of: dict[int, int]
) -> Collision | None:
    """How the other change is in the way, the gravest first. `dependencies` are (component, needs) pairs."""
    if not overlap(plan.start, plan.end, other.start, other.end):
        return None
    name = f"{other.reference} {other.title}"
    if same_parts(plan, other):
        return _with(
            other, Hardness.HARD, "same_component", f"{name} touches the same component at that time."
        )
    if depends(plan, other, dependencies, applications_of):
        return _with(
            other, Hardness.SOFT, "dependency", f"{name} touches what depends on it, or what it needs."
        )
    if plan.person is not None and plan.person == other.person:
        return _with(
            other, Hardness.SOFT, "same_person", f"{name} has the same responsible person at that time."
        )
    return None


def depends(
    a: Plan, b: Plan, dependencies: Iterable[tuple[int, int]], applications_of: dict[int, int]
) -> bool:
    """Whether a component of one needs a component of the other, directly."""

    def touched(plan: Plan, component: int) -> bool:
        return component in plan.components or applications_of.get(component) in plan.whole

    return any(
        (touched(a, one) and touched(b, needed)) or (touched(b, one) and touched(a, needed))
        for one, needed in dependencies
    )


def with_freeze(plan: Plan, freeze: Frozen) -> Collision | None:
    """A freeze period over one of the plan's applications is a hard collision."""
    if not overlap(plan.start, plan.end, freeze.start, freeze.end):
        return None
    if freeze.applications and not freeze.applications & plan.applications:
        return None
    return Collision(
        Hardness.HARD,
        "freeze",
        freeze.name,
        f"It lies in the freeze “{freeze.name}”.",
        freeze.start,
        freeze.end,
    )


def busy_during(window: Window, start: datetime, end: datetime) -> tuple[datetime, datetime] | None:
    """The first stretch of a customer's busy window that meets [start, end); None when none does."""
    zone = ZoneInfo(window.timezone)
    day, last = start.astimezone(zone).date(), end.astimezone(zone).date()
    while day <= last:
        if day.weekday() in window.weekdays:
            opens = instant(zone, day, window.starts.hour * 60 + window.starts.minute)
            closes = instant(zone, day, window.ends.hour * 60 + window.ends.minute)
            if overlap(start, end, opens, closes):
                return opens, closes
        day += timedelta(days=1)
    return None


def _with(other: Plan, hardness: Hardness, kind: str, sentence: str) -> Collision:
    return Collision(hardness, kind, other.reference, sentence, other.start, other.end)


def sentences(found: Iterable[Collision]) -> str:
    return " ".join(collision.sentence for collision in found)
