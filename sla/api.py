"""The endpoints of service levels."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from core.accounts.api import DeskAPIView, DeskViewSet, listing, verb
from core.accounts.permissions import Permission
from core.common import clock
from core.common.actor import Actor
from core.common.errors import NotFound
from sla import operations, queries, shapes, simulation
from sla.filters import BreachFilter, CalendarFilter, PolicyFilter
from sla.models import Breach, Calendar, Policy
from sla.rules import Facts

Data = dict[str, Any]


class CalendarViewSet(DeskViewSet):
    """Business calendars. Open clocks follow an edit; what was counted before it stays."""

    model = Calendar
    view_permission = Permission.VIEW_SERVICE_LEVELS
    named_by = "slug"
    serializer_class = shapes.CalendarOut
    create_form, patch_form = shapes.CalendarCreate, shapes.CalendarEdit
    filterset_class = CalendarFilter
    ordering_fields = {"name": "name", "slug": "slug"}
    ordering = "name"

    def rows(self, by: Actor) -> QuerySet[Calendar]:
        return Calendar.objects.all()

    def find(self, ref: str, by: Actor) -> Calendar:
        return queries.get_calendar(ref, by=by)

    def do_create(self, data: Data, by: Actor) -> Calendar:
        return operations.create_calendar(**data, by=by)

    def do_patch(self, ref: str, data: Data, version: int | None, by: Actor) -> Calendar:
        return operations.edit_calendar(ref, values=data, if_version=version, by=by)

    @listing(shapes.VersionOut, ordering=("-number",))
    def versions(self, ref: str, by: Actor) -> Any:
        """The hours that it has had, the latest first; clocks are explained by them."""
        return self.find(ref, by).versions.all()


class PolicyViewSet(DeskViewSet):
    """What is promised to whom. Empty match fields mean anybody; the most specific policy that fits is taken."""

    model = Policy
    view_permission = Permission.VIEW_SERVICE_LEVELS
    named_by = "pk"
    serializer_class = shapes.PolicyOut
    create_form, patch_form = shapes.PolicyCreate, shapes.PolicyEdit
    filterset_class = PolicyFilter
    related = ("calendar", "application")
    ordering_fields = {"order": "order", "name": "name"}
    ordering = "order"

    def rows(self, by: Actor) -> QuerySet[Policy]:
        return Policy.objects.all()

    def find(self, ref: str, by: Actor) -> Policy:
        return queries.get_policy(_number(ref), by=by)

    def do_create(self, data: Data, by: Actor) -> Policy:
        return operations.create_policy(**data, by=by)

    def do_patch(self, ref: str, data: Data, version: int | None, by: Actor) -> Policy:
        follow = data.pop("follow", True)
        return operations.edit_policy(_number(ref), values=data, follow=follow, if_version=version, by=by)


class BreachViewSet(DeskViewSet):
    """Promises that were missed: who had the work, by how much, and why."""

    model = Breach
    view_permission = Permission.WORK_TICKET
    named_by = "pk"
    serializer_class = shapes.BreachOut
    filterset_class = BreachFilter
    related = ("clock__calendar", "owner")
    ordering_fields = {"breached_at": "breached_at"}
    ordering = "-breached_at"

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "now": clock.now()}

    def find(self, ref: str, by: Actor) -> Breach:
        return queries.get_breach(_number(ref), by=by)

    @verb(shapes.Explain)
    def explain(self, ref: str, data: Data, by: Actor) -> Breach:
        """Say why it was missed."""
        return operations.explain(_number(ref), **data, by=by)


class SimulationView(DeskAPIView):
    """What would be promised, and when it would be due. Nothing is written."""

    view_permission = Permission.VIEW_SERVICE_LEVELS
    known = frozenset(shapes.SimulationQuestion().fields)

    @extend_schema(
        parameters=[shapes.SimulationQuestion],
        responses=shapes.SimulationOut,
        operation_id="service_levels_simulate",
    )
    def get(self, request: Request) -> Response:
        asked = self.query(shapes.SimulationQuestion)
        organisation, application = asked.get("organisation"), asked.get("application")
        facts = Facts(
            priority=asked["priority"],
            customer_tier=asked.get("customer_tier") or (organisation.tier if organisation else ""),
            kind=asked.get("kind", ""),
            application_id=application.pk if application else None,
        )
        policy = queries.get_policy(asked["policy"], by=request.actor) if "policy" in asked else None
        found = simulation.simulate(
            facts, at=asked.get("at") or clock.now(), policy=policy, calendar=asked.get("calendar"),
            pauses=asked.get("pauses", ()),
        )  # fmt: skip
        return Response(shapes.SimulationOut(found).data)


def _number(ref: str) -> int:
    if not ref.isascii() or not ref.isdigit() or len(ref) > 18:
        raise NotFound("There is nothing here by that number.")
    return int(ref)


ROUTES = [
    ("calendars", CalendarViewSet),
    ("policies", PolicyViewSet),
    ("breaches", BreachViewSet),
    ("service-levels/simulate", SimulationView),
]
