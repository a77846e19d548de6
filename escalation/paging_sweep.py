"""Pages whose next moment is due: a step, or the question whether somebody is still on it."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from core.outbox import relevance
from core.timers import sweeps
from escalation import operations, paging_notices
from escalation.models import Page


def register() -> None:
    """Make the sweep and the relevance checks known; called from AppConfig.ready()."""
    sweeps.register(
        sweeps.Sweep(name="escalation.pages", due=due, field="next_step_at", act=operations.fall_due)
    )
    for topic in (paging_notices.STEP, paging_notices.STALE, paging_notices.GAP, paging_notices.EXHAUSTED):
        relevance.register(topic, paging_notices.why_not)


def due(now: datetime) -> QuerySet[Page]:
    return Page.objects.filter(next_step_at__lte=now).order_by("next_step_at", "id")
