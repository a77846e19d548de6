"""Celery's worker and beat inside this process, for the set-up without Redis and without other processes.

``memory://`` reaches only threads of its own process, so the worker cannot be a child. WorkController is
only half public: tests/servicedesk/test_embedded.py holds it to what is used here.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from celery.beat import EmbeddedService

from core.timers import sweeps
from servicedesk.beat import SteadyScheduler
from servicedesk.celery import app

STOP_SECONDS = 10.0


@contextmanager
def worker() -> Iterator[None]:
    """Run a worker of four threads while the block runs; then let it finish what it has begun."""
    controller = app.WorkController(
        pool="threads",
        concurrency=4,
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
    )
    thread = threading.Thread(target=controller.start, name="Worker", daemon=True)
    thread.start()
    sweeps.go_on()
    try:
        yield
    finally:
        sweeps.stop()  # a lane with a thousand mails would not be done in time
        controller.stop()
        thread.join(STOP_SECONDS)
        sweeps.go_on()  # for whoever sweeps here afterwards


@contextmanager
def beat() -> Iterator[None]:
    """Send the ticks while the block runs."""
    service = EmbeddedService(app, thread=True, scheduler_cls=SteadyScheduler)
    service.start()
    try:
        yield
    finally:
        service.stop()
        service.join(STOP_SECONDS)
