"""The incidents in which a person has a role, until they are closed."""

from __future__ import annotations

from django.db.models import F, Q

from core.common import clock
from core.common.actor import Actor
from incidents.models import Incident, Status
from worklog import my_work, subjects
from worklog.my_work import MOST, Row, Section

ROLES = {
    "commander": "You command it",
    "communications_lead": "You write its updates",
    "scribe": "You keep its notes",
}


def register() -> None:
    my_work.register(roles)


def roles(actor: Actor) -> Section:
    mine = Q()
    for name in ROLES:
        mine |= Q(**{f"{name}_id": actor.user_id})
    found = Incident.objects.visible_to(actor).filter(mine).exclude(status=Status.CLOSED)
    now = clock.now()
    rows = [
        Row(
            incident.reference,
            incident.shown_title,
            subjects.address(Incident.SUBJECT, incident.reference),
            status=incident.status,
            note=next(
                words for name, words in ROLES.items() if getattr(incident, f"{name}_id") == actor.user_id
            ),
            late=incident.next_update_due_at is not None and incident.next_update_due_at <= now,
        )
        for incident in found.order_by(F("next_update_due_at").asc(nulls_last=True), "pk")[:MOST]
    ]
    return Section(0, "Incidents", rows)
