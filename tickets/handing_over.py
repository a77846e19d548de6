"""What a team's open tickets mean for who takes over."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode

from django.db.models import Count
from django.urls import reverse

from core.common.actor import Actor
from core.common.vocabulary import Priority
from escalation import open_work
from escalation.models import Team
from escalation.open_work import Line
from tickets.models import Ticket

URGENT = (Priority.P0, Priority.P1)


def register() -> None:
    open_work.register(urgent)


def urgent(team: Team, reader: Actor) -> Iterator[Line]:
    """How many P0 and P1 tickets the team has, each with the list behind it; one query."""
    rows = Ticket.objects.visible_to(reader).open().filter(team=team, priority__in=URGENT)
    counts = dict(rows.order_by().values_list("priority").annotate(Count("pk")))
    for priority in URGENT:
        if number := counts.get(priority):
            query = urlencode({"view": "all", "priority": priority.value, "team": team.slug})
            yield Line(
                f"{number} open {priority.value} ticket{'s' if number > 1 else ''}",
                f"{reverse('tickets:list')}?{query}",
            )
