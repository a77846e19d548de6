"""The only writers of clocks, their ledger, calendars and policies.

Each verb takes the subject (kind and id), the moment `at` and the actor `by`, runs in the caller's
transaction and returns what the subject must store for its queue. Asking for a state that a clock is in
already changes nothing, so a caller need not look first. Moments are cut to whole seconds.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F

from core.audit import trail
from core.common import clock as wall
from core.common.actor import Actor, system
from core.common.errors import Conflict, RuleBroken
from sla import ledger, notices, queries, rules, subjects
from sla.models import Calendar, Clock, Goal, Policy
from sla.rules import Facts
from sla.subjects import Nearest

State = Clock.State
LOCKED_RETRY = timedelta(seconds=10)


@transaction.atomic
def start_clocks(
    subject_kind: str,
    subject_id: int,
    facts: Facts,
    *,
    at: datetime,
    by: Actor,
    goals: Iterable[str] = (Goal.FIRST_RESPONSE, Goal.RESOLUTION),
) -> Nearest:
    """Start a clock for each goal that the fitting policy promises and that has no open clock yet.

    A customer's further question starts `goals=[Goal.NEXT_RESPONSE]`; while the first response is still
    owed, that one answers it too.
    """
    policy = queries.policy_for(facts)
    busy = {clock.goal for clock in _open(subject_kind, subject_id)}
    if Goal.FIRST_RESPONSE in busy:
        busy.add(Goal.NEXT_RESPONSE)
    started = [
        _fresh(subject_kind, subject_id, goal, policy, at=_second(at))
        for goal in goals
        if policy is not None and policy.target(goal) and goal not in busy
    ]
    Clock.objects.bulk_create(started)
    ledger.begin_all(started, why="started")
    _record("sla.started", subject_kind, subject_id, started, by, policy=str(policy or ""))
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
    met = [clock for clock in _open(subject_kind, subject_id) if clock.goal in goals]
    for clock in met:
        _end(clock, State.MET, at=_second(at), by=by)
    _record("sla.met", subject_kind, subject_id, met, by)
    return queries.nearest(subject_kind, subject_id)


@transaction.atomic
def cancel_clocks(subject_kind: str, subject_id: int, *, at: datetime, by: Actor, why: str) -> Nearest:
    """Nothing is promised any more: merged, rejected. Breaches so far remain."""
    cancelled = _open(subject_kind, subject_id)
    for clock in cancelled:
        _end(clock, State.CANCELLED, at=_second(at), by=by)
    _record("sla.cancelled", subject_kind, subject_id, cancelled, by, why=why)
    return queries.nearest(subject_kind, subject_id)


@transaction.atomic
def retarget(
    subject_kind: str, subject_id: int, facts: Facts, *, held_for: str, at: datetime, by: Actor, why: str
) -> Nearest:
    """The facts changed (a new priority, another customer): choose the policy again.

    A clock whose promise differs is cancelled; one with the new promise takes over its start, its elapsed
    time, its ledger and its breach, so that nobody is told twice. held_for: why the subject is held now
    ("waiting", a reason for holding, or ""), since the new policy may pause for other reasons.
    """
    at = _second(at)
    policy = queries.policy_for(facts)
    replaced = []
    for old in _open(subject_kind, subject_id):
        if _same_promise(old, policy):
            continue
        _end(old, State.CANCELLED, at=at, by=by)
        if policy is not None and policy.target(old.goal):
            _create(subject_kind, subject_id, old.goal, policy, at=at, after=old, held_for=held_for, why=why)
        replaced.append(old)
    _record("sla.retargeted", subject_kind, subject_id, replaced, by, why=why, policy=str(policy or ""))
    return queries.nearest(subject_kind, subject_id)


@transaction.atomic
def restart(
    subject_kind: str, subject_id: int, goal: str, facts: Facts, *, at: datetime, by: Actor
) -> Nearest:
    """Work starts again after the goal was met (a reopened ticket): run on with the time used before.

    The time in between does not count. Without an earlier clock this starts a fresh one.
    """
    at, policy = _second(at), queries.policy_for(facts)
    running = any(clock.goal == goal for clock in _open(subject_kind, subject_id))
    if policy is None or not policy.target(goal) or running:
        return queries.nearest(subject_kind, subject_id)
    last = queries.last_met(subject_kind, subject_id, goal)
    clock = _create(subject_kind, subject_id, goal, policy, at=at, after=last, why="reopened")
    _record("sla.started", subject_kind, subject_id, [clock], by, policy=policy.name)
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
    at = _second(at)
    busy = {clock.goal for clock in _open(subject_kind, subject_id)}
    revived = []
    for old in queries.of_subject(subject_kind, subject_id).filter(pk__in=ended).select_related("calendar"):
        if (
            old.state in Clock.OPEN
            or old.goal in busy
            or old.policy is None
            or not old.policy.target(old.goal)
        ):
            continue
        busy.add(old.goal)
        revived.append(
            _create(
                subject_kind,
                subject_id,
                old.goal,
                old.policy,
                at=at,
                after=old,
                held_for=held_for,
                why=gap,
                gap=gap,
            )
        )
    _record("sla.started", subject_kind, subject_id, revived, by, why=gap)
    return queries.nearest(subject_kind, subject_id)


def sound_alarm(clock: Clock, now: datetime) -> None:
    """Give the latest alarm that a running clock has passed, as one, and set the moment of the next.

    Runs in the sweep's transaction. A breach is noted with the moment at which the clock was due, not
    with that of the sweep. A subject that somebody is writing now is left for the next tick: waiting for
    it while holding the clock would be a deadlock.
    """
    info = subjects.of(clock.subject_kind)
    subject = info.model._base_manager.select_for_update(skip_locked=True).filter(pk=clock.subject_id).first()
    if subject is None:
        Clock.objects.filter(pk=clock.pk).update(next_alarm_at=now + LOCKED_RETRY)
        return
    alarm = rules.reached(clock.target_seconds, clock.elapsed_at(now))
    if alarm <= clock.alarms_sent:
        _write(clock, next_alarm_at=clock.alarm_due_at(rules.following(clock.alarms_sent)))
        return
    new_breach = alarm >= rules.BREACH and clock.breached_at is None
    _write(
        clock,
        alarms_sent=alarm,
        next_alarm_at=clock.alarm_due_at(rules.following(alarm)),
        breached_at=clock.due_at if new_breach else clock.breached_at,
    )
    by = system()
    if new_breach:
        _record_breach(clock, by)
        info.nearest_changed(clock.subject_id, queries.nearest(clock.subject_kind, clock.subject_id))
    told = notices.remind(clock, subject, info, now=now)
    _record("sla.reminder", clock.subject_kind, clock.subject_id, [clock], by, alarm=alarm, told=told)


@transaction.atomic
def save_calendar(calendar: Calendar, *, by: Actor) -> Calendar:
    """Store a new or edited calendar. Open clocks are due by the new hours from now on; the time that they
    have used, and every closed row of a ledger, stay as they were."""
    at = _second(wall.now())
    old = Calendar.objects.filter(pk=calendar.pk).first() if calendar.pk else None
    if old is None:
        calendar.save()
        trail.record("calendar.created", on=calendar, by=by, after=_facts_of(calendar))
        return calendar
    before, after = trail.changed(old, _facts_of(calendar))
    if not after:
        return calendar
    calendar.clean()
    running = Clock.objects.filter(calendar=old, state=State.RUNNING).order_by("subject_kind", "subject_id")
    touched = list(dict.fromkeys(running.values_list("subject_kind", "subject_id")))
    for kind, pk in touched:  # the subject first, then its clocks: the order in which every operation locks
        subjects.of(kind).model._base_manager.select_for_update().filter(pk=pk).first()
    clocks = list(running.select_for_update(of=("self",)).select_related("calendar"))
    used = {clock.pk: _close(clock, at) for clock in clocks}
    if not Calendar.objects.filter(pk=old.pk, version=old.version).update(
        version=F("version") + 1, **_facts_of(calendar)
    ):
        raise Conflict("Somebody else changed this calendar at the same moment.")
    calendar.refresh_from_db()
    for clock in clocks:
        clock.calendar = calendar
        _run_on(clock, used[clock.pk], at=at, why=f"calendar “{calendar.name}” changed")
    for kind, pk in touched:
        subjects.of(kind).nearest_changed(pk, queries.nearest(kind, pk))
    trail.record("calendar.changed", on=calendar, by=by, before=before, after=after, clocks=len(clocks))
    return calendar


@transaction.atomic
def save_policy(policy: Policy, *, by: Actor) -> Policy:
    """Store a new or edited policy. Clocks that run keep what was promised when they started."""
    old = Policy.objects.filter(pk=policy.pk).first() if policy.pk else None
    facts = {field.name: getattr(policy, field.name) for field in Policy._meta.fields if field.name != "id"}
    before, after = (
        trail.changed(old, facts) if old else ({}, {name: str(value) for name, value in facts.items()})
    )
    policy.save()
    trail.record("policy.changed" if old else "policy.created", on=policy, by=by, before=before, after=after)
    return policy


# --- the steps that the verbs share ------------------------------------------------------------------------


def _open(subject_kind: str, subject_id: int) -> list[Clock]:
    clocks = Clock.objects.filter(subject_kind=subject_kind, subject_id=subject_id, state__in=Clock.OPEN)
    return list(clocks.select_for_update(of=("self",)).select_related("calendar").order_by("id"))


def _fresh(subject_kind: str, subject_id: int, goal: str, policy: Policy, *, at: datetime) -> Clock:
    """A clock that starts to run with nothing used, not stored yet."""
    clock = Clock(
        subject_kind=subject_kind,
        subject_id=subject_id,
        goal=goal,
        target_minutes=policy.target(goal),
        calendar=policy.calendar,
        policy=policy,
        policy_name=policy.name,
        pause_reasons=policy.pause_reasons,
        started_at=at,
        running_since=at,
    )
    clock.due_at = clock.alarm_due_at(rules.BREACH)
    clock.next_alarm_at = clock.alarm_due_at(rules.following(0))
    return clock


def _create(
    subject_kind: str,
    subject_id: int,
    goal: str,
    policy: Policy,
    *,
    at: datetime,
    after: Clock | None = None,
    held_for: str = "",
    why: str = "started",
    gap: str = "goal was met",
) -> Clock:
    """A new clock; `after` is the ended one whose time and breach it carries on."""
    paused = rules.pauses(held_for, policy.pause_reasons)
    clock = Clock.objects.create(
        subject_kind=subject_kind,
        subject_id=subject_id,
        goal=goal,
        state=State.PAUSED if paused else State.RUNNING,
        target_minutes=policy.target(goal) or 0,
        calendar=policy.calendar,
        policy=policy,
        policy_name=policy.name,
        pause_reasons=policy.pause_reasons,
        started_at=after.started_at if after else at,
        elapsed_seconds=after.elapsed_seconds if after else 0,
        paused_at=at if paused else None,
        breached_at=after.breached_at if after else None,
        alarms_sent=_alarms_told(after, policy) if after else 0,
    )
    if after:
        ledger.carry_over(after, clock, until=at, gap=gap)
    if paused:
        ledger.begin(clock, at, counted=False, why=_hold_words(held_for))
    else:
        _run_on(clock, clock.elapsed_seconds, at=at, why=why)
    return clock


def _alarms_told(old: Clock, policy: Policy) -> int:
    """The last alarm that the successor need not repeat: one that was given and that still holds.

    A breach that was told is never told again, even if the new target is not used up.
    """
    reached = rules.reached((policy.target(old.goal) or 0) * 60, old.elapsed_seconds)
    told = min(old.alarms_sent, reached)
    return max(told, rules.BREACH) if old.alarms_sent >= rules.BREACH else told


def _stand(subject_kind: str, subject_id: int, reason: str, *, at: datetime, by: Actor, why: str) -> Nearest:
    """Bring each open clock to the state that the present reason for holding (or none) asks for."""
    at = _second(at)
    paused, resumed = [], []
    for clock in _open(subject_kind, subject_id):
        stands_still = rules.pauses(reason, clock.pause_reasons)
        if stands_still and clock.state == State.RUNNING:
            elapsed = _close(clock, at)
            _write(clock, state=State.PAUSED, paused_at=at, running_since=None, due_at=None, next_alarm_at=None,
                   elapsed_seconds=elapsed, breached_at=_breach_of(clock, elapsed, by))  # fmt: skip
            ledger.begin(clock, at, counted=False, why=why or _hold_words(reason))
            paused.append(clock)
        elif not stands_still and clock.state == State.PAUSED:
            elapsed = _close(clock, at)
            _run_on(clock, elapsed, at=at, why=why or "resumed")
            resumed.append(clock)
    _record("sla.paused", subject_kind, subject_id, paused, by, why=why or _hold_words(reason))
    _record("sla.resumed", subject_kind, subject_id, resumed, by, why=why)
    return queries.nearest(subject_kind, subject_id)


def _run_on(clock: Clock, elapsed: int, *, at: datetime, why: str) -> None:
    """Count from `at`, with `elapsed` seconds used before; due time and next alarm follow."""
    ledger.begin(clock, at, counted=True, why=why)
    clock.elapsed_seconds, clock.running_since = elapsed, at
    used_up = ledger.used_up_at(clock) if elapsed >= clock.target_seconds else None
    _write(
        clock,
        state=State.RUNNING,
        elapsed_seconds=elapsed,
        running_since=at,
        paused_at=None,
        due_at=used_up or clock.alarm_due_at(rules.BREACH),
        next_alarm_at=clock.alarm_due_at(rules.following(clock.alarms_sent)),
    )


def _end(clock: Clock, state: str, *, at: datetime, by: Actor) -> None:
    elapsed = _close(clock, at)
    _write(clock, state=state, met_at=at if state == State.MET else None, running_since=None, next_alarm_at=None,
           elapsed_seconds=elapsed, breached_at=_breach_of(clock, elapsed, by))  # fmt: skip


def _close(clock: Clock, at: datetime) -> int:
    """Close the open row of the ledger; the seconds used up by then."""
    elapsed = clock.elapsed_at(at)
    ledger.end(clock, at, seconds=elapsed - clock.elapsed_seconds)
    return elapsed


def _breach_of(clock: Clock, elapsed: int, by: Actor) -> datetime | None:
    """The moment of the clock's breach; noted here when it ran out before the sweep came by."""
    if clock.breached_at is not None or elapsed <= clock.target_seconds:
        return clock.breached_at
    clock.breached_at = clock.due_at
    _record_breach(clock, by)
    return clock.due_at


