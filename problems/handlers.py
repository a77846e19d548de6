"""Our reactions, after the commit."""

from __future__ import annotations

from core.audit import delivery
from core.audit.models import Event
from problems import notices
from problems.models import FollowUpAction


@delivery.handler("problem.action_added", "problem.action_handed")
def tell_receiver(event: Event) -> None:
    """Another team hears of what it was handed, and must accept it."""
    action = FollowUpAction.objects.filter(pk=event.data["action"]).first()
    if action is not None and action.is_open:
        notices.handed(action, event.pk, event.actor_id)
