"""What the rooms below learn about changes when the desk starts."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet
from django.urls import reverse

from catalogue.queries import needed_applications
from changes import events, my_work, notices, operations, queries
from changes.models import Change
from core.audit import words
from core.common.actor import Actor
from core.search import index
from core.timers import sweeps
from incidents import panels
from incidents.models import Incident
from worklog import subjects


def visible_to(actor: Actor) -> QuerySet[Change]:
    return Change.objects.visible_to(actor)


def owed(now: datetime) -> QuerySet[Change]:
    """Emergencies whose approvers are to be reminded."""
    return Change.objects.filter(approval_chase_at__lte=now).order_by("approval_chase_at", "id")


def before_incident(
    incident: Incident, actor: Actor, since: datetime, until: datetime
) -> list[panels.RecentChange]:
    """What was carried out in a period on an incident's applications and on what these need, for its page."""
    touched = [application.pk for application in incident.applications.all()]
    touched += [component.application_id for component in incident.components.all()]
    near = needed_applications(touched) if touched else set(touched)
    return [
        panels.RecentChange(
            reference=change.reference,
            title=change.title,
            status=change.get_status_display(),
            at=change.started_at or since,
            url=reverse("changes:detail", args=[change.reference]),
            applications=[application.slug for application in change.applications.all()],
        )
        for change in queries.carried_out(near, since, until, actor)
    ]


def register() -> None:
    panels.register_recent_changes(before_incident)
    my_work.register()
    words.register(events.SENTENCES)
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
