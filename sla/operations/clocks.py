"""A clock starts, stands still, runs on and ends."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from django.db import transaction

from core.common.actor import Actor
from sla import ledger, queries, rules
from sla.models import Clock, Goal
from sla.operations import steps, telling
from sla.queries import Choice
from sla.rules import Facts
from sla.subjects import Nearest

State = Clock.State


@transaction.atomic
def start_clocks(
    subject_kind: str,
    subject_id: int,
    facts: Facts,
    *,
    at: datetime,
    by: Actor,
    goals: Iterable[str] = (Goal.FIRST_RESPONSE, Goal.RESOLUTION),
    held_for: str = "",
) -> Nearest:
    """Start a clock for each goal that the fitting policy promises and that has no open clock yet.

    A customer's further question starts `goals=[Goal.NEXT_RESPONSE]`; while the first response is still
    owed, that one answers it too. held_for: why the subject is held now; a clock that this pauses starts paused.
    """
    choice = queries.choice_for(facts)
    busy = {clock.goal for clock in steps.open_clocks(subject_kind, subject_id)}
    if Goal.FIRST_RESPONSE in busy:
        busy.add(Goal.NEXT_RESPONSE)
    started = [
        _fresh(subject_kind, subject_id, goal, choice, at=steps.second(at), held_for=held_for)
        for goal in goals
        if choice is not None and choice.policy.target(goal) and goal not in busy
    ]
    Clock.objects.bulk_create(started)
    ledger.begin_all(started, why="started", why_paused=steps.hold_words(held_for))
    policy = choice.policy.name if choice else ""
    telling.record("sla.started", subject_kind, subject_id, started, by, policy=policy)
    return queries.nearest(subject_kind, subject_id)


@transaction.atomic
def pause_clocks(
    subject_kind: str, subject_id: int, *, reason: str, at: datetime, by: Actor, why: str = ""
) -> Nearest:
    """Let every clock stand still that the reason pauses, and run on every other.

    reason: "waiting" or a reason for holding (rules.HOLD_REASONS); why: what the ledger says.
    """
    return _stand(subject_kind, subject_id, reason, at=at, by=by, why=why)


@transaction.atomic
def resume_clocks(subject_kind: str, subject_id: int, *, at: datetime, by: Actor, why: str = "") -> Nearest:
    """Run every paused clock on, with the time that it had left."""
    return _stand(subject_kind, subject_id, "", at=at, by=by, why=why or "resumed")


@transaction.atomic
def meet(subject_kind: str, subject_id: int, *goals: str, at: datetime, by: Actor) -> Nearest:
    """The goals are reached. Reached after its due time, a clock stays breached since then."""
    met = [clock for clock in steps.open_clocks(subject_kind, subject_id) if clock.goal in goals]
    for clock in met:
        steps.end(clock, State.MET, at=steps.second(at), by=by)
    telling.record("sla.met", subject_kind, subject_id, met, by)
    return queries.nearest(subject_kind, subject_id)


@transaction.atomic
def cancel_clocks(
    subject_kind: str,
    subject_id: int,
    *,
    at: datetime,
    by: Actor,
    why: str,
    only: Collection[int] | None = None,
) -> Nearest:
    """Nothing is promised any more: merged, rejected. Breaches so far remain. only: the ids of some clocks."""
    cancelled = [
        clock for clock in steps.open_clocks(subject_kind, subject_id) if only is None or clock.pk in only
    ]
    for clock in cancelled:
        steps.end(clock, State.CANCELLED, at=steps.second(at), by=by)
    telling.record("sla.cancelled", subject_kind, subject_id, cancelled, by, why=why)
    return queries.nearest(subject_kind, subject_id)


def _fresh(
    subject_kind: str, subject_id: int, goal: str, choice: Choice, *, at: datetime, held_for: str
) -> Clock:
    """A clock that starts to run, or paused, with nothing used; not stored yet."""
    policy = choice.policy
    paused = rules.pauses(held_for, policy.pause_reasons)
    clock = Clock(
        subject_kind=subject_kind,
        subject_id=subject_id,
        goal=goal,
        state=State.PAUSED if paused else State.RUNNING,
        target_minutes=policy.target(goal),
        calendar=policy.calendar,
        calendar_version=policy.calendar.version,
        policy=policy,
        policy_name=policy.name,
        chosen=choice.record,
        pause_reasons=policy.pause_reasons,
        started_at=at,
        running_since=None if paused else at,
        paused_at=at if paused else None,
    )
    if not paused:
        clock.due_at = clock.alarm_due_at(rules.BREACH)
        clock.next_alarm_at = clock.alarm_due_at(rules.following(0))
    return clock


def _stand(subject_kind: str, subject_id: int, reason: str, *, at: datetime, by: Actor, why: str) -> Nearest:
    """Bring each open clock to the state that the present reason for holding (or none) asks for."""
    at = steps.second(at)
    paused, resumed = [], []
    for clock in steps.open_clocks(subject_kind, subject_id):
        stands_still = rules.pauses(reason, clock.pause_reasons)
        if stands_still and clock.state == State.RUNNING:
            elapsed = steps.close(clock, at)
            steps.write(clock, state=State.PAUSED, paused_at=at, running_since=None, due_at=None, next_alarm_at=None,
                   elapsed_seconds=elapsed, breached_at=steps.breach_of(clock, elapsed, by))  # fmt: skip
            ledger.begin(clock, at, counted=False, why=why or steps.hold_words(reason))
            paused.append(clock)
        elif not stands_still and clock.state == State.PAUSED:
            elapsed = steps.close(clock, at)
            steps.run_on(clock, elapsed, at=at, why=why or "resumed")
            resumed.append(clock)
    telling.record("sla.paused", subject_kind, subject_id, paused, by, why=why or steps.hold_words(reason))
    telling.record("sla.resumed", subject_kind, subject_id, resumed, by, why=why)
    return queries.nearest(subject_kind, subject_id)
