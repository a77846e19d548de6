"""The one timer shape: what must happen is a row with a due time; a sweep claims the due rows and acts.

A sweep claims a row and acts in one transaction, and the act moves the due time, so that a crash at any
instant leaves the row either untouched and still due, or done. PostgreSQL skips rows that another worker
holds; SQLite lets one writer in at a time, and the due time is compared once the writer is in.
Celery only wakes the sweeps; `run_due` is all there is to do, and `manage.py tick` calls the same.

A sweep with several hands claims in one thread and carries out what follows the commit in others; beside it the
other sweeps go on. A name stands for every sweep below it: "outbox" for "outbox.incident" and its siblings.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

import structlog
from django.db import connections, models, transaction

from core.common import clock, faults, wake
from core.timers.crew import Turnstile, crew, in_turn
from core.timers.models import Pulse, StuckRow

log = structlog.get_logger(__name__)

BATCH = 200
PUSH_BACK = timedelta(hours=1)
AGAIN_AFTER = timedelta(minutes=1)
LATE_AFTER = timedelta(seconds=120)
TICK = "tick"
MOST_ROUNDS = 4

AfterCommit = Callable[[], None]


class Later(Exception):
    """Raised by an act: not now. The row stays as it is, and the sweep's own `due` leaves it out for a while."""


def _one_hand() -> int:
    return 1


@dataclass(frozen=True)
class Sweep:
    """Rows that fall due, and what to do with one.

    due: the rows due at a moment, the oldest first.
    field: the name of their due column.
    act: does the work inside the transaction that holds the row, and must move or clear the due column.
        What it returns, if anything, is called after the commit (talking to a mail server, for example).
    hands: how many threads at once do that; with more than one the sweep runs beside the others.
    at_work: a context that each hand works in; claiming: one around a run's claims.
    promised: people were told the due moment. A row whose act throws keeps it, is tried again after a minute, and
        is named by `stuck` until then.
    """

    name: str
    due: Callable[[datetime], models.QuerySet[Any]]
    field: str
    act: Callable[[Any, datetime], AfterCommit | None]
    hands: Callable[[], int] = _one_hand
    at_work: Callable[[], AbstractContextManager[None]] = nullcontext
    claiming: Callable[[], AbstractContextManager[None]] = nullcontext
    promised: bool = False


@dataclass
class Outcome:
    done: int = 0
    failed: int = 0

    def add(self, other: Outcome) -> None:
        self.done += other.done
        self.failed += other.failed


@dataclass
class _Beside:
    """A sweep that runs in a thread of its own."""

    thread: threading.Thread
    outcome: Outcome = field(default_factory=Outcome)


_sweeps: dict[str, Sweep] = {}
_turnstiles: dict[str, Turnstile] = defaultdict(Turnstile)
_stopping = threading.Event()


def register(sweep: Sweep) -> None:
    """Make a sweep known; called from AppConfig.ready()."""
    _sweeps[sweep.name] = sweep


def stop() -> None:
    """This process is about to end: begin no further row; what is claimed is finished."""
    _stopping.set()


def go_on() -> None:
    """A worker starts in this process."""
    _stopping.clear()


def names() -> list[str]:
    return list(_sweeps)


def run_due(now: datetime | None = None, patience: float | None = None) -> dict[str, Outcome]:
    """Do everything that is due, once, and leave the pulse.

    What one sweep makes (a mail, a delivery) another one does: they go round until nothing is left. `patience`:
    for so many seconds wait for the sweeps that run beside the others, then leave them to it (None: to their end).
    """
    outcomes = {name: Outcome() for name in _sweeps}
    until = None if patience is None else monotonic() + patience
    for number in range(MOST_ROUNDS + 1):
        done = _round(now, until)
        for name, outcome in done.items():
            outcomes[name].add(outcome)
        if number and not any(outcome.done for outcome in done.values()):
            break
    Pulse.objects.update_or_create(name=TICK, defaults={"at": clock.now()})
    return outcomes


def _round(now: datetime | None, until: float | None) -> dict[str, Outcome]:
    """Each sweep once; those with several hands side by side."""
    moment = now or clock.now()
    beside = {
        sweep.name: _start(sweep, now)
        for sweep in _sweeps.values()
        if _has_many_hands(sweep) and sweep.due(moment).exists()
    }
    outcomes = {sweep.name: _run(sweep, now) for sweep in _sweeps.values() if not _has_many_hands(sweep)}
    for name, running in beside.items():
        running.thread.join(None if until is None else max(until - monotonic(), 0))
        outcomes[name] = Outcome(running.outcome.done, running.outcome.failed)
    return outcomes