def _record_breach(clock: Clock, by: Actor) -> None:
    _record("sla.breached", clock.subject_kind, clock.subject_id, [clock], by, breached_at=clock.breached_at)


def _write(clock: Clock, **values: Any) -> None:
    """Write if nobody wrote since it was read, else Conflict."""
    if not Clock.objects.filter(pk=clock.pk, version=clock.version).update(
        version=F("version") + 1, **values
    ):
        raise Conflict("Somebody else changed these clocks at the same moment; look again and repeat.")
    for name, value in {**values, "version": clock.version + 1}.items():
        setattr(clock, name, value)


def _record(
    name: str, subject_kind: str, subject_id: int, clocks: list[Clock], by: Actor, **data: Any
) -> None:
    if clocks:
        goals = [
            {"goal": clock.goal, "target_minutes": clock.target_minutes, "policy": clock.policy_name}
            for clock in clocks
        ]
        trail.record(name, on=subjects.mention(subject_kind, subject_id), by=by, clocks=goals, **data)


def _same_promise(clock: Clock, policy: Policy | None) -> bool:
    return policy is not None and (
        clock.target_minutes == policy.target(clock.goal)
        and clock.calendar_id == policy.calendar_id
        and sorted(clock.pause_reasons) == sorted(policy.pause_reasons)
    )


def _facts_of(calendar: Calendar) -> dict[str, Any]:
    names = (
        "slug",
        "name",
        "zone",
        "weekly",
        "holiday_country",
        "holiday_subdivision",
        "extra_days",
        "always_open",
    )
    return {name: getattr(calendar, name) for name in names}


def _hold_words(reason: str) -> str:
    return "waiting for the customer" if reason == rules.WAITING else f"on hold: {reason}"


def _second(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise RuleBroken("A moment needs a time zone.")
    return at.replace(microsecond=0)
