"""Reading clocks and policies. Who may see a subject may see its clocks: the caller has checked that."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.db.models import QuerySet

from core.common import clock as wall
from sla import rules
from sla.models import Clock, Goal, Interval, Policy
from sla.rules import Facts
from sla.subjects import Nearest

_GOAL_ORDER = {goal: number for number, goal in enumerate(Goal.values)}


def policy_for(facts: Facts) -> Policy | None:
    """The active policy for these facts: the most specific, then the first in order."""
    return rules.choose(Policy.objects.filter(active=True).select_related("calendar"), facts)


def of_subject(subject_kind: str, subject_id: int) -> QuerySet[Clock]:
    """All clocks of a subject, ended ones too, the oldest first."""
    return Clock.objects.filter(subject_kind=subject_kind, subject_id=subject_id).order_by("id")


def nearest(subject_kind: str, subject_id: int) -> Nearest:
    """What the subject keeps about its clocks: the running one due first, and its first breach ever."""
    rows = list(of_subject(subject_kind, subject_id).values_list("state", "due_at", "goal", "breached_at"))
    running = [(due_at, goal) for state, due_at, goal, _ in rows if state == Clock.State.RUNNING and due_at]
    due_at, goal = min(running, default=(None, ""))
    return Nearest(due_at, goal, min((breach for *_, breach in rows if breach), default=None))


def last_met(subject_kind: str, subject_id: int, goal: str) -> Clock | None:
    """The clock of this goal that was met last."""
    met = of_subject(subject_kind, subject_id).filter(goal=goal, state=Clock.State.MET)
    return met.select_related("calendar").last()


def clocks_of(subject_kind: str, subject_id: int, now: datetime | None = None) -> list[dict[str, Any]]:
    """The clocks of a subject in the shape of the API: open ones first, then by goal, the newest first.

    Minutes are whole minutes of business time; `remaining_minutes` is negative once overdue.
    """
    moment = now or wall.now()
    clocks = of_subject(subject_kind, subject_id).select_related("calendar").prefetch_related("ledger")
    ordered = sorted(clocks, key=lambda c: (c.state not in Clock.OPEN, _GOAL_ORDER[c.goal], -c.pk))
    return [as_json(clock, moment) for clock in ordered]


def as_json(clock: Clock, now: datetime) -> dict[str, Any]:
    """One clock in the shape of the API."""
    elapsed = clock.elapsed_at(now)
    return {
        "goal": clock.goal,
        "state": clock.state,
        "target_minutes": clock.target_minutes,
        "elapsed_minutes": elapsed // 60,
        "remaining_minutes": (clock.target_seconds - elapsed) // 60,
        "started_at": clock.started_at,
        "due_at": clock.due_at,
        "breached_at": clock.breached_at,
        "met_at": clock.met_at,
        "paused_at": clock.paused_at,
        "policy": clock.policy_name,
        "calendar": clock.calendar.name,
        "percent": min(100, elapsed * 100 // max(clock.target_seconds, 1)),
        "ledger": [
            {
                "from": row.from_at,
                "to": row.to_at,
                "counted": row.counted,
                "why": row.why,
                "minutes": _minutes(clock, row, now),
                "calendar_version": row.calendar_version,
            }
            for row in clock.ledger.all()
        ],
    }


def explain(clock: Clock, now: datetime | None = None) -> list[str]:
    """The clock in sentences, times in its calendar's zone: what was promised, what was counted, what is left."""
    moment = now or wall.now()
    elapsed = clock.elapsed_at(moment)
    lines = [
        f"{clock.get_goal_display()}: {in_words(clock.target_seconds)} promised by “{clock.policy_name}”, "
        f"counted in “{clock.calendar}”."
    ]
    for row in clock.ledger.all():
        until = local(row.to_at, clock) if row.to_at else "now"
        counted = in_words(_minutes(clock, row, moment) * 60) if row.counted else "not counted"
        lines.append(f"{local(row.from_at, clock)} to {until}: {counted} ({row.why}).")
    if elapsed <= clock.target_seconds:
        lines.append(f"{in_words(elapsed)} used, {in_words(clock.target_seconds - elapsed)} left.")
    else:
        lines.append(f"{in_words(elapsed)} used, {in_words(elapsed - clock.target_seconds)} over.")
    if clock.due_at and clock.state == Clock.State.RUNNING:
        lines.append(f"Due {local(clock.due_at, clock)}.")
    return lines


def in_words(seconds: int) -> str:
    """Business time as a person says it: "2 h 05 min"."""
    hours, minutes = divmod(seconds // 60, 60)
    if not hours:
        return f"{minutes} min"
    return f"{hours} h {minutes:02d} min" if minutes else f"{hours} h"


def local(at: datetime, clock: Clock) -> str:
    """A moment on the wall clock of the calendar, with its zone: "Mon 8 Feb 13:30 (Europe/Paris)"."""
    zone = clock.calendar.hours().zone
    there = at.astimezone(UTC).astimezone(zone)
    return f"{there:%a} {there.day} {there:%b %H:%M} ({zone.key})"


def _minutes(clock: Clock, row: Interval, now: datetime) -> int:
    if not row.counted:
        return 0
    if row.seconds is not None:
        return row.seconds // 60
    return clock.calendar.hours().between(row.from_at, now) // 60