def _start(sweep: Sweep, now: datetime | None) -> _Beside:
    outcome = Outcome()

    def work() -> None:
        try:
            _run(sweep, now, outcome)
        except Exception:
            log.exception("sweep.failed", sweep=sweep.name)
        finally:
            connections.close_all()

    running = _Beside(threading.Thread(target=work, name=sweep.name), outcome)
    running.thread.start()
    return running


def _has_many_hands(sweep: Sweep) -> bool:
    """Inside a transaction other threads would see nothing of it: there one hand does it all."""
    return sweep.hands() > 1 and not transaction.get_connection().in_atomic_block


def run(name: str, now: datetime | None = None) -> Outcome:
    """Run one sweep, or all below a name, until nothing of it is due."""
    total = Outcome()
    found = [sweep for sweep in _sweeps.values() if sweep.name == name or sweep.name.startswith(f"{name}.")]
    if not found:
        raise KeyError(f"There is no sweep called {name}.")
    for sweep in found:
        total.add(_run(sweep, now))
    return total


def _run(sweep: Sweep, now: datetime | None, outcome: Outcome | None = None) -> Outcome:
    outcome = outcome or Outcome()
    if not _has_many_hands(sweep):
        with sweep.at_work(), sweep.claiming():
            _until_nothing_is_due(sweep, now, outcome, lambda job: job())
        return outcome
    turnstile = _turnstiles[sweep.name]
    if not turnstile.enter():
        return outcome  # whoever is at it looks again before leaving
    try:
        while True:
            with crew(sweep.name, sweep.hands(), sweep.at_work) as hands, sweep.claiming():
                _until_nothing_is_due(sweep, now, outcome, hands.give)
            if not turnstile.called():
                return outcome
    except BaseException:
        turnstile.leave()
        raise


def _until_nothing_is_due(
    sweep: Sweep, now: datetime | None, outcome: Outcome, do: Callable[[AfterCommit], None]
) -> None:
    while True:
        moment = now or clock.now()
        rows = list(_to_do(sweep, moment).values_list("pk", sweep.field)[:BATCH])
        before = outcome.done + outcome.failed
        for pk, due in rows:
            if _stopping.is_set():
                return
            after = _one(sweep, pk, due, moment, outcome)
            if after is not None:
                do(after)
        if len(rows) < BATCH or before == outcome.done + outcome.failed:
            return


def _to_do(sweep: Sweep, now: datetime) -> models.QuerySet[Any]:
    """The due rows, without those that a promise keeps where they are until they are tried again."""
    if not sweep.promised:
        return sweep.due(now)
    waiting = StuckRow.objects.filter(sweep=sweep.name, retry_at__gt=now).values_list("row", flat=True)
    return sweep.due(now).exclude(pk__in=list(waiting))


def stuck(now: datetime | None = None) -> list[StuckRow]:
    """The promised rows whose act threw and that wait to be tried again, the oldest failure first."""
    promised = [sweep.name for sweep in _sweeps.values() if sweep.promised]
    found = StuckRow.objects.filter(sweep__in=promised, retry_at__gt=now or clock.now())
    return list(found.order_by("first_at", "id"))


def late(now: datetime | None = None) -> list[str]:
    """The sweeps that have a row due for more than 120 seconds."""
    limit = (now or clock.now()) - LATE_AFTER
    return [sweep.name for sweep in _sweeps.values() if sweep.due(limit).exists()]


def poke(name: str) -> None:
    """Ask a worker to run a sweep once this transaction has committed. Losing it costs one tick."""
    wake.after_commit(name)


def _one(sweep: Sweep, pk: Any, due: datetime, now: datetime, outcome: Outcome) -> AfterCommit | None:
    """Claim one row and act on it; what is left to do after the commit is the answer."""
    manager = sweep.due(now).model._base_manager
    claim = {"pk": pk, sweep.field: due}
    try:
        with in_turn(), transaction.atomic():
            row = manager.select_for_update(skip_locked=True).filter(**claim).first()
            if row is None:
                return None
            after = sweep.act(row, now)
            if manager.filter(**claim).exists():
                raise RuntimeError(f"The {sweep.name} sweep left {sweep.field} of row {pk} where it was.")
    except Later:
        return None
    except Exception as error:
        outcome.failed += 1
        log.exception("sweep.row_failed", sweep=sweep.name, row=pk)
        _push_back(sweep, claim, error, now)
        return None
    faults.reach(f"{sweep.name}.committed")
    outcome.done += 1
    return after


def _push_back(sweep: Sweep, claim: dict[str, Any], error: Exception, now: datetime) -> None:
    retry_at = now + (AGAIN_AFTER if sweep.promised else PUSH_BACK)
    text = f"{type(error).__name__}: {error}"[:2000]
    with transaction.atomic():
        if not sweep.promised:
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
