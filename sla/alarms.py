"""Clocks whose next alarm is due."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from core.timers import sweeps
from sla import operations
from sla.models import Clock


def due(now: datetime) -> QuerySet[Clock]:
    """Running clocks with an alarm due by now, the longest due first."""
    return Clock.objects.filter(state=Clock.State.RUNNING, next_alarm_at__lte=now).order_by(
        "next_alarm_at", "id"
    )


SWEEP = sweeps.Sweep(name="sla.alarms", due=due, field="next_alarm_at", act=operations.sound_alarm)
