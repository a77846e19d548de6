"""The endpoints of rotations and stand-ins."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from core.accounts.api import DeskAPIView, DeskViewSet, verb
from core.accounts.permissions import Permission
from core.common import clock
from core.common.actor import Actor
from escalation import board, operations, queries
from escalation.filters import OverrideFilter, RotationFilter, SwapFilter
from escalation.models import Override, Rotation, Swap
from escalation.rotation_shapes import (
    GapOut,
    GapQuestion,
    OverrideCreate,
    OverrideOut,
    RotationCreate,
    RotationEdit,
    RotationOut,
    SwapCreate,
    SwapOut,
)


class GapsView(DeskAPIView):
    """Where nobody is on call in the next days, the first gap first."""

    view_permission = Permission.VIEW_DIRECTORY
    known = frozenset(GapQuestion().fields)

    @extend_schema(parameters=[GapQuestion], responses=GapOut(many=True), operation_id="on_call_gaps_list")
    def get(self, request: Request) -> Response:
        asked, now = self.query(GapQuestion), clock.now()
        teams = queries.teams(request.actor).filter(active=True).prefetch_related(None)
        chosen = [asked["team"]] if "team" in asked else list(teams)
        found = board.gaps(chosen, now, now + timedelta(days=asked.get("days", board.GAPS_WITHIN.days)))
        return Response(GapOut(found, many=True).data)


class RotationViewSet(DeskViewSet):
    """People who take turns being on call. Editing one never changes who was on call."""

    model = Rotation
    view_permission = Permission.VIEW_DIRECTORY
    named_by = "pk"
    serializer_class = RotationOut
    create_form, patch_form = RotationCreate, RotationEdit
    filterset_class = RotationFilter
    ordering_fields = {"id": "pk", "name": "name"}
    ordering = "id"
    related = ("team",)
    prefetch = ("turns__user",)

    def find(self, ref: str, by: Actor) -> Rotation:
        return queries.get_rotation(ref, by=by)

    def do_create(self, data: dict[str, Any], by: Actor) -> Rotation:
        return operations.create_rotation(**data, by=by)

    def do_patch(self, ref: str, data: dict[str, Any], version: int | None, by: Actor) -> Rotation:
        return operations.edit_rotation(ref, changes=data, version=version, by=by)


class OverrideViewSet(DeskViewSet):
    """Somebody stands in: for the person named in `instead_of`, or for whoever is on call."""

    model = Override
    view_permission = Permission.VIEW_DIRECTORY
    named_by = "pk"
    serializer_class = OverrideOut
    create_form = OverrideCreate
    filterset_class = OverrideFilter
    ordering_fields = {"id": "pk", "starts_at": "starts_at"}
    ordering = "-id"
    related = ("rotation__team", "user", "instead_of")

    def find(self, ref: str, by: Actor) -> Override:
        return queries.get_override(ref, by=by)

    def do_create(self, data: dict[str, Any], by: Actor) -> Override:
        return operations.add_override(**data, by=by)

    @verb()
    def cancel(self, ref: str, data: dict[str, Any], by: Actor) -> Override:
        """End it now; what it did until now stays."""
        return operations.cancel_override(ref, by=by)


class SwapViewSet(DeskViewSet):
    """A shift that somebody would give away: offered, then taken, withdrawn or expired."""

    model = Swap
    view_permission = Permission.VIEW_DIRECTORY
    named_by = "pk"
    serializer_class = SwapOut
    create_form = SwapCreate
    filterset_class = SwapFilter
    ordering_fields = {"id": "pk", "starts_at": "starts_at"}
    ordering = "-id"
    related = ("rotation__team", "asked_by", "asked_of", "taken_by")
    prefetch = ("overrides",)

    def find(self, ref: str, by: Actor) -> Swap:
        return queries.get_swap(ref, by=by)

    def do_create(self, data: dict[str, Any], by: Actor) -> Swap:
        return operations.ask_swap(**data, by=by)

    @verb()
    def take(self, ref: str, data: dict[str, Any], by: Actor) -> Swap:
        """Take the shift; of several who try at once, one gets it."""
        return operations.take_swap(ref, by=by)

    @verb()
    def withdraw(self, ref: str, data: dict[str, Any], by: Actor) -> Swap:
        """Take the offer back, or decline it."""
        return operations.withdraw_swap(ref, by=by)
