"""From an event to the handlers that asked for it: after the commit, exactly once each."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from fnmatch import fnmatchcase

from django.db.models import QuerySet

from core.audit import causes
from core.audit.models import Delivery, Event
from core.timers import sweeps

SWEEP = "audit.delivery"

Handler = Callable[[Event], None]

_handlers: dict[str, tuple[tuple[str, ...], Handler]] = {}


def handler(*patterns: str) -> Callable[[Handler], Handler]:
    """Subscribe a function to events by name; `incident.*` takes them all.

    It runs after the commit in a transaction of its own together with the mark that it ran, so its rows
    and the mark are written both or not at all.
    """

    def keep(function: Handler) -> Handler:
        _handlers[f"{function.__module__}.{function.__qualname__}"] = (patterns, function)
        return function

    return keep


def enqueue(event: Event) -> None:
    """Write the deliveries of an event, in the event's own transaction."""
    wanted = [
        Delivery(event=event, handler=name, due_at=event.at)
        for name, (patterns, _) in _handlers.items()
        if any(fnmatchcase(event.name, pattern) for pattern in patterns)
    ]
    if wanted:
        Delivery.objects.bulk_create(wanted)
        sweeps.poke(SWEEP)


def register_sweep() -> None:
    sweeps.register(sweeps.Sweep(name=SWEEP, due=_due, field="due_at", act=_deliver))


def _due(now: datetime) -> QuerySet[Delivery]:
    return Delivery.objects.filter(due_at__lte=now).order_by("due_at", "id")


def _deliver(row: Delivery, now: datetime) -> None:
    known = _handlers.get(row.handler)
    if known is not None:  # a handler that was removed from the code has nothing left to do
        with causes.carrying(row.event.data.get(causes.KEY, {})):
            known[1](row.event)
    Delivery.objects.filter(pk=row.pk).update(due_at=None, done_at=now)
