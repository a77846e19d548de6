"""The directory's endpoints."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from catalogue.models import Component
from core.accounts.api import DeskAPIView, DeskViewSet, verb
from core.accounts.models import User
from core.accounts.permissions import Permission
from core.common.actor import Actor
from core.common.api import (
    Flag,
    Named,
    Number,
    Ref,
    RefById,
    RefList,
    Slug,
    StrictSerializer,
    Text,
    UtcDateTime,
    Zone,
)
from core.common.vocabulary import Area, Role
from escalation import directory, operations, queries
from escalation.filters import OverrideFilter, PersonFilter, RotationFilter, TeamFilter
from escalation.models import Override, Rotation, Team

# Customers are no part of the directory, so nobody can put one there.
PEOPLE = User.objects.exclude(role_grants__role=Role.CUSTOMER)


class TeamEdit(StrictSerializer):
    name = Text(max_length=100)
    tier = Number(min_value=1, max_value=5, required=False)
    scope = Text(long=True, required=False, allow_blank=True)
    not_scope = Text(long=True, required=False, allow_blank=True)
    keywords = Text(long=True, required=False, allow_blank=True)
    have_ready = Text(max_length=200, required=False, allow_blank=True)
    areas = serializers.ListField(
        child=serializers.ChoiceField(choices=Area.choices), required=False, max_length=20
    )
    components = RefList(Component, required=False)
    members = RefList(PEOPLE, "username", required=False)
    zone = Zone(max_length=64, required=False)
    hours = Text(max_length=100, required=False, allow_blank=True)
    email = serializers.EmailField(max_length=254, required=False, allow_blank=True)
    phone = Text(max_length=40, required=False, allow_blank=True)
    chat = Text(max_length=200, required=False, allow_blank=True)
    lead = Ref(PEOPLE, "username", required=False, allow_null=True)
    manager = Ref(PEOPLE, "username", required=False, allow_null=True)
    owner = Ref(PEOPLE, "username", required=False, allow_null=True)
    is_vendor = Flag(required=False)
    active = Flag(required=False)
    review_due = serializers.DateField(required=False)


class TeamCreate(TeamEdit):
    slug = Slug(required=False)


class TeamOut(StrictSerializer):
    slug = serializers.CharField()
    name = serializers.CharField()
    tier = serializers.IntegerField()
    scope = serializers.CharField()
    not_scope = serializers.CharField()
    keywords = serializers.CharField()
    have_ready = serializers.CharField()
    areas = serializers.ListField(child=serializers.CharField())
    components = Named("slug", many=True)
    members = Named("username", many=True)
    zone = serializers.CharField()
    hours = serializers.CharField()
    email = serializers.CharField()
    phone = serializers.CharField()
    chat = serializers.CharField()
    lead = Named("username", allow_null=True)
    manager = Named("username", allow_null=True)
    owner = Named("username", allow_null=True)
    is_vendor = serializers.BooleanField()
    active = serializers.BooleanField()
    reviewed_at = UtcDateTime(allow_null=True)
    review_due = serializers.DateField()


class PersonOut(StrictSerializer):
    username = serializers.CharField()
    name = serializers.CharField(source="display_name")
    job_title = serializers.CharField()
    email = serializers.CharField()
    phone = serializers.SerializerMethodField(
        help_text="Shown while the person is on call, leads or manages a team, and to the person."
    )
    timezone = serializers.CharField()
    teams = Named("slug", many=True)
    roles = serializers.SerializerMethodField()

    def get_phone(self, person: User) -> str | None:
        return person.phone if person.pk in self.context.get("may_be_called", ()) else None

    def get_roles(self, person: User) -> list[str]:
        return sorted(person.role_set)


class RotationEdit(StrictSerializer):
    name = Text(max_length=100)
    people = serializers.ListField(child=Ref(PEOPLE, "username"), max_length=100)
    step = Number(min_value=1, max_value=5, required=False)
    position = Number(max_value=50, required=False)
    zone = Zone(max_length=64, required=False)
    period = serializers.ChoiceField(choices=Rotation.Period.choices, required=False)
    handoff_weekday = Number(max_value=6, required=False, help_text="0 is Monday.")
    handoff_time = serializers.TimeField(help_text="Wall clock in `zone`, as 09:00.")
    start = serializers.DateField(help_text="The first turn begins on this day at the hand-off time.")
    restrictions = serializers.JSONField(
        required=False, help_text='[{"weekdays": [0, 1], "from": "08:00", "to": "18:00"}]; none means always.'
    )
    active = Flag(required=False)


class RotationCreate(RotationEdit):
    team = Ref(Team, "slug")


class RotationOut(StrictSerializer):
    id = serializers.IntegerField()
    team = Named("slug")
    name = serializers.CharField()
    people = serializers.SerializerMethodField()
    step = serializers.IntegerField()
    position = serializers.IntegerField()
    zone = serializers.CharField()
    period = serializers.ChoiceField(choices=Rotation.Period.choices)
    handoff_weekday = serializers.IntegerField()
    handoff_time = serializers.TimeField(format="%H:%M")
    start = serializers.DateField()
    restrictions = serializers.JSONField()
    active = serializers.BooleanField()

    def get_people(self, rotation: Rotation) -> list[str]:
        return [turn.user.username for turn in rotation.turns.all()]


class OverrideCreate(StrictSerializer):
    rotation = RefById(Rotation)
    user = Ref(PEOPLE, "username")
    instead_of = Ref(PEOPLE, "username", required=False, allow_null=True)
    starts_at = UtcDateTime()
    ends_at = UtcDateTime()
    reason = Text(max_length=200, required=False, allow_blank=True)


class OverrideOut(StrictSerializer):
    id = serializers.IntegerField()
    rotation = serializers.IntegerField(source="rotation_id")
    team = Named("slug", source="rotation.team")
    user = Named("username")
    instead_of = Named("username", allow_null=True)
    starts_at = UtcDateTime()
    ends_at = UtcDateTime()
    reason = serializers.CharField()
    cancelled_at = UtcDateTime(allow_null=True)


class StepOut(StrictSerializer):
    person = Named("username")
    name = serializers.CharField(source="person.display_name")
    role = serializers.CharField()
    after_minutes = serializers.IntegerField()
    phone = serializers.CharField()


class AnswerOut(StrictSerializer):
    team = Named("slug")
    name = serializers.CharField(source="team.name")
    tier = serializers.IntegerField(source="team.tier")
    scope = serializers.CharField(source="team.scope")
    not_scope = serializers.CharField(source="team.not_scope")
    person = Named("username", allow_null=True)
    person_name = serializers.SerializerMethodField()
    phone = serializers.CharField()
    email = serializers.CharField()
    until = UtcDateTime(allow_null=True)
    next = Named("username", allow_null=True)
    reason = serializers.CharField()
    reviewed_at = UtcDateTime(source="team.reviewed_at", allow_null=True)
    review_due = serializers.DateField(source="team.review_due")
    escalation = StepOut(source="chain", many=True)

    def get_person_name(self, answer: directory.Answer) -> str | None:
        return answer.person.display_name if answer.person else None


class Question(StrictSerializer):
    component = Ref(Component, "slug", required=False, help_text="Who owns this component.")
    team = Ref(Team, "slug", required=False, help_text="Who is on call for this team.")
    q = Text(
        max_length=200, required=False, allow_blank=True, help_text="Words, as in the page's search box."
    )
    at = UtcDateTime(required=False, help_text="The moment asked about; now without one.")


class OnCallView(DeskAPIView):
    """Who is on call, until when, who follows, and whom to call when nobody answers; best match first.

    Give one of `component`, `team` and `q`; without any of them every team answers.
    """

    view_permission = Permission.VIEW_DIRECTORY
    known = frozenset(Question().fields)

    @extend_schema(parameters=[Question], responses=AnswerOut(many=True), operation_id="on_call_list")
    def get(self, request: Request) -> Response:
        found = directory.ask(**self.query(Question))
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
    """Everybody who works on the desk."""

    model = User
    view_permission = Permission.VIEW_DIRECTORY
    named_by = "username"
    serializer_class = PersonOut
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


ROUTES = [
    ("teams", TeamViewSet),
    ("people", PersonViewSet),
    ("rotations", RotationViewSet),
    ("overrides", OverrideViewSet),
    ("on-call", OnCallView),
]
