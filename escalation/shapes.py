"""The forms of the directory in the API."""

from __future__ import annotations

from rest_framework import serializers

from catalogue.models import Component
from core.accounts.models import User
from core.common import clock
from core.common.api import Flag, Named, Number, Ref, RefList, Slug, StrictSerializer, Text, UtcDateTime, Zone
from core.common.vocabulary import Area, Role
from escalation import finding
from escalation.models import Team

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
    contract = Text(max_length=100, required=False, allow_blank=True)
    quote = Text(
        max_length=200, required=False, allow_blank=True, help_text="What to quote on the phone to a vendor."
    )
    portal_url = serializers.URLField(max_length=300, required=False, allow_blank=True)
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
    contract = serializers.CharField()
    quote = serializers.CharField()
    portal_url = serializers.CharField()
    active = serializers.BooleanField()
    reviewed_at = UtcDateTime(allow_null=True)
    review_due = serializers.DateField()
    overdue = serializers.SerializerMethodField(
        help_text="Whether the entry should have been checked by now."
    )

    def get_overdue(self, team: Team) -> bool:
        return team.is_overdue(clock.now().date())


class PersonEdit(StrictSerializer):
    first_name = Text(max_length=150, required=False, allow_blank=True)
    last_name = Text(max_length=150, required=False, allow_blank=True)
    job_title = Text(max_length=100, required=False, allow_blank=True)
    phone = Text(max_length=40, required=False, allow_blank=True, help_text="Private: shows while on call.")
    timezone = Zone(max_length=64, required=False)
    work_phone = Text(max_length=40, required=False, allow_blank=True)
    chat = Text(max_length=200, required=False, allow_blank=True)
    languages = Text(max_length=200, required=False, allow_blank=True)
    work_days = serializers.ListField(
        child=Number(max_value=6), required=False, max_length=7, help_text="0 is Monday."
    )
    work_from = serializers.TimeField(required=False, allow_null=True, help_text="In the person's zone.")
    work_to = serializers.TimeField(required=False, allow_null=True)
    review_due = serializers.DateField(required=False)


class PersonOut(StrictSerializer):
    username = serializers.CharField()
    name = serializers.CharField(source="display_name")
    job_title = serializers.CharField()
    email = serializers.CharField()
    phone = serializers.SerializerMethodField(
        help_text="Private: shown while the person is on call or named in an escalation, and to the person."
    )
    work_phone = serializers.CharField(source="card.work_phone", default="")
    chat = serializers.CharField(source="card.chat", default="")
    languages = serializers.CharField(source="card.languages", default="")
    timezone = serializers.CharField()
    work_days = serializers.ListField(child=serializers.IntegerField(), source="card.work_days", default=list)
    work_from = serializers.TimeField(source="card.work_from", format="%H:%M", default=None)
    work_to = serializers.TimeField(source="card.work_to", format="%H:%M", default=None)
    teams = Named("slug", many=True)
    roles = serializers.SerializerMethodField()
    reviewed_at = UtcDateTime(source="card.reviewed_at", default=None)
    review_due = serializers.DateField(source="card.review_due", default=None)
    overdue = serializers.SerializerMethodField(
        help_text="Whether the entry should have been checked by now."
    )

    def get_overdue(self, person: User) -> bool:
        card = getattr(person, "card", None)
        return card is not None and card.is_overdue(clock.now().date())

    def get_phone(self, person: User) -> str | None:
        return person.phone if person.pk in self.context.get("may_be_called", ()) else None

    def get_roles(self, person: User) -> list[str]:
        return sorted(person.role_set)


class StepOut(StrictSerializer):
    person = Named("username", allow_null=True, help_text="Null where everybody in a team is called.")
    name = serializers.CharField()
    role = serializers.CharField()
    after_minutes = serializers.IntegerField(help_text="Without an answer to the step before.")
    together = serializers.BooleanField(help_text="At the same moment as the one before.")
    phone = serializers.CharField()
    people = Named("username", many=True, help_text="Everybody, where a whole team is called.")


class AnswerOut(StrictSerializer):
    """One answer. About a person or a customer's account manager, `team` is the person's, or null."""

    kind = serializers.ChoiceField(choices=["team", "person", "customer"])
    team = Named("slug", allow_null=True)
    name = serializers.CharField(source="team.name", allow_null=True)
    tier = serializers.IntegerField(source="team.tier", allow_null=True)
    scope = serializers.CharField(source="team.scope", allow_null=True)
    not_scope = serializers.CharField(source="team.not_scope", allow_null=True)
    have_ready = serializers.CharField(source="team.have_ready", allow_null=True)
    person = Named("username", allow_null=True)
    person_name = serializers.CharField(source="person.display_name", allow_null=True)
    phone = serializers.CharField()
    email = serializers.CharField()
    until = UtcDateTime(allow_null=True)
    next = Named("username", allow_null=True)
    reason = serializers.CharField()
    words = serializers.ListField(child=serializers.CharField(), help_text="The words that led here.")
    reviewed_at = UtcDateTime(source="team.reviewed_at", allow_null=True)
    review_due = serializers.DateField(source="team.review_due", allow_null=True)
    overdue = serializers.SerializerMethodField(
        help_text="Whether the entry should have been checked by now."
    )
    policy = serializers.CharField(
        source="plan.policy", default="", help_text="Whose steps these are; empty: lead and manager."
    )
    rounds = serializers.IntegerField(
        source="plan.rounds", default=1, help_text="How often all steps are gone through."
    )
    escalation = StepOut(source="chain", many=True)

    def get_overdue(self, answer: finding.Found) -> bool:
        return answer.team is not None and answer.team.is_overdue(clock.now().date())


class Question(StrictSerializer):
    component = Ref(Component, "slug", required=False, help_text="Who owns this component.")
    team = Ref(Team, "slug", required=False, help_text="Who is on call for this team.")
    q = Text(
        max_length=200, required=False, allow_blank=True, help_text="Words, as in the page's search box."
    )
    at = UtcDateTime(required=False, help_text="The moment asked about; now without one.")
