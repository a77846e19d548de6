"""The catalogue's endpoints."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from catalogue import operations, queries
from catalogue.filters import ApplicationFilter, ComponentFilter, QuestionFilter, RegionFilter, ServiceFilter
from catalogue.models import Application, Component, Question, Region, Service
from catalogue.rules import MOST_CHOICES
from core.accounts.api import DeskViewSet
from core.accounts.permissions import Permission
from core.common.actor import Actor
from core.common.api import Flag, Named, Number, Ref, Slug, StrictSerializer, Text


class ApplicationEdit(StrictSerializer):
    name = Text(max_length=100)
    description = Text(long=True, required=False, allow_blank=True)
    public = Flag(required=False)


class ApplicationCreate(ApplicationEdit):
    slug = Slug()


class ApplicationOut(StrictSerializer):
    slug = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField()
    public = serializers.BooleanField()


class ComponentEdit(StrictSerializer):
    name = Text(max_length=100)
    layer = serializers.ChoiceField(choices=Component.Layer.choices, required=False)
    public_name = Text(max_length=100, required=False, allow_blank=True)


class ComponentCreate(ComponentEdit):
    slug = Slug()
    application = Ref(Application)


class ComponentOut(StrictSerializer):
    slug = serializers.CharField()
    name = serializers.CharField()
    layer = serializers.ChoiceField(choices=Component.Layer.choices)
    public_name = serializers.CharField()
    application = Named("slug")


class RegionEdit(StrictSerializer):
    name = Text(max_length=100)
    share_percent = Number(max_value=100, required=False)


class RegionCreate(RegionEdit):
    slug = Slug()


class RegionOut(StrictSerializer):
    slug = serializers.CharField()
    name = serializers.CharField()
    share_percent = serializers.IntegerField()


class ServiceCreate(RegionCreate):
    application = Ref(Application)


class ServiceOut(RegionOut):
    application = Named("slug")


class QuestionEdit(StrictSerializer):
    text = Text(max_length=200)
    type = serializers.ChoiceField(choices=Question.Type.choices, required=False)
    choices = serializers.ListField(child=Text(max_length=100), required=False, max_length=MOST_CHOICES)
    required = Flag(required=False)
    position = Number(max_value=32767, required=False)


class QuestionCreate(QuestionEdit):
    application = Ref(Application)
    key = Slug()


class QuestionOut(StrictSerializer):
    id = serializers.IntegerField()
    application = Named("slug")
    key = serializers.CharField()
    text = serializers.CharField()
    type = serializers.ChoiceField(choices=Question.Type.choices)
    choices = serializers.ListField(child=serializers.CharField())
    required = serializers.BooleanField()
    position = serializers.IntegerField()


class CatalogueViewSet(DeskViewSet):
    """What the four kinds have in common: a slug, and the same two operations."""

    view_permission = Permission.VIEW_CATALOGUE
    named_by = "slug"
    ordering_fields = {"name": "name", "slug": "slug"}
    ordering = "name"

    def find(self, ref: str, by: Actor) -> Any:
        return queries.get_for(self.model, ref, by=by)

    def do_create(self, data: dict[str, Any], by: Actor) -> Any:
        return operations.create(self.model, data, by=by)

    def do_patch(self, ref: str, data: dict[str, Any], version: int | None, by: Actor) -> Any:
        return operations.edit(self.model, ref, data, version=version, by=by)


class ApplicationViewSet(CatalogueViewSet):
    """The applications that the desk supports."""

    model = Application
    serializer_class = ApplicationOut
    create_form, patch_form = ApplicationCreate, ApplicationEdit
    filterset_class = ApplicationFilter


class ComponentViewSet(CatalogueViewSet):
    """The parts of the applications, by layer."""

    model = Component
    serializer_class = ComponentOut
    create_form, patch_form = ComponentCreate, ComponentEdit
    filterset_class = ComponentFilter
    related = ("application",)


class RegionViewSet(CatalogueViewSet):
    """Where the users of the applications are."""

    model = Region
    serializer_class = RegionOut
    create_form, patch_form = RegionCreate, RegionEdit
    filterset_class = RegionFilter


class ServiceViewSet(CatalogueViewSet):
    """Parts of an application's work that can fail by themselves."""

    model = Service
    serializer_class = ServiceOut
    create_form, patch_form = ServiceCreate, RegionEdit
    filterset_class = ServiceFilter
    related = ("application",)


class QuestionViewSet(DeskViewSet):
    """What the desk asks about a customer's environment of an application."""

    model = Question
    view_permission = Permission.VIEW_CATALOGUE
    serializer_class = QuestionOut
    create_form, patch_form = QuestionCreate, QuestionEdit
    filterset_class = QuestionFilter
    named_by = "pk"
    ordering_fields = {"position": "position", "id": "pk"}
    ordering = "position"
    related = ("application",)

    def find(self, ref: str, by: Actor) -> Question:
        return queries.question(ref, by=by)

    def do_create(self, data: dict[str, Any], by: Actor) -> Question:
        return operations.ask(data, by=by)

    def do_patch(self, ref: str, data: dict[str, Any], version: int | None, by: Actor) -> Question:
        return operations.edit_question(ref, data, version=version, by=by)


ROUTES = [
    ("applications", ApplicationViewSet),
    ("components", ComponentViewSet),
    ("regions", RegionViewSet),
    ("services", ServiceViewSet),
    ("questions", QuestionViewSet),
]
