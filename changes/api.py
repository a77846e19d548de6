"""The changes' endpoints: one action per verb, and the calendar for other programs."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request

from changes import calendar, operations, queries, shapes
from changes.filters import ChangeFilter
from changes.models import Change
from core.accounts.api import DeskAPIView, DeskViewSet, listing, reading, verb
from core.accounts.permissions import Permission
from core.audit.api import EventOut
from core.common import ical
from core.common.actor import Actor

Data = dict[str, Any]


class ChangeViewSet(DeskViewSet):
    """Changes to production: plans, approvals, carrying out and checking."""

    model = Change
    view_permission = Permission.VIEW_CHANGES
    serializer_class = shapes.ChangeOut
    create_form, patch_form = shapes.ChangeCreate, shapes.ChangeEdit
    filterset_class = ChangeFilter
    related = queries.RELATED
    prefetch = ("applications", "components", "approvals__approver")
    ordering_fields = {
        "created_at": "created_at",
        "planned_start": "planned_start",
        "risk_score": "risk_score",
        "title": "title",
        "reference": "pk",
    }
    action_fields = {
        "status": "submit, revise, withdraw, approve, reject, schedule, start, finish, validate, back_out or close",
        "outcome": "back_out or close",
        "approvals": "approve or reject",
        "validated_by": "validate",
    }

    def find(self, ref: str, by: Actor) -> Change:
        return queries.get_for(ref, by=by)

    def do_create(self, data: Data, by: Actor) -> Change:
        return operations.draft(**data, by=by)

    def do_patch(self, ref: str, data: Data, version: int | None, by: Actor) -> Change:
        return operations.edit(ref, values=data, version=version, by=by)

    @verb(shapes.Submit)
    def submit(self, ref: str, data: Data, by: Actor) -> Change:
        """Bring the draft before its approvers; the approvals it needs are frozen here."""
        return operations.submit(ref, **data, by=by)

    @verb()
    def revise(self, ref: str, data: Data, by: Actor) -> Change:
        """Take it back to the draft; approvals given are void."""
        return operations.revise(ref, by=by)

    @verb(shapes.Reason)
    def withdraw(self, ref: str, data: Data, by: Actor) -> Change:
        """Give it up before it was carried out."""
        return operations.withdraw(ref, **data, by=by)

    @verb(shapes.Note)
    def approve(self, ref: str, data: Data, by: Actor) -> Change:
        """Give one approval; with the last one it is approved. Never by its author."""
        return operations.approve(ref, **data, by=by)

    @verb(shapes.NeededNote)
    def reject(self, ref: str, data: Data, by: Actor) -> Change:
        """Say no, with the reason."""
        return operations.reject(ref, **data, by=by)

    @verb()
    def schedule(self, ref: str, data: Data, by: Actor) -> Change:
        """Put the approved change into the calendar for good."""
        return operations.schedule(ref, by=by)

    @verb()
    def start(self, ref: str, data: Data, by: Actor) -> Change:
        """Begin the work, when `may-start` says so."""
        return operations.start(ref, by=by)

    @verb(shapes.Note)
    def finish(self, ref: str, data: Data, by: Actor) -> Change:
        """The work is done and can be checked."""
        return operations.finish(ref, **data, by=by)

    @verb(shapes.Validate)
    def validate(self, ref: str, data: Data, by: Actor) -> Change:
        """Record whether it worked, by somebody who did not carry it out."""
        return operations.validate(ref, **data, by=by)

    @verb(shapes.NeededNote)
    def back_out(self, ref: str, data: Data, by: Actor) -> Change:
        """It was taken back; closes the change as backed out."""
        return operations.back_out(ref, **data, by=by)

    @verb(shapes.Close)
    def close(self, ref: str, data: Data, by: Actor) -> Change:
        """End a change that was checked, with its outcome."""
        return operations.close(ref, **data, by=by)

    @reading(shapes.PermitOut, path="may-start")
    def may_start(self, ref: str, by: Actor) -> Any:
        """Whether it may start at this moment, and why (not)."""
        return queries.may_start(ref, by=by)

    @reading(shapes.CollisionOut, many=True, params=shapes.CollisionsAsked, detail=False)
    def collisions(self, by: Actor, query: Data) -> Any:
        """What is in each other's way: of one change, of a plan that is none yet, or of the next 30 days."""
        return calendar.asked_collisions(by, **query)

    @listing(EventOut)
    def history(self, ref: str, by: Actor) -> Any:
        """What happened to the change, the oldest first."""
        return queries.history(ref, by=by)


class CalendarRenderer(BaseRenderer):
    media_type = "text/calendar"
    format = "ics"


class CalendarView(DeskAPIView):
    """The calendar of changes as iCalendar (RFC 5545), to subscribe to."""

    view_permission = Permission.VIEW_CHANGES
    renderer_classes = (CalendarRenderer, JSONRenderer)

    @extend_schema(
        responses={(200, "text/calendar"): OpenApiResponse(OpenApiTypes.STR, "An iCalendar file.")}
    )
    def get(self, request: Request) -> HttpResponse:
        return HttpResponse(calendar.feed(request.actor), content_type=ical.MEDIA_TYPE)  # type: ignore[attr-defined]


ROUTES = [("changes/calendar.ics", CalendarView), ("changes", ChangeViewSet)]
