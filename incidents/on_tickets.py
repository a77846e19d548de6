"""What we show on a ticket: the running incidents that it may belong to, and the way to declare one."""

from __future__ import annotations

from django.urls import reverse
from django.utils.http import urlencode

from core.accounts.permissions import Permission, can
from core.common.actor import Actor
from incidents import queries
from tickets import panels
from tickets.models import Ticket

MOST = 5


def register() -> None:
    """Called from AppConfig.ready()."""
    panels.register_panel(on_ticket)


def on_ticket(ticket: Ticket, actor: Actor) -> panels.Panel | None:
    """Running incidents of the ticket's application (or of none named), else a link to declare one."""
    if not can(actor, Permission.VIEW_INCIDENTS):
        return None
    rows = [
        panels.Row(
            f"{incident.reference} {incident.shown_title}",
            reverse("incidents:detail", args=[incident.reference]),
            incident.get_status_display(),
            "red",
        )
        for incident in queries.live_for(ticket.application_id, actor)[:MOST]
    ]
    if can(actor, Permission.DECLARE_INCIDENT):
        place = reverse("incidents:new") + "?" + urlencode({"ticket": ticket.reference})
        rows.append(panels.Row("Declare an incident", place))
    return panels.Panel("Running incidents", rows)
