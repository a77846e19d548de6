"""The directory's endpoints."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from core.accounts.api import DeskAPIView, DeskViewSet, verb
from core.accounts.models import User
from core.accounts.permissions import Permission
from core.common.actor import Actor
from escalation import directory, finding, operations, queries, tier_api
from escalation.feed_api import ROUTES as FEED_ROUTES
from escalation.filters import PersonFilter, TeamFilter
from escalation.models import Team
from escalation.paging_api import ROUTES as PAGING_ROUTES
from escalation.rotation_api import GapsView, OverrideViewSet, RotationViewSet, SwapViewSet
from escalation.shapes import AnswerOut, PersonEdit, PersonOut, Question, TeamCreate, TeamEdit, TeamOut


class OnCallView(DeskAPIView):
    """Who is on call, until when, who follows, and whom to call when nobody answers; best match first.

    Give one of `component`, `team` and `q`; without any of them every team answers.
    """

    view_permission = Permission.VIEW_DIRECTORY
    known = frozenset(Question().fields)

    @extend_schema(parameters=[Question], responses=AnswerOut(many=True), operation_id="on_call_list")
    def get(self, request: Request) -> Response:
        found = finding.ask(**self.query(Question), by=request.actor)  # type: ignore[attr-defined]
        return Response(AnswerOut(found, many=True).data)


class TeamViewSet(DeskViewSet):
    """The escalation directory: who owns what."""

    model = Team
    view_permission = Permission.VIEW_DIRECTORY
    named_by = "slug"
    serializer_class = TeamOut
    create_form, patch_form = TeamCreate, TeamEdit
    filterset_class = TeamFilter
    ordering_fields = {"name": "name", "tier": "tier", "review_due": "review_due"}
    ordering = "name"
    related = ("lead", "manager", "owner")
    prefetch = ("components", "members")

    def find(self, ref: str, by: Actor) -> Team:
        return queries.get_team(ref, by=by)

    def do_create(self, data: dict[str, Any], by: Actor) -> Team:
        return operations.create_team(**data, by=by)

    def do_patch(self, ref: str, data: dict[str, Any], version: int | None, by: Actor) -> Team:
        return operations.edit_team(ref, changes=data, version=version, by=by)

    @verb()
    def review(self, ref: str, data: dict[str, Any], by: Actor) -> Team:
        """The entry was checked and is right; the next check is due after a quarter."""
        return operations.review_team(ref, by=by)


class PersonViewSet(DeskViewSet):
    """Everybody who works on the desk. People change their own entry, managers of the directory anybody's."""

    model = User
    view_permission = Permission.VIEW_DIRECTORY
    named_by = "username"
    serializer_class = PersonOut
    patch_form = PersonEdit
    filterset_class = PersonFilter
    ordering_fields = {"username": "username", "last_name": "last_name"}
    ordering = "username"

    def get_queryset(self) -> QuerySet[User]:
        return queries.people(self.request.actor)  # type: ignore[attr-defined]

    def get_serializer_context(self) -> dict[str, Any]:
        context = super().get_serializer_context()
        return context | {"may_be_called": directory.may_be_called(context["actor"])}

    def find(self, ref: str, by: Actor) -> User:
        return queries.get_person(ref, by=by)

    def do_patch(self, ref: str, data: dict[str, Any], version: int | None, by: Actor) -> User:
        return operations.edit_person(ref, changes=data, version=version, by=by)

    @verb()
    def review(self, ref: str, data: dict[str, Any], by: Actor) -> User:
        """The entry was checked and is right; the next check is due after a quarter."""
        return operations.review_person(ref, by=by)


ROUTES = [
    *tier_api.ROUTES,
    ("teams", TeamViewSet),
    ("people", PersonViewSet),
    ("rotations", RotationViewSet),
    ("overrides", OverrideViewSet),
    ("swaps", SwapViewSet),
    ("on-call/gaps", GapsView),
    ("on-call", OnCallView),
    *PAGING_ROUTES,
    *FEED_ROUTES,
]
