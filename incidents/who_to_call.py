"""What an incident says to the directory when somebody asks who to call about it."""

from __future__ import annotations

from django.urls import reverse

from core.common.actor import Actor
from customers.models import Organisation
from escalation import finding
from incidents import queries
from incidents.models import Incident

SOME_CUSTOMERS = 5


def register() -> None:
    """Called from AppConfig.ready(): /on-call/?incident=INC-1."""
    finding.register(Incident.SUBJECT, work_of)


def work_of(ref: str, by: Actor) -> finding.Work:
    """What it affects and its words. Raises NotFound like `get_for`."""
    incident = queries.whole(ref, by=by)
    affected = Organisation.objects.visible_to(by).filter(pk__in=[o.pk for o in incident.organisations.all()])
    return finding.Work(
        reference=incident.reference,
        title=incident.shown_title,
        url=reverse("incidents:detail", args=[incident.reference]),
        components=tuple(incident.components.all()),
        applications=tuple(incident.applications.all()),
        text=f"{incident.title} {incident.summary}",
        customers=tuple(affected.select_related("account_manager__card")[:SOME_CUSTOMERS]),
    )
