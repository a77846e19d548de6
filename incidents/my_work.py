"""The incidents in which a person has a role, until they are closed."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

from core.common import clock
from core.common.actor import Actor
from incidents.models import Incident, Postmortem, Status
from worklog import my_work, subjects
from worklog.my_work import MOST, Row, Section

ROLES = {
    "commander": "You command it",
    "communications_lead": "You write its updates",
    "scribe": "You keep its notes",
}


def register() -> None:
    my_work.register(roles)
    my_work.register(postmortems)


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


def postmortems(actor: Actor) -> Section:
    """Those that the actor has to write, the longest due first."""
    found = Postmortem.objects.visible_to(actor).awaited().filter(owner_id=actor.user_id)
    now = clock.now()
    rows = [
        Row(
            one.incident.reference,
            one.incident.shown_title,
            reverse("incidents:postmortem", args=[one.incident.reference]),
            note=_due(one.due_at, now),
            late=one.due_at is not None and one.due_at <= now,
        )
        for one in found.select_related("incident").order_by(F("due_at").asc(nulls_last=True), "pk")[:MOST]
    ]
    return Section(1, "Post-mortems", rows)


def _due(due: datetime | None, now: datetime) -> str:
    """ "due Thursday" within a week, else the day."""
    if due is None:
        return "draft"
    local = timezone.localtime(due)
    near = timedelta() <= due - now < timedelta(days=7)
    return f"due {local:%A}" if near else f"due {local.day} {local:%b}"
