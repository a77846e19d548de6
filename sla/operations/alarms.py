"""The sweep's act on a clock whose next alarm is due."""

from __future__ import annotations

from datetime import datetime, timedelta

from core.common import faults
from core.common.actor import system
from sla import notices, queries, rules, subjects
from sla.models import Clock
from sla.operations import breaches, steps, telling

LOCKED_RETRY = timedelta(seconds=10)


def sound_alarm(clock: Clock, now: datetime) -> None:
    """Give the latest alarm that a running clock has passed, as one, and set the moment of the next.

    Runs in the sweep's transaction. A breach is noted with the moment at which the clock was due, not
    with that of the sweep. A subject that somebody is writing now is left for the next tick: waiting for
    it while holding the clock would be a deadlock.
    """
    info = subjects.of(clock.subject_kind)
    subject = info.locked(clock.subject_id, skip=True)
    if subject is None:
        Clock.objects.filter(pk=clock.pk).update(next_alarm_at=now + LOCKED_RETRY)
        return
    alarm = rules.reached(clock.target_seconds, clock.elapsed_at(now))
    if alarm <= clock.alarms_sent:
        steps.write(clock, next_alarm_at=clock.alarm_due_at(rules.following(clock.alarms_sent)))
        return
    new_breach = alarm >= rules.BREACH and clock.breached_at is None
    steps.write(
        clock,
        alarms_sent=alarm,
        next_alarm_at=clock.alarm_due_at(rules.following(alarm)),
        breached_at=clock.due_at if new_breach else clock.breached_at,
    )
    faults.reach("sla.alarm_claimed")
    by = system()
    if new_breach:
        breaches.note(clock, by)
        info.nearest_changed(clock.subject_id, queries.nearest(clock.subject_kind, clock.subject_id))
    told = notices.remind(clock, subject, info, now=now)
    telling.record("sla.reminder", clock.subject_kind, clock.subject_id, [clock], by, alarm=alarm, told=told)
