"""Open clocks follow an edited calendar or policy: the first at once, the rest by a sweep, some at a time."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import F, Max

from core.common import clock as wall
from core.common.actor import Actor, system
from core.timers import sweeps
from core.timers.sweeps import Sweep
from sla import judging, queries, subjects
from sla.models import Calendar, CalendarVersion, Clock, Policy, Rollout
from sla.operations import promises, steps

AT_ONCE = 200
"""Clocks in one transaction: an edit answers soon, and no ticket is held for longer than a moment."""

SECOND_LOOK = timedelta(minutes=2)
"""Longer than a transaction that starts clocks takes. On PostgreSQL the edit does not see what such a one has written
and not committed, nor does that one see the edit, so its clocks follow when both can be seen."""


def begin(
    *, calendar: Calendar | None = None, policy: Policy | None = None, why: str, by: Actor
) -> Rollout | None:
    """Let the clocks that are open now follow; None when there are none. Runs in the edit's transaction."""
    now = wall.now()
    edit = {"calendar": calendar, "policy": policy, "why": why[:200]}
    Rollout.objects.create(**edit, until_clock=Rollout.ALL, next_at=now + SECOND_LOOK)
    last = Clock.objects.filter(state__in=Clock.OPEN).aggregate(last=Max("pk"))["last"]
    if last is None:
        return None
    rollout = Rollout.objects.create(**edit, until_clock=last, next_at=now)
    _step(rollout, now, by)
    if rollout.next_at is not None:
        sweeps.poke(SWEEP.name)
    return rollout


def go_on(rollout: Rollout, now: datetime) -> None:
    """The sweep's act: the next clocks."""
    _step(rollout, now, system())


def _step(rollout: Rollout, now: datetime, by: Actor) -> None:
    """Subjects first, then their clocks: the order in which every operation locks."""
    rows = queries.concerned(rollout).filter(pk__gt=rollout.after_clock).order_by("pk")
    chunk = list(rows.values_list("pk", "subject_kind", "subject_id")[:AT_ONCE])
    touched = sorted({(kind, subject) for _, kind, subject in chunk})
    if rollout.policy is not None:
        touched = [(kind, pk) for kind, pk in touched if pk in _promised_otherwise(kind, touched)]
    moved = sum(_follow(rollout, kind, pk, now, by) for kind, pk in touched)
    later = max(now, rollout.next_at + timedelta(microseconds=1)) if rollout.next_at else now
    rollout.next_at = later if len(chunk) == AT_ONCE else None
    rollout.after_clock = chunk[-1][0] if chunk else rollout.until_clock
    rollout.moved += moved
    Rollout.objects.filter(pk=rollout.pk).update(
        moved=F("moved") + moved, after_clock=rollout.after_clock, next_at=rollout.next_at
    )


def _promised_otherwise(kind: str, touched: list[tuple[str, int]]) -> set[int]:
    """Of these subjects, those that an edited policy changes anything for; most are left as they are, unlocked."""
    return set(
        judging.differing(kind, [pk for other, pk in touched if other == kind], list(queries.policies()))
    )


def _follow(rollout: Rollout, kind: str, pk: int, now: datetime, by: Actor) -> int:
    """Bring one subject's clocks to what the edit asks for; how many moved."""
    info = subjects.of(kind)
    subject = info.locked(pk)
    if subject is None:
        return 0
    before = queries.open_ids(kind, pk)
    if rollout.calendar is not None:
        moved = _by_new_hours(rollout.calendar, kind, pk, why=rollout.why)
        info.nearest_changed(pk, queries.nearest(kind, pk))
        return moved
    if (owed := info.owed(subject)) is None:
        return 0
    info.nearest_changed(pk, promises.retarget(kind, pk, owed, at=now, by=by, why=rollout.why))
    return len(before ^ queries.open_ids(kind, pk))


def _by_new_hours(calendar: Calendar, kind: str, pk: int, *, why: str) -> int:
    """Each running clock of a subject counts by the hours of every edit from that edit's moment on.

    The moment is that of the edit, not of the sweep, so that all clocks are due as if all had moved at once.
    """
    running = queries.of_subject(kind, pk).filter(state=Clock.State.RUNNING, calendar=calendar)
    moved = 0
    for clock in running.select_for_update(of=("self",)).select_related("calendar"):
        newer = CalendarVersion.objects.filter(calendar=calendar, number__gt=clock.calendar_version)
        for version in newer.order_by("number"):
            assert clock.running_since is not None
            at = max(steps.second(version.since), clock.running_since)
            elapsed = steps.close(clock, at)
            steps.run_on(clock, elapsed, at=at, why=why, version=version.number)
            moved += 1
    return moved


SWEEP = Sweep(
    name="sla.follow",
    due=lambda now: Rollout.objects.filter(next_at__lte=now).order_by("next_at", "pk"),
    field="next_at",
    act=go_on,
)
