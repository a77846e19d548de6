"""The two tasks there are. They take names, never objects, and running them twice is harmless."""

from celery import shared_task

from core.timers import sweeps


@shared_task(name="servicedesk.tick")
def tick() -> None:
    """Do everything that is due now."""
    sweeps.run_due()


@shared_task(name="servicedesk.sweep")
def sweep(name: str) -> None:
    """Run one sweep now, because a commit has just put work into it."""
    sweeps.run(name)
