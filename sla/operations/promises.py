"""Another promise takes over: the facts changed, work starts again, or an end is taken back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from core.common.actor import Actor
from sla import ledger, queries, rules
from sla.models import Clock, Goal
from sla.operations import breaches, steps, telling
from sla.queries import Choice
from sla.rules import Facts
from sla.subjects import Nearest, Owed

State = Clock.State
UNPROMISED = "nothing was promised"


@transaction.atomic
def retarget(subject_kind: str, subject_id: int, owed: Owed, *, at: datetime, by: Actor, why: str) -> Nearest:
    """The facts changed (a new priority, another customer), or a policy did: choose the policy again.

    A clock whose promise differs is cancelled; one with the new promise takes over its start, its elapsed
    time, its ledger and its breach, so that nobody is told twice. What is owed without a clock, because
    nothing was promised so far, gets one from now on.
    """
    at = steps.second(at)
    choice = queries.choice_for(owed.facts)
    replaced = []
    for old in steps.open_clocks(subject_kind, subject_id):
        if choice is not None and old.is_promise_of(choice.policy):
            continue
        steps.end(old, State.CANCELLED, at=at, by=by)
        if choice is not None and choice.policy.target(old.goal):
            create(
                (subject_kind, subject_id),
                old.goal,
                choice,
                at=at,
                after=old,
                held_for=owed.held_for,
                why=why,
            )
        replaced.append(old)
    policy = choice.policy.name if choice else ""
    telling.record("sla.retargeted", subject_kind, subject_id, replaced, by, why=why, policy=policy)
    if choice is not None:
        started = _promise_the_rest(subject_kind, subject_id, owed, choice, at=at, why=why)
        telling.record("sla.started", subject_kind, subject_id, started, by, policy=policy)
    return queries.nearest(subject_kind, subject_id)


@transaction.atomic
def restart(
    subject_kind: str,
    subject_id: int,
    goal: str,
    facts: Facts,
    *,
    at: datetime,
    by: Actor,
    held_for: str = "",
) -> Nearest:
    """Work starts again after the goal was met (a reopened ticket): run on with the time used before.

    The time in between does not count. Without an earlier clock this starts a fresh one.
    """
    at, choice = steps.second(at), queries.choice_for(facts)
    running = any(clock.goal == goal for clock in steps.open_clocks(subject_kind, subject_id))
    if choice is None or not choice.policy.target(goal) or running:
        return queries.nearest(subject_kind, subject_id)
    last = queries.last_ended(subject_kind, subject_id, goal)
    gap = UNPROMISED if last and last.state == State.CANCELLED else "goal was met"
    clock = create(
        (subject_kind, subject_id),
        goal,
        choice,
        at=at,
        after=last,
        held_for=held_for,
        why="reopened",
        gap=gap,
    )
    telling.record("sla.started", subject_kind, subject_id, [clock], by, policy=choice.policy.name)
    return queries.nearest(subject_kind, subject_id)


@transaction.atomic
def revive(
    subject_kind: str,
    subject_id: int,
    ended: Iterable[int],
    *,
    held_for: str,
    at: datetime,
    by: Actor,
    gap: str,
) -> Nearest:
    """What ended these clocks is taken back (an undone merge): each runs on with the time that it had used.

    The time in between does not count; `gap` is what the ledger says of it. A goal that has an open clock
    by now keeps that one.
    """
    at = steps.second(at)
    busy = {clock.goal for clock in steps.open_clocks(subject_kind, subject_id)}
    revived = []
    earlier = queries.of_subject(subject_kind, subject_id).filter(pk__in=ended)
    for old in earlier.select_related("calendar", "policy__calendar"):
        if (
            old.state in Clock.OPEN
            or old.goal in busy
            or old.policy is None
            or not old.policy.target(old.goal)
        ):
            continue
        busy.add(old.goal)
        choice = Choice(old.policy, old.chosen)
        subject = subject_kind, subject_id
        revived.append(
            create(subject, old.goal, choice, at=at, after=old, held_for=held_for, why=gap, gap=gap)
        )
    telling.record("sla.started", subject_kind, subject_id, revived, by, why=gap)
    return queries.nearest(subject_kind, subject_id)


@transaction.atomic
def take_over(
    subject_kind: str,
    subject_id: int,
    goal: str,
    owed: Owed,
    *,
    waited: int,
    at: datetime,
    by: Actor,
    why: str,
) -> int | None:
    """What was owed to another subject is owed here now (a duplicate's question): its time counts on.

    waited: the clock, ended by now, that ran there. Returns the new clock's id; None where a clock for the goal
    is open already, or nothing is promised.
    """
    at, choice = steps.second(at), queries.choice_for(owed.facts)
    busy = any(clock.goal == goal for clock in steps.open_clocks(subject_kind, subject_id))
    if choice is None or not choice.policy.target(goal) or busy:
        return None
    old = Clock.objects.select_related("calendar").get(pk=waited)
    clock = create(
        (subject_kind, subject_id), goal, choice, at=at, after=old, held_for=owed.held_for, why=why
    )
    telling.record("sla.started", subject_kind, subject_id, [clock], by, policy=choice.policy.name, why=why)
    return clock.pk


def create(
    subject: tuple[str, int],
    goal: str,
    choice: Choice,
    *,
    at: datetime,
    after: Clock | None = None,
    held_for: str = "",
    why: str = "started",
    gap: str = "goal was met",
) -> Clock:
    """A new clock; `after` is the ended one whose time and breach it carries on."""
    policy = choice.policy
    paused = rules.pauses(held_for, policy.pause_reasons)
    clock = Clock.objects.create(
        subject_kind=subject[0],
        subject_id=subject[1],
        goal=goal,
        state=State.PAUSED if paused else State.RUNNING,
        target_minutes=policy.target(goal) or 0,
        calendar=policy.calendar,
        calendar_version=policy.calendar.version,
        policy=policy,
        policy_name=policy.name,
        chosen=choice.record,
        pause_reasons=policy.pause_reasons,
        started_at=after.started_at if after else at,
        elapsed_seconds=after.elapsed_seconds if after else 0,
        paused_at=at if paused else None,
        breached_at=after.breached_at if after else None,
        alarms_sent=_alarms_told(after, policy.target(goal) or 0) if after else 0,
    )
    if after:
        ledger.carry_over(after, clock, until=at, gap=gap)
        if (after.subject_kind, after.subject_id) == subject:
            breaches.hand_over(after, clock)
    if paused:
        ledger.begin(clock, at, counted=False, why=steps.hold_words(held_for))
    else:
        steps.run_on(clock, clock.elapsed_seconds, at=at, why=why)
    return clock


def _promise_the_rest(
    subject_kind: str, subject_id: int, owed: Owed, choice: Choice, *, at: datetime, why: str
) -> list[Clock]:
    """Clocks for what is owed and has none. What was promised before counts on, less the time in between."""
    open_goals = {clock.goal for clock in steps.open_clocks(subject_kind, subject_id)}
    started = []
    for goal in owed.goals:
        if goal in open_goals or not choice.policy.target(goal):
            continue
        last = queries.last_ended(subject_kind, subject_id, goal) if goal != Goal.NEXT_RESPONSE else None
        subject = subject_kind, subject_id
        started.append(
            create(subject, goal, choice, at=at, after=last, held_for=owed.held_for, why=why, gap=UNPROMISED)
        )
    return started


def _alarms_told(old: Clock, target_minutes: int) -> int:
    """The last alarm that the successor need not repeat: one that was given and that still holds.

    A breach that was told is never told again, even if the new target is not used up.
    """
    told = min(old.alarms_sent, rules.reached(target_minutes * 60, old.elapsed_seconds))
    return max(told, rules.BREACH) if old.alarms_sent >= rules.BREACH else told
