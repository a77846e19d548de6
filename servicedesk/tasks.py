"""The two tasks there are. They take names, never objects, and running them twice is harmless."""

from celery import shared_task

from core.timers import sweeps
from servicedesk import heartbeat

TICK_WAITS_SECONDS = 5.0  # for lanes that are busy sending; they go on beside the next tick


@shared_task(name="servicedesk.tick")
def tick() -> None:
    """Do everything that is due now."""
    sweeps.run_due(patience=TICK_WAITS_SECONDS)
    heartbeat.beat()


@shared_task(name="servicedesk.sweep")
def sweep(name: str) -> None:
    """Run one sweep now, because a commit has just put work into it."""
    sweeps.run(name)
