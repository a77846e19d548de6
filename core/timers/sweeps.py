"""The one timer shape: what must happen is a row with a due time; a sweep claims the due rows and acts.

A sweep claims a row and acts in one transaction, and the act moves the due time, so that a crash at any
instant leaves the row either untouched and still due, or done. PostgreSQL skips rows that another worker
holds; SQLite lets one writer in at a time, and the due time is compared once the writer is in.
Celery only wakes the sweeps; `run_due` is all there is to do, and `manage.py tick` calls the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import models, transaction

from core.common import clock, wake
from core.timers.models import Pulse, StuckRow

log = structlog.get_logger(__name__)

BATCH = 200
PUSH_BACK = timedelta(hours=1)
LATE_AFTER = timedelta(seconds=120)
TICK = "tick"
MOST_ROUNDS = 4

AfterCommit = Callable[[], None]


@dataclass(frozen=True)
class Sweep:
    """Rows that fall due, and what to do with one.

    due: the rows due at a moment, the oldest first.
    field: the name of their due column.
    act: does the work inside the transaction that holds the row, and must move or clear the due column.
        What it returns, if anything, is called after the commit (talking to a mail server, for example).
    """

    name: str
    due: Callable[[datetime], models.QuerySet[Any]]
    field: str
    act: Callable[[Any, datetime], AfterCommit | None]


@dataclass
class Outcome:
    done: int = 0
    failed: int = 0


_sweeps: dict[str, Sweep] = {}


def register(sweep: Sweep) -> None:
    """Make a sweep known; called from AppConfig.ready()."""
    _sweeps[sweep.name] = sweep


def names() -> list[str]:
    return list(_sweeps)


def run_due(now: datetime | None = None) -> dict[str, Outcome]:
    """Do everything that is due, once, and leave the pulse.

    What one sweep makes (a mail, a delivery) another one does: they go round until nothing is left.
    """
    outcomes = {name: run(name, now) for name in _sweeps}
    for _ in range(MOST_ROUNDS):
        more = {name: run(name, now) for name in _sweeps}
        for name, outcome in more.items():
            outcomes[name].done += outcome.done
            outcomes[name].failed += outcome.failed
        if not any(outcome.done for outcome in more.values()):
            break
    Pulse.objects.update_or_create(name=TICK, defaults={"at": clock.now()})
    return outcomes


def run(name: str, now: datetime | None = None) -> Outcome:
    """Run one sweep until nothing of it is due."""
    sweep, outcome = _sweeps[name], Outcome()
    moment = now or clock.now()
    while True:
        rows = list(sweep.due(moment).values_list("pk", sweep.field)[:BATCH])
        before = outcome.done + outcome.failed
        for pk, due in rows:
            _one(sweep, pk, due, moment, outcome)
        if len(rows) < BATCH or before == outcome.done + outcome.failed:
            return outcome


def late(now: datetime | None = None) -> list[str]:
    """The sweeps that have a row due for more than 120 seconds."""
    limit = (now or clock.now()) - LATE_AFTER
    return [sweep.name for sweep in _sweeps.values() if sweep.due(limit).exists()]


def poke(name: str) -> None:
    """Ask a worker to run a sweep once this transaction has committed. Losing it costs one tick."""
    wake.after_commit(name)


def _one(sweep: Sweep, pk: Any, due: datetime, now: datetime, outcome: Outcome) -> None:
    manager = sweep.due(now).model._base_manager
    claim = {"pk": pk, sweep.field: due}
    try:
        with transaction.atomic():
            row = manager.select_for_update(skip_locked=True).filter(**claim).first()
            if row is None:
                return
            after = sweep.act(row, now)
            if manager.filter(**claim).exists():
                raise RuntimeError(f"The {sweep.name} sweep left {sweep.field} of row {pk} where it was.")
    except Exception as error:
        outcome.failed += 1
        log.exception("sweep.row_failed", sweep=sweep.name, row=pk)
        _push_back(sweep, claim, error, now)
        return
    outcome.done += 1
    if after is not None:
        after()


def _push_back(sweep: Sweep, claim: dict[str, Any], error: Exception, now: datetime) -> None:
    retry_at = now + PUSH_BACK
    text = f"{type(error).__name__}: {error}"[:2000]
    with transaction.atomic():
        sweep.due(now).model._base_manager.filter(**claim).update(**{sweep.field: retry_at})
        stuck, new = StuckRow.objects.get_or_create(
            sweep=sweep.name,
            row=str(claim["pk"]),
            defaults={"error": text, "first_at": now, "last_at": now, "retry_at": retry_at},
        )
        if not new:
            StuckRow.objects.filter(pk=stuck.pk).update(
                error=text, times=models.F("times") + 1, last_at=now, retry_at=retry_at
            )
