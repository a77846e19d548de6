"""What falls due: the next of each line, and bodies that are old enough to be forgotten."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from core.timers.sweeps import Sweep
from webhooks import operations, queries
from webhooks.models import Delivery
from webhooks.operations.delivering import SWEEP


def old(now: datetime) -> QuerySet[Delivery]:
    return Delivery.objects.filter(keep_until__lte=now).order_by("keep_until", "id")


SWEEPS = (
    Sweep(name=SWEEP, due=queries.next_in_line, field="due_at", act=operations.release),
    Sweep(name="webhooks.forget", due=old, field="keep_until", act=operations.forget),
)
