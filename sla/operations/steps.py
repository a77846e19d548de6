"""The steps that the verbs share. Nothing outside sla.operations calls them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import F

from core.common.actor import Actor
from core.common.errors import Conflict, RuleBroken
from sla import ledger, rules
from sla.models import Clock
from sla.operations import breaches

State = Clock.State


def open_clocks(subject_kind: str, subject_id: int) -> list[Clock]:
    clocks = Clock.objects.filter(subject_kind=subject_kind, subject_id=subject_id, state__in=Clock.OPEN)
    return list(clocks.select_for_update(of=("self",)).select_related("calendar").order_by("id"))


def run_on(clock: Clock, elapsed: int, *, at: datetime, why: str, version: int | None = None) -> None:
    """Count from `at`, with `elapsed` seconds used before; due time and next alarm follow.

    version: the calendar's, by whose hours it counts from now on; None is the present one.
    """
    clock.calendar_version = clock.calendar.version if version is None else version
    ledger.begin(clock, at, counted=True, why=why)
    clock.elapsed_seconds, clock.running_since = elapsed, at
    used_up = ledger.used_up_at(clock) if elapsed >= clock.target_seconds else None
    write(
        clock,
        state=State.RUNNING,
        elapsed_seconds=elapsed,
        running_since=at,
        paused_at=None,
        calendar_version=clock.calendar_version,
        due_at=used_up or clock.alarm_due_at(rules.BREACH),
        next_alarm_at=clock.alarm_due_at(rules.following(clock.alarms_sent)),
    )


def end(clock: Clock, state: str, *, at: datetime, by: Actor) -> None:
    elapsed = close(clock, at)
    write(clock, state=state, met_at=at if state == State.MET else None, running_since=None, next_alarm_at=None,
           elapsed_seconds=elapsed, breached_at=breach_of(clock, elapsed, by))  # fmt: skip


def close(clock: Clock, at: datetime) -> int:
    """Close the open row of the ledger; the seconds used up by then."""
    elapsed = clock.elapsed_at(at)
    ledger.end(clock, at, seconds=elapsed - clock.elapsed_seconds)
    return elapsed


def breach_of(clock: Clock, elapsed: int, by: Actor) -> datetime | None:
    """The moment of the clock's breach; noted here when it ran out before the sweep came by."""
    if elapsed <= clock.target_seconds:
        return clock.breached_at
    if clock.breached_at is None:
        clock.breached_at = clock.due_at
        breaches.note(clock, by)
    breaches.count(clock, over=elapsed - clock.target_seconds)
    return clock.breached_at


def write(clock: Clock, **values: Any) -> None:
    """Write if nobody wrote since it was read, else Conflict."""
    if not Clock.objects.filter(pk=clock.pk, version=clock.version).update(
        version=F("version") + 1, **values
    ):
        raise Conflict("Somebody else changed these clocks at the same moment; look again and repeat.")
    for name, value in {**values, "version": clock.version + 1}.items():
        setattr(clock, name, value)


def hold_words(reason: str) -> str:
    return "waiting for the customer" if reason == rules.WAITING else f"on hold: {reason}"


def second(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise RuleBroken("A moment needs a time zone.")
    return at.replace(microsecond=0)
