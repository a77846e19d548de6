"""When what must run for ever last ran."""

from __future__ import annotations

from datetime import timedelta

from django.db import IntegrityError, transaction

from core.common import clock
from core.timers.models import Pulse


def claim(name: str, every: timedelta) -> bool:
    """True for one caller in each stretch of time, however many ask at once."""
    now = clock.now()
    if Pulse.objects.filter(name=name, at__lte=now - every).update(at=now):
        return True
    if Pulse.objects.filter(name=name).exists():
        return False
    try:
        with transaction.atomic():
            Pulse.objects.create(name=name, at=now)
    except IntegrityError:
        return False
    return True
