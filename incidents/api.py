"""The API of incidents: shape in, one operation, shape out."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from core.accounts.api import DeskViewSet, expected_version, listing, reading, verb
from core.accounts.permissions import Permission
from core.audit.api import EventOut
from core.audit.models import Event
from core.common.actor import Actor
from core.common.api import Nothing
from incidents import (
    impact,
    linked,
    operations,
    panels,
    postmortems,
    promise_queries,
    queries,
    receipts,
    shapes,
)
from incidents import postmortem_shapes as after
from incidents.filters import IncidentFilter
from incidents.models import (
    ImpactAssessment,
    Incident,
    PendingUpdate,
    Postmortem,
    Promise,
    RoleHolding,
    TimelineEntry,
    Update,
    UpdateRevision,
)
from incidents.shapes import Data
from incidents.template_api import UpdateTemplateViewSet
from worklog import queries as worklog

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
    prefetch = (*queries.AFFECTED, "children")
    action_fields = {
        "status": "status, restore, reopen or close",
        "restored_at": "restore",
        "acknowledged_at": "acknowledge",
        "commander": ROLES,
        "communications_lead": ROLES,
        "scribe": ROLES,
        "cadence_minutes": "set_cadence",
        "parent": "set_parent",
        "merged_into": "merge or undo_merge",
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

    @verb(shapes.UpdateIn, entry=shapes.SentOut, path="update")
    def send_update(self, ref: str, data: Data, by: Actor) -> Update:
        """Tell the stakeholders, as `body` or in the four parts; the next one is due one cadence from now.

        Where it must be approved first it waits: `pending` holds its id, and there is no number yet.
        """
        made = operations.send_update(ref, **data, by=by)
        return made.as_update if isinstance(made, PendingUpdate) else made

    @listing(shapes.PendingOut, ordering=("-pk",))
    def pending_updates(self, ref: str, by: Actor) -> QuerySet[PendingUpdate]:
        """What waits for approval and what has waited, the newest first."""
        return queries.pending_updates(ref, by=by)

    @verb(shapes.Waiting, entry=shapes.UpdateOut)
    def approve_update(self, ref: str, data: Data, by: Actor) -> Update:
        """Send what waits; it is its writer's update. Nobody approves their own."""
        return operations.approve(ref, **data, by=by)

    @verb(shapes.SendBack, entry=shapes.PendingOut, status=200)
    def send_back_update(self, ref: str, data: Data, by: Actor) -> PendingUpdate:
        """Say what must change; the writer is told and has the text as their draft again."""
        return operations.send_back(ref, **data, by=by)

    @verb(shapes.Waiting, entry=shapes.PendingOut, status=200)
    def take_back_update(self, ref: str, data: Data, by: Actor) -> PendingUpdate:
        """The writer takes it back."""
        return operations.take_back(ref, **data, by=by)

    @verb(shapes.CorrectIn, entry=shapes.UpdateOut)
    def correct(self, ref: str, data: Data, by: Actor) -> Update:
        """Tell those who got an update what was wrong in it and what holds; the next one stays due when it is."""
        return operations.correct(ref, **data, by=by)

    @verb(shapes.EditUpdate, entry=shapes.UpdateOut, status=200)
    def edit_update(self, ref: str, data: Data, by: Actor) -> Update:
        """Change the wording of an update on the pages, telling nobody; what it said stays under `revisions`."""
        return operations.edit_quietly(ref, **data, by=by)

    @listing(shapes.RevisionOut, ordering=("edited_at", "pk"))
    def revisions(self, ref: str, by: Actor) -> QuerySet[UpdateRevision]:
        """What the updates said before their wording was changed, the oldest change first."""
        return queries.revisions(ref, by=by)

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
        """Close what was restored: its impact assessed, and that of SEV1 and SEV2 with a published post-mortem."""
        return operations.close(ref, by=by)

    @verb(shapes.Roles)
    def assign_roles(self, ref: str, data: Data, by: Actor) -> Incident:
        """Give the roles named, or clear one with null."""
        return operations.assign_roles(ref, **data, by=by)

    @verb(shapes.TakeRole)
    def take_role(self, ref: str, data: Data, by: Actor) -> Incident:
        """Take a role that nobody has; the first one wins."""
        return operations.take_role(ref, **data, by=by)

    @verb(shapes.HandOver)
    def hand_over(self, ref: str, data: Data, by: Actor) -> Incident:
        """Hand a role to somebody else with a note; they are told."""
        return operations.hand_over(ref, **data, by=by)

    @listing(shapes.HoldingOut, ordering=("since",))
    def roles(self, ref: str, by: Actor) -> QuerySet[RoleHolding]:
        """Who had which role from when to when, the oldest first."""
        return queries.holdings(queries.get_for(ref, by=by))

    @verb(shapes.MergeInto)
    def merge(self, ref: str, data: Data, by: Actor) -> Incident:
        """Let it go on as another incident; answers the survivor."""
        return operations.merge(ref, **data, by=by)

    @verb()
    def undo_merge(self, ref: str, data: Data, by: Actor) -> Incident:
        """Take a merge back; answers the incident that stands for itself again."""
        return operations.undo_merge(ref, by=by)

    @verb(shapes.SetParent)
    def set_parent(self, ref: str, data: Data, by: Actor) -> Incident:
        """Make it part of another incident, or take it out with an empty parent."""
        return operations.set_parent(ref, **data, by=by)

    @verb(shapes.ToWork)
    def link(self, ref: str, data: Data, by: Actor) -> Incident:
        """Link a ticket, a change or a problem."""
        return operations.link_work(ref, **data, by=by)

    @verb(shapes.ToWork)
    def unlink(self, ref: str, data: Data, by: Actor) -> Incident:
        """Take the link to a ticket, a change or a problem away."""
        return operations.unlink_work(ref, **data, by=by)

    @verb(shapes.AnswerTicket)
    def answer_ticket(self, ref: str, data: Data, by: Actor) -> Incident:
        """Tell the requester of a ticket linked after the restoration that it works again, or decide not to."""
        return operations.answer_ticket(ref, **data, by=by)

    @reading(shapes.LinkedTicketOut, many=True)
    def linked_tickets(self, ref: str, by: Actor) -> list[Any]:
        """The linked tickets that the caller may see, with whether their requester was answered."""
        incident = queries.get_for(ref, by=by)
        links = worklog.links_of(incident, by, kinds=("ticket",))
        return linked.tickets_of(incident, links, queries.last_restoration(incident))

    @reading(shapes.HarmOut, many=True)
    def impact_notes(self, ref: str, by: Actor) -> list[Any]:
        """What stops for whom, those whom it hurts most now first, with what they do by hand."""
        return queries.harm(queries.get_for(ref, by=by), by)

    @verb(shapes.Suspect)
    def suspect_change(self, ref: str, data: Data, by: Actor) -> Incident:
        """Say that a change may be the cause."""
        return operations.suspect_change(ref, **data, by=by)

    @verb(shapes.ClearChange)
    def clear_change(self, ref: str, data: Data, by: Actor) -> Incident:
        """Say that a change is not the cause, with a note that says why."""
        return operations.clear_change(ref, **data, by=by)

    @verb(shapes.EntryIn, entry=shapes.EntryOut)
    def add_entry(self, ref: str, data: Data, by: Actor) -> TimelineEntry:
        """Write an observation or a decision on the timeline."""
        return operations.add_entry(ref, **data, by=by)

    @verb(shapes.SetCadence)
    def set_cadence(self, ref: str, data: Data, by: Actor) -> Incident:
        """Change the minutes between updates (null: on demand), from the last sent update on."""
        return operations.set_cadence(ref, **data, by=by)

    @verb(shapes.Snooze)
    def snooze(self, ref: str, data: Data, by: Actor) -> Incident:
        """Put the next update off before it is due, once, by at most one cadence; everybody reads when and why."""
        return operations.snooze(ref, **data, by=by)

    @verb(shapes.Subscribe)
    def subscribe(self, ref: str, data: Data, by: Actor) -> Incident:
        """Send the updates of this incident to one more address, person or chat; an outside address confirms first."""
        named = {"transport" if name == "channel" else name: value for name, value in data.items()}
        return operations.subscribe(ref, **named, by=by)

    @verb(shapes.AddWebhook, entry=shapes.WebhookOut)
    def add_webhook(self, ref: str, data: Data, by: Actor) -> Any:
        """Send the updates of this incident to a program; `secret` signs them and is shown this once."""
        return operations.add_webhook(ref, **data, by=by)

    @verb(shapes.Unsubscribe)
    def unsubscribe(self, ref: str, data: Data, by: Actor) -> Incident:
        """Take an address or a person off the list of this incident."""
        return operations.unsubscribe(ref, **data, by=by)

    @reading(shapes.RecipientOut, many=True)
    def recipients(self, ref: str, by: Actor) -> list[Any]:
        """Who is told, by which lists, and what became of the last update to each; trouble first."""
        return receipts.receipts(queries.get_for(ref, by=by))

    @listing(shapes.UpdateOut, ordering=("number",))
    def updates(self, ref: str, by: Actor) -> QuerySet[Update]:
        """The updates that were sent: each with when it was due and how late it was."""
        return queries.updates(ref, by=by)

    @listing(shapes.PromiseOut, ordering=("due_at",))
    def promises(self, ref: str, by: Actor) -> QuerySet[Promise]:
        """Every moment at which an update was owed and what became of it."""
        return promise_queries.lines(promise_queries.of_incident(queries.get_for(ref, by=by), by=by))

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

    # --- afterwards ---
    @verb(after.AssessImpact, entry=after.AssessmentOut)
    def assess_impact(self, ref: str, data: Data, by: Actor) -> ImpactAssessment:
        """Say which applications were gone or worse, from when to when and for whom; or that none was."""
        return operations.assess_impact(ref, **data, by=by)

    @listing(after.AssessmentOut, ordering=("number",))
    def impact_assessments(self, ref: str, by: Actor) -> QuerySet[ImpactAssessment]:
        """Every judgement of the impact; the last one is in force."""
        return impact.assessments(ref, by=by)

    @listing(after.OwedOut, ordering=("id",), detail=False)
    def postmortems(self, by: Actor) -> QuerySet[Postmortem]:
        """The post-mortems that are owed or being written."""
        return postmortems.unfinished(by)

    @extend_schema(responses=after.PostmortemOut, filters=False)
    @action(detail=True, methods=["get"], filter_backends=(), pagination_class=None)
    def postmortem(self, request: Request, ref: str) -> Response:
        """The document; 404 until somebody has begun it."""
        return self.answer(postmortems.written(ref, by=request.actor), after.PostmortemOut)

    @extend_schema(request=None, responses={201: after.PostmortemOut})
    @postmortem.mapping.post
    def begin_postmortem(self, request: Request, ref: str) -> Response:
        """Begin it: a draft with what the desk knows."""
        self.parse(Nothing)
        return self.answer(
            operations.begin_postmortem(ref, by=request.actor), after.PostmortemOut, status=201
        )

    @extend_schema(request=after.PostmortemEdit, responses=after.PostmortemOut)
    @postmortem.mapping.patch
    def edit_postmortem(self, request: Request, ref: str) -> Response:
        """Change the text, or which `lines` of the timeline stand in a draft; after publication with a `reason`."""
        request.data  # noqa: B018 - what cannot be read at all is refused first
        self.find(ref, request.actor)
        changes = self.parse(after.PostmortemEdit, partial=True)
        found = operations.edit_postmortem(
            ref,
            reason=changes.pop("reason", ""),
            lines=changes.pop("lines", None),
            changes=changes,
            version=expected_version(request),
            by=request.actor,
        )
        return self.answer(found, after.PostmortemOut)

    @verb(entry=after.PostmortemOut, path="postmortem/publish", status=200)
    def publish_postmortem(self, ref: str, data: Data, by: Actor) -> Postmortem:
        """Publish it: its facts stand from now on as they are."""
        return operations.publish_postmortem(ref, by=by)

    @verb(after.Waive, entry=after.PostmortemOut, path="postmortem/waive", status=200)
    def waive_postmortem(self, ref: str, data: Data, by: Actor) -> Postmortem:
        """Say that nobody has to write it; for SEV1 and SEV2 only a manager may."""
        return operations.waive_postmortem(ref, **data, by=by)


class TicketIncidentViewSet(DeskViewSet):
    """The incident that a ticket reports."""

    list_route = False
    serializer_class = shapes.IncidentOut

    @verb(shapes.FromTicket)
    def declare_incident(self, ref: str, data: Data, by: Actor) -> Incident:
        """Declare an incident from the ticket and link the two; answers the incident."""
        return operations.declare_from_ticket(ref, **data, by=by)


ROUTES = [
    ("incidents", IncidentViewSet),
    ("tickets", TicketIncidentViewSet),
    ("update-templates", UpdateTemplateViewSet),
]
