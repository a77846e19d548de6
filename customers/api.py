"""The customers' endpoints."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from catalogue.models import Application, Question, Service
from core.accounts.api import DeskViewSet, verb
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
from core.common.ids import plain_number
from core.common.vocabulary import CustomerTier
from core.outbox import bounces
from customers import operations, queries
from customers.filters import (
    AnswerFilter,
    BusyWindowFilter,
    ContactFilter,
    ImpactNoteFilter,
    OrganisationFilter,
    SubscriptionFilter,
)
from customers.models import (
    CHANNELS,
    Audience,
    BusyWindow,
    Contact,
    EnvironmentAnswer,
    ImpactNote,
    Organisation,
    Subscription,
)


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


class Reachable(StrictSerializer):
    """Says of a mail address whether it takes mail; the addresses of all that are answered here are read at once."""

    undeliverable = serializers.SerializerMethodField(
        help_text="Why the address takes no mail; null while it does."
    )

    address_field = "email"

    def get_undeliverable(self, row: Any) -> str | None:
        if "dead" not in self.context:
            shown = self.parent.instance if self.parent is not None else [row]
            self.context["dead"] = bounces.dead(getattr(one, self.address_field) for one in shown)
        found = self.context["dead"].get(getattr(row, self.address_field).casefold())
        return found.why if found else None


class ContactOut(Reachable):
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


class ImpactNoteEdit(StrictSerializer):
    organisation = Ref(Organisation, required=False, allow_null=True)
    contact = RefById(Contact, required=False, allow_null=True)
    application = Ref(Application)
    service = Ref(Service, required=False, allow_null=True)
    stops = Text(long=True)
    weekdays = serializers.ListField(
        child=Number(max_value=6), required=False, max_length=7, help_text="0 is Monday; none: every day."
    )
    starts = serializers.TimeField(required=False, allow_null=True)
    ends = serializers.TimeField(required=False, allow_null=True)
    timezone = Zone(max_length=64, required=False)
    workaround = Text(long=True, required=False, allow_blank=True)
    tell = Text(max_length=200, required=False, allow_blank=True)
    review_on = serializers.DateField(required=False, allow_null=True)


class ImpactNoteOut(StrictSerializer):
    id = serializers.IntegerField()
    organisation = Named("slug", allow_null=True)
    contact = serializers.IntegerField(source="contact_id", allow_null=True)
    application = Named("slug")
    service = Named("slug", allow_null=True)
    stops = serializers.CharField()
    weekdays = serializers.ListField(child=serializers.IntegerField())
    starts = serializers.TimeField(allow_null=True)
    ends = serializers.TimeField(allow_null=True)
    timezone = serializers.CharField()
    workaround = serializers.CharField()
    tell = serializers.CharField()
    review_on = serializers.DateField(allow_null=True)


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


class SubscriptionCreate(StrictSerializer):
    application = Ref(Application, required=False, allow_null=True)
    organisation = Ref(Organisation, required=False, allow_null=True)
    person = Ref(User, "username", required=False)
    email = serializers.EmailField(max_length=254, required=False)
    channel = serializers.ChoiceField(choices=CHANNELS, required=False)
    url = Text(max_length=2000, required=False, allow_blank=True)
    label = Text(max_length=60, required=False, allow_blank=True)
    audience = serializers.ChoiceField(choices=Audience.choices, required=False)


class SubscriptionOut(Reachable):
    id = serializers.IntegerField()
    person = Named("username", source="user", allow_null=True)
    email = serializers.CharField(source="address")
    channel = serializers.ChoiceField(choices=CHANNELS)
    label = serializers.CharField()
    audience = serializers.ChoiceField(choices=Audience.choices)
    application = Named("slug", allow_null=True)
    organisation = Named("slug", allow_null=True)
    incident = serializers.SerializerMethodField()
    unconfirmed_since = UtcDateTime(allow_null=True)
    created_at = UtcDateTime(allow_null=True)
    ended_at = UtcDateTime(allow_null=True)
    secret = serializers.CharField(default="", help_text="Of a webhook; only in the answer that made it.")

    address_field = "address"

    def get_incident(self, row: Subscription) -> str | None:
        return f"INC-{row.incident_id}" if row.incident_id is not None else None


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


class ImpactNoteViewSet(CustomerViewSet):
    """What stops for whom when an application fails, when it hurts most, and what they do by hand."""

    model = ImpactNote
    serializer_class = ImpactNoteOut
    create_form = patch_form = ImpactNoteEdit
    filterset_class = ImpactNoteFilter
    ordering_fields = {"id": "pk", "review_on": "review_on"}
    ordering = "id"
    related = ("organisation", "application", "service")


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


class SubscriptionViewSet(DeskViewSet):
    """Who is told about incidents, by application, customer or neither; those of one incident are added there."""

    model = Subscription
    view_permission = Permission.VIEW_INCIDENTS
    named_by = "pk"
    serializer_class = SubscriptionOut
    create_form = SubscriptionCreate
    filterset_class = SubscriptionFilter
    ordering_fields = {"id": "pk"}
    ordering = "-id"
    related = ("user", "endpoint", "application", "organisation")

    def rows(self, by: Actor) -> Any:
        return Subscription.objects.visible_to(by).running()

    def find(self, ref: str, by: Actor) -> Subscription:
        return queries.subscription(plain_number(ref), by=by)

    def do_create(self, data: dict[str, Any], by: Actor) -> Subscription:
        made = operations.subscribe(
            **{"transport" if name == "channel" else name: data[name] for name in data}, by=by
        )
        made.subscription.secret = made.secret
        return made.subscription

    @verb()
    def end(self, ref: str, data: dict[str, Any], by: Actor) -> Subscription:
        """Take it off its list."""
        return operations.end(plain_number(ref), by=by)

    @verb()
    def try_again(self, ref: str, data: dict[str, Any], by: Actor) -> Subscription:
        """Its address takes mail again: the next message is sent there."""
        return operations.try_address_again(plain_number(ref), by=by)


ROUTES = [
    ("subscriptions", SubscriptionViewSet),
    ("organisations", OrganisationViewSet),
    ("contacts", ContactViewSet),
    ("busy-windows", BusyWindowViewSet),
    ("impact-notes", ImpactNoteViewSet),
    ("environment-answers", EnvironmentAnswerViewSet),
]
