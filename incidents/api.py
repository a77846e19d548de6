"""The API of incidents: shape in, one operation, shape out."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from core.accounts.api import DeskViewSet, listing, reading, verb
from core.accounts.permissions import Permission
from core.audit.api import EventOut
from core.audit.models import Event
from core.common.actor import Actor
from incidents import operations, panels, queries, shapes
from incidents.filters import IncidentFilter
from incidents.models import Incident, TimelineEntry, Update
from incidents.shapes import Data

ROLES = "assign_roles"


class IncidentViewSet(DeskViewSet):
    """Incidents: interruptions that need coordinated response, with an update every 15 minutes until restored."""

    model = Incident
    view_permission = Permission.VIEW_INCIDENTS
    serializer_class = shapes.IncidentOut
    create_form, patch_form = shapes.IncidentCreate, shapes.IncidentEdit
    filterset_class = IncidentFilter
    ordering_fields = {
        "declared_at": "declared_at",
        "started_at": "started_at",
        "restored_at": "restored_at",
        "next_update_due_at": "next_update_due_at",
        "severity": "severity",
        "title": "title",
    }
    ordering = "-declared_at"
    related = queries.FACTS
    prefetch = queries.AFFECTED
    action_fields = {
        "status": "status, restore, reopen or close",
        "restored_at": "restore",
        "acknowledged_at": "acknowledge",
        "commander": ROLES,
        "communications_lead": ROLES,
        "scribe": ROLES,
        "cadence_minutes": "set_cadence",
    }

    def find(self, ref: str, by: Actor) -> Incident:
        return queries.get_for(ref, by=by)

    def do_create(self, data: Data, by: Actor) -> Incident:
        return operations.declare(**data, by=by)

    def do_patch(self, ref: str, data: Data, version: int | None, by: Actor) -> Incident:
        return operations.edit(ref, changes=data, version=version, by=by)

    @verb()
    def acknowledge(self, ref: str, data: Data, by: Actor) -> Incident:
        """Say that somebody is on it; the first one wins."""
        return operations.acknowledge(ref, by=by)

    @verb(shapes.UpdateIn, entry=shapes.UpdateOut, path="update")
    def send_update(self, ref: str, data: Data, by: Actor) -> Update:
        """Tell the stakeholders, as `body` or in the four parts; the next one is due one cadence from now."""
        return operations.send_update(ref, **data, by=by)

    @verb(shapes.SetStatus)
    def status(self, ref: str, data: Data, by: Actor) -> Incident:
        """Move between investigating, identified and monitoring."""
        return operations.set_status(ref, **data, by=by)

    @verb(shapes.Restore)
    def restore(self, ref: str, data: Data, by: Actor) -> Incident:
        """Send "Service restored" to everybody and end the cadence. The severity must be known by now."""
        return operations.declare_restored(ref, **data, by=by)

    @verb(shapes.Reason)
    def reopen(self, ref: str, data: Data, by: Actor) -> Incident:
        """It fails again: everybody gets a correction, the cadence starts anew."""
        return operations.reopen(ref, **data, by=by)

    @verb()
    def close(self, ref: str, data: Data, by: Actor) -> Incident:
        """Close what was restored."""
        return operations.close(ref, by=by)

    @verb(shapes.Roles)
    def assign_roles(self, ref: str, data: Data, by: Actor) -> Incident:
        """Give the roles named, or clear one with null."""
        return operations.assign_roles(ref, **data, by=by)

    @verb(shapes.EntryIn, entry=shapes.EntryOut)
    def add_entry(self, ref: str, data: Data, by: Actor) -> TimelineEntry:
        """Write an observation or a decision on the timeline."""
        return operations.add_entry(ref, **data, by=by)

    @verb(shapes.SetCadence)
    def set_cadence(self, ref: str, data: Data, by: Actor) -> Incident:
        """Change the minutes between updates (null: on demand), from the last sent update on."""
        return operations.set_cadence(ref, **data, by=by)

    @verb(shapes.Subscribe)
    def subscribe(self, ref: str, data: Data, by: Actor) -> Incident:
        """Send the updates of this incident to one more address or person."""
        return operations.subscribe(ref, **data, by=by)

    @listing(shapes.UpdateOut, ordering=("number",))
    def updates(self, ref: str, by: Actor) -> QuerySet[Update]:
        """The promise ledger: each update with when it was due and how late it was."""
        return queries.updates(ref, by=by)

    @listing(shapes.EntryOut, ordering=("happened_at",))
    def timeline(self, ref: str, by: Actor) -> QuerySet[TimelineEntry]:
        """What happened, the oldest first."""
        return queries.timeline(ref, by=by)

    @listing(EventOut)
    def history(self, ref: str, by: Actor) -> QuerySet[Event]:
        """The audit trail of this incident."""
        return queries.history(ref, by=by)

    @reading(shapes.RecentChangeOut, many=True)
    def recent_changes(self, ref: str, by: Actor) -> list[Any]:
        """What changed in the 72 hours before the impact began, and since."""
        return panels.recent_changes(queries.get_for(ref, by=by), by)


class TicketIncidentViewSet(DeskViewSet):
    """The incident that a ticket reports."""

    list_route = False
    serializer_class = shapes.IncidentOut

    @verb(shapes.FromTicket)
    def declare_incident(self, ref: str, data: Data, by: Actor) -> Incident:
        """Declare an incident from the ticket and link the two; answers the incident."""
        return operations.declare_from_ticket(ref, **data, by=by)


ROUTES = [("incidents", IncidentViewSet), ("tickets", TicketIncidentViewSet)]
