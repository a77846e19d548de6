"""What we show on tickets and incidents: the problem behind them, and what helps until it is solved."""

from __future__ import annotations

from typing import Any, TypeVar

from django.urls import reverse

from core.accounts.permissions import Permission, can
from core.common.actor import Actor
from incidents import panels as incident_panels
from tickets import panels as ticket_panels
from worklog import queries as worklog

Row = TypeVar("Row", ticket_panels.Row, incident_panels.Row)
TITLE = "Problem"


def register() -> None:
    """Called from AppConfig.ready()."""
    ticket_panels.register_panel(on_ticket)
    incident_panels.register_panel(on_incident)


def on_ticket(ticket: Any, actor: Actor) -> ticket_panels.Panel | None:
    return ticket_panels.Panel(TITLE, _rows(ticket, actor, ticket_panels.Row))


def on_incident(incident: Any, actor: Actor) -> incident_panels.Panel | None:
    return incident_panels.Panel(TITLE, _rows(incident, actor, incident_panels.Row))


def _rows(work: Any, actor: Actor, row: type[Row]) -> list[Row]:
    """The linked problems with their workarounds, or the way to raise one. Nothing for customers."""
    if not can(actor, Permission.VIEW_PROBLEMS):
        return []
    rows: list[Row] = []
    for link in worklog.links_of(work, actor, kinds=("problem",)):
        problem = link.work
        url = reverse("problems:detail", args=[problem.reference])
        rows.append(row(f"{problem.reference} {problem.title}", url, problem.get_status_display(), "line"))
        if problem.workaround:
            rows.append(row(f"Workaround: {problem.workaround}"))
    if not rows and can(actor, Permission.RAISE_PROBLEM):
        rows.append(row("Raise a problem", reverse("problems:raise", args=[work.reference])))
    return rows
