"""What an edit would do to the clocks that are open now, before anybody saves it. Nothing is written.

It asks the same judge as the rollout of the edit, for what the reader may see.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F

from core.common import clock as wall
from core.common.actor import Actor
from sla import judging, queries, subjects
from sla.business_time import Hours
from sla.models import Calendar, Clock, Policy

MOST_EXAMINED = 2_000
SHOWN = 20


@dataclass(frozen=True, slots=True)
class Moved:
    """One clock that would change: when it is due now (None: paused, or none runs yet) and then."""

    reference: str
    path: str
    label: str
    goal: str
    was_due: datetime | None
    due: datetime | None
    was_minutes: int | None
    minutes: int | None
    overdue: bool

    @property
    def ends(self) -> bool:
        """Nothing would be promised any more."""
        return self.minutes is None


@dataclass(frozen=True, slots=True)
class Preview:
    """`count` clocks would change, `overdue` of them would be missed at once; `more`: not all were looked at."""

    rows: Sequence[Moved]
    count: int
    overdue: int
    examined: int
    more: bool


@dataclass(frozen=True, slots=True)
class _Change:
    kind: str
    subject_id: int
    goal: str
    clock: Clock | None
    due: datetime | None
    minutes: int | None
    overdue: bool = False


def of_calendar(edited: Calendar, *, by: Actor, now: datetime | None = None) -> Preview:
    """The running clocks of a calendar, by its edited hours from now on. Raises ValueError for hours that cannot be."""
    now = (now or wall.now()).replace(microsecond=0)
    hours = edited.hours()
    clocks, more = _open_clocks(by, state=Clock.State.RUNNING, calendar=edited.pk)
    changes = [
        _Change(clock.subject_kind, clock.subject_id, clock.goal, clock, due, clock.target_minutes)
        for clock in clocks
        if (due := _due(clock, clock.target_seconds, hours, now)) not in (None, clock.due_at)
    ]
    return _preview(changes, len(clocks), more)


def of_policy(edited: Policy, *, by: Actor, now: datetime | None = None) -> Preview:
    """All open clocks, if the edited policy stood among the others and they followed."""
    now = (now or wall.now()).replace(microsecond=0)
    policies = [policy for policy in queries.policies() if policy.pk != edited.pk]
    if edited.active:
        policies.append(edited)
    clocks, more = _open_clocks(by)
    changes: list[_Change] = []
    for kind in subjects.known():
        ids = {clock.subject_id for clock in clocks if clock.subject_kind == kind}
        for pk, others in judging.differing(kind, ids, policies).items():
            changes += [_of_otherwise(kind, pk, other, now) for other in others]
    changes.sort(key=lambda change: (change.due is None, change.due or now, change.subject_id))
    return _preview(changes, len(clocks), more)


def _open_clocks(by: Actor, **only: object) -> tuple[list[Clock], bool]:
    """Those of what the reader sees, the first due first; and whether there are more than are looked at."""
    found: list[Clock] = []
    for kind, info in subjects.known().items():
        rows = queries.open_clocks(kind).filter(**only, subject_id__in=info.visible_to(by).values("pk"))
        found += rows.order_by(F("due_at").asc(nulls_last=True), "pk")[: MOST_EXAMINED + 1]
    return found[:MOST_EXAMINED], len(found) > MOST_EXAMINED


def _of_otherwise(kind: str, pk: int, other: judging.Otherwise, now: datetime) -> _Change:
    clock, policy = other.clock, other.policy
    if policy is None:
        return _Change(kind, pk, other.goal, clock, None, None)
    minutes, hours = policy.target(other.goal) or 0, policy.calendar.hours()
    if clock is None:
        return _Change(kind, pk, other.goal, None, hours.add(now, minutes), minutes)
    due = _due(clock, minutes * 60, hours, now) if clock.state == Clock.State.RUNNING else None
    overdue = clock.breached_at is None and clock.elapsed_at(now) >= minutes * 60
    return _Change(kind, pk, other.goal, clock, due, minutes, overdue)


def _due(clock: Clock, target: int, hours: Hours, now: datetime) -> datetime | None:
    """When what is left would be used up by these hours; None for what is used up already."""
    left = target - clock.elapsed_at(now)
    return hours.add(now, timedelta(seconds=left)) if left > 0 else None


def _preview(changes: Sequence[_Change], examined: int, more: bool) -> Preview:
    rows = list(_shown(changes[:SHOWN]))
    return Preview(rows, len(changes), sum(change.overdue for change in changes), examined, more)


def _shown(changes: Sequence[_Change]) -> Iterator[Moved]:
    for change in changes:
        info = subjects.of(change.kind)
        row = info.model._base_manager.select_related(*info.related).filter(pk=change.subject_id).first()
        if row is None:
            continue
        clock = change.clock
        yield Moved(
            reference=info.reference(change.subject_id),
            path=info.path(row),
            label=info.label(row),
            goal=change.goal,
            was_due=clock.due_at if clock else None,
            due=change.due,
            was_minutes=clock.target_minutes if clock else None,
            minutes=change.minutes,
            overdue=change.overdue,
        )
