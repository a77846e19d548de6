"""Waking a worker after a commit. A wake-up carries no work: what is due stands in the database."""

from __future__ import annotations

import time
from functools import partial

import structlog
from celery import current_app
from django.conf import settings
from django.db import transaction

log = structlog.get_logger(__name__)

QUIET_AFTER_FAILURE = (
    10.0  # seconds in which no further wake-up is tried, so that requests do not wait for a dead broker
)
_broken_until = 0.0


def after_commit(sweep: str) -> None:
    """Wake the named sweep once the present transaction has committed; at most once per transaction."""
    callback = partial(_send, sweep)
    pending = (entry[1] for entry in transaction.get_connection().run_on_commit)
    if any(isinstance(p, partial) and p.func is _send and p.args == (sweep,) for p in pending):
        return
    transaction.on_commit(callback, robust=True)


def _send(sweep: str) -> None:
    global _broken_until
    if not settings.DESK_WAKE_WORKERS or time.monotonic() < _broken_until:
        return
    try:
        current_app.send_task("servicedesk.sweep", args=[sweep], retry=False)
    except Exception as error:
        _broken_until = time.monotonic() + QUIET_AFTER_FAILURE
        log.warning("wake.failed", sweep=sweep, error=str(error))
