"""What the rooms below learn about changes when the desk starts."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from changes import notices, operations
from changes.models import Change
from core.common.actor import Actor
from core.search import index
from core.timers import sweeps
from worklog import subjects


def visible_to(actor: Actor) -> QuerySet[Change]:
    return Change.objects.visible_to(actor)


def owed(now: datetime) -> QuerySet[Change]:
    """Emergencies whose approvers are to be reminded."""
    return Change.objects.filter(approval_chase_at__lte=now).order_by("approval_chase_at", "id")


def register() -> None:
    index.register(Change.SUBJECT, visible_to)
    subjects.register(
        subjects.Kind(Change.SUBJECT, Change.PREFIX, visible_to, title="title", url_name="changes:detail")
    )
    sweeps.register(
        sweeps.Sweep(
            name="changes.approvals_owed", due=owed, field="approval_chase_at", act=operations.chase_approvals
        )
    )
    notices.register()
