"""The customers' endpoints."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from catalogue.models import Application, Question
from core.accounts.api import DeskViewSet
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
from core.common.vocabulary import CustomerTier
from customers import operations, queries
from customers.filters import AnswerFilter, BusyWindowFilter, ContactFilter, OrganisationFilter
from customers.models import BusyWindow, Contact, EnvironmentAnswer, Organisation


class OrganisationEdit(StrictSerializer):
    name = Text(max_length=120)
    tier = serializers.ChoiceField(choices=CustomerTier.choices, required=False)
    timezone = Zone(max_length=64, required=False)
    account_manager = Ref(User, "username", required=False, allow_null=True)
    applications = RefList(Application, required=False)
    renewal_date = serializers.DateField(required=False, allow_null=True)
    at_risk = Flag(required=False)
    notes = Text(long=True, required=False, allow_blank=True)


class OrganisationCreate(OrganisationEdit):
    slug = Slug()


class OrganisationOut(StrictSerializer):
    slug = serializers.CharField()
    name = serializers.CharField()
    tier = serializers.ChoiceField(choices=CustomerTier.choices)
    timezone = serializers.CharField()
    account_manager = Named("username", allow_null=True)
    applications = Named("slug", many=True)
    renewal_date = serializers.DateField(allow_null=True)
    at_risk = serializers.BooleanField()
    notes = serializers.CharField()


class ContactEdit(StrictSerializer):
    name = Text(max_length=120)
    email = serializers.EmailField(max_length=254)
    phone = Text(max_length=40, required=False, allow_blank=True)
    job_title = Text(max_length=100, required=False, allow_blank=True)
    organisation = Ref(Organisation, required=False, allow_null=True)
    sees_organisation = Flag(required=False)


class ContactOut(StrictSerializer):
    id = serializers.IntegerField()
    name = serializers.CharField()
    email = serializers.EmailField()
    phone = serializers.CharField()
    job_title = serializers.CharField()
    organisation = Named("slug", allow_null=True)
    sees_organisation = serializers.BooleanField()
    user = Named("username", allow_null=True)


class BusyWindowEdit(StrictSerializer):
    weekdays = serializers.ListField(
        child=Number(max_value=6), min_length=1, max_length=7, help_text="0 is Monday."
    )
    starts = serializers.TimeField()
    ends = serializers.TimeField()
    timezone = Zone(max_length=64)
    note = Text(max_length=200, required=False, allow_blank=True)


class BusyWindowCreate(BusyWindowEdit):
    organisation = Ref(Organisation)


class BusyWindowOut(StrictSerializer):
    id = serializers.IntegerField()
    organisation = Named("slug")
    weekdays = serializers.ListField(child=serializers.IntegerField())
    starts = serializers.TimeField()
    ends = serializers.TimeField()
    timezone = serializers.CharField()
    note = serializers.CharField()


class AnswerCreate(StrictSerializer):
    organisation = Ref(Organisation)
    question = RefById(Question)
    value = Text(max_length=500)


class AnswerOut(StrictSerializer):
    id = serializers.IntegerField()
    organisation = Named("slug")
    application = serializers.CharField(source="question.application.slug")
    question = serializers.IntegerField(source="question_id")
    key = serializers.CharField(source="question.key")
    value = serializers.CharField()
    before = serializers.CharField()
    answered_at = UtcDateTime()


class CustomerViewSet(DeskViewSet):
    """What the three kinds have in common."""

    view_permission = Permission.VIEW_CUSTOMERS
    named_by = "pk"
    ordering_fields = {"name": "name", "id": "pk"}
    ordering = "name"

    def find(self, ref: str, by: Actor) -> Any:
        return queries.get_for(self.model, ref, by=by)

    def do_create(self, data: dict[str, Any], by: Actor) -> Any:
        return operations.create(self.model, data, by=by)

    def do_patch(self, ref: str, data: dict[str, Any], version: int | None, by: Actor) -> Any:
        return operations.edit(self.model, ref, data, version=version, by=by)


class OrganisationViewSet(CustomerViewSet):
    """The customers."""

    model = Organisation
    named_by = "slug"
    serializer_class = OrganisationOut
    create_form, patch_form = OrganisationCreate, OrganisationEdit
    filterset_class = OrganisationFilter
    ordering_fields = {"name": "name", "slug": "slug", "renewal_date": "renewal_date"}
    related = ("account_manager",)
    prefetch = ("applications",)


class ContactViewSet(CustomerViewSet):
    """The people at the customers."""

    model = Contact
    serializer_class = ContactOut
    create_form = patch_form = ContactEdit
    filterset_class = ContactFilter
    related = ("organisation", "user")


class BusyWindowViewSet(CustomerViewSet):
    """When customers must not be disturbed, by their own clock."""

    model = BusyWindow
    serializer_class = BusyWindowOut
    create_form, patch_form = BusyWindowCreate, BusyWindowEdit
    filterset_class = BusyWindowFilter
    ordering_fields = {"id": "pk"}
    ordering = "id"
    related = ("organisation",)


class EnvironmentAnswerViewSet(CustomerViewSet):
    """What is known of the customers' environments; answering again replaces, and keeps what was before."""

    model = EnvironmentAnswer
    serializer_class = AnswerOut
    create_form = AnswerCreate
    filterset_class = AnswerFilter
    ordering_fields = {"answered_at": "answered_at", "id": "pk"}
    ordering = "-answered_at"
    related = ("organisation", "question__application")

    def do_create(self, data: dict[str, Any], by: Actor) -> EnvironmentAnswer:
        organisation, question = data["organisation"], data["question"]
        operations.answer(organisation, question.application, {question.key: data["value"]}, by=by)
        return EnvironmentAnswer.objects.get(organisation=organisation, question=question)


ROUTES = [
    ("organisations", OrganisationViewSet),
    ("contacts", ContactViewSet),
    ("busy-windows", BusyWindowViewSet),
    ("environment-answers", EnvironmentAnswerViewSet),
]
