"""Chasing follow-up actions: a sweep over `FollowUpAction.next_reminder_at`."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from core.outbox import relevance
from core.outbox.models import OutgoingMessage
from core.timers import sweeps
from problems import notices, rules
from problems.models import FollowUpAction

SWEEP = "problems.reminders"


def register() -> None:
    """Called from AppConfig.ready()."""
    sweeps.register(sweeps.Sweep(name=SWEEP, due=due, field="next_reminder_at", act=remind))
    relevance.register(notices.REMINDER, no_longer_true)


def due(now: datetime) -> QuerySet[FollowUpAction]:
    return FollowUpAction.objects.filter(next_reminder_at__lte=now).order_by("next_reminder_at", "id")


def remind(action: FollowUpAction, now: datetime) -> None:
    """Write the newest reminder that has fallen due, once per person, and set the next moment."""
    slot = rules.last_reminder(action.due, action.zone, now)
    if slot is not None:
        notices.remind(action, slot, now)
    later = rules.next_reminder(action.due, action.zone, now)
    FollowUpAction.objects.filter(pk=action.pk, next_reminder_at=action.next_reminder_at).update(
        next_reminder_at=later
    )


def no_longer_true(message: OutgoingMessage) -> str | None:
    """A queued reminder is dropped when its action was finished, or its day moved, meanwhile."""
    action = FollowUpAction.objects.filter(pk=message.about_id or 0).first()
    if action is None or not action.is_open:
        return "The action is finished."
    if not message.dedup_key.startswith(notices.reminder_key(action)):
        return f"The action is due on {action.due.isoformat()} now."
    return None
