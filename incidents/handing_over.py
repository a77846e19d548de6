"""The open incidents of what a team owns, for who takes over."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Q

from core.common.actor import Actor
from escalation import open_work
from escalation.models import Team
from escalation.open_work import Line
from incidents.models import OPEN, Incident
from worklog import subjects

MOST = 10


def register() -> None:
    open_work.register(open_incidents)


def open_incidents(team: Team, reader: Actor) -> Iterator[Line]:
    """Those of the team's components and of their applications, the newest first; one query."""
    theirs = Q(components__teams=team) | Q(applications__components__teams=team)
    found = Incident.objects.visible_to(reader).filter(theirs, status__in=OPEN)
    for incident in found.distinct().order_by("-pk")[:MOST]:
        path = subjects.address(Incident.SUBJECT, incident.reference)
        yield Line(
            f"{incident.reference} {incident.shown_title}, {incident.get_status_display().lower()}", path
        )
