"""What the API takes and answers about tickets, for those who work on them."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import exceptions, serializers

from catalogue.models import Application, Component
from core.accounts.models import User
from core.common import clock
from core.common.api import (
    Flag,
    Named,
    Number,
    OptionalChoice,
    Ref,
    RefById,
    StrictSerializer,
    Text,
    UtcDateTime,
)
from core.common.vocabulary import Activity, Area, Channel, Exposure, Level, Priority, Severity, TicketKind
from customers.models import Contact, Organisation
from customers.queries import busy_organisations
from escalation.models import Team
from sla.models import Cause
from tickets import queries
from tickets.customer_shapes import CustomerEntryOut, CustomerTicketCreate, CustomerTicketOut
from tickets.handing_rules import Stint
from tickets.models import Entry, HoldReason, ResolutionCode, Status, Ticket
from tickets.relation_shapes import OtherTicket, OwnTicket, WatchersOf
from tickets.stints import Held
from worklog.models import Link

MOST_TIERS = 5


class Requester(RefById):
    """A contact by id; on writing an e-mail address does, too."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str):
            return super().to_internal_value(data)
        found = self.queryset().filter(email__iexact=data[:254]).first()
        if found is None:
            raise exceptions.ValidationError(f"There is no contact with the address “{data[:100]}”.")
        return found


class CustomValue(serializers.JSONField):
    """A text, a number, an ISO date, or null to take the value away; the operation knows the field's type."""


class TicketEdit(StrictSerializer):
    subject = Text(max_length=250)
    description = Text(long=True, required=False, allow_blank=True)
    kind = serializers.ChoiceField(choices=TicketKind.choices, required=False)
    exposure = serializers.ChoiceField(choices=Exposure.choices, required=False)
    areas = serializers.ListField(
        child=serializers.ChoiceField(choices=Area.choices), required=False, max_length=len(Area.choices)
    )
    impact = serializers.ChoiceField(choices=Level.choices, required=False)
    urgency = serializers.ChoiceField(choices=Level.choices, required=False)
    severity = OptionalChoice(Severity.choices, required=False)
    organisation = Ref(Organisation, required=False, allow_null=True)
    requester = Requester(Contact, required=False, allow_null=True)
    application = Ref(Application, required=False, allow_null=True)
    component = Ref(Component, required=False, allow_null=True)
    environment = serializers.DictField(child=Text(max_length=1000, allow_blank=True), required=False)
    steps_to_reproduce = Text(long=True, required=False, allow_blank=True)
    affected_version = Text(max_length=60, required=False, allow_blank=True)
    risk = Text(long=True, required=False, allow_blank=True)
    tags = serializers.ListField(child=Text(max_length=40), required=False, max_length=20)
    confidential = Flag(required=False)
    custom = serializers.DictField(
        child=CustomValue(allow_null=True), required=False, help_text="The desk's own fields, by key."
    )


class TicketCreate(TicketEdit):
    for_customers = CustomerTicketCreate

    channel = serializers.ChoiceField(choices=Channel.choices, required=False)
    team = Ref(Team, required=False, allow_null=True)
    external_id = Text(max_length=100, required=False, allow_blank=True)


class TicketOut(StrictSerializer):
    for_customers = CustomerTicketOut

    reference = serializers.CharField()
    subject = serializers.CharField()
    description = serializers.CharField()
    kind = serializers.ChoiceField(choices=TicketKind.choices)
    channel = serializers.ChoiceField(choices=Channel.choices)
    exposure = serializers.ChoiceField(choices=Exposure.choices)
    areas = serializers.ListField(child=serializers.CharField())
    status = serializers.ChoiceField(choices=Status.choices)
    hold_reason = OptionalChoice(HoldReason.choices)
    impact = serializers.ChoiceField(choices=Level.choices)
    urgency = serializers.ChoiceField(choices=Level.choices)
    priority = serializers.ChoiceField(choices=Priority.choices)
    priority_reason = serializers.CharField()
    severity = OptionalChoice(Severity.choices)
    tier = serializers.IntegerField()
    team = Named("slug", allow_null=True)
    assignee = Named("username", allow_null=True)
    organisation = Named("slug", allow_null=True)
    requester = serializers.IntegerField(source="requester_id", allow_null=True)
    application = Named("slug", allow_null=True)
    component = Named("slug", allow_null=True)
    environment = serializers.DictField()
    steps_to_reproduce = serializers.CharField()
    affected_version = serializers.CharField()
    risk = serializers.CharField()
    tags = serializers.ListField(child=serializers.CharField())
    confidential = serializers.BooleanField()
    custom = serializers.DictField(child=CustomValue())
    resolution_code = OptionalChoice(ResolutionCode.choices)
    created_at = UtcDateTime()
    updated_at = UtcDateTime()
    first_responded_at = UtcDateTime(allow_null=True)
    resolved_at = UtcDateTime(allow_null=True)
    closed_at = UtcDateTime(allow_null=True)
    due_at = UtcDateTime(allow_null=True)
    rank_reason = serializers.SerializerMethodField()
    handoff_count = serializers.IntegerField()
    passed_around = serializers.BooleanField()
    communication_owner = Named("username", allow_null=True)
    reopened_count = serializers.IntegerField()
    merged_into = OtherTicket()
    parent = OtherTicket()
    watchers = WatchersOf()
    external_id = serializers.CharField()

    def get_rank_reason(self, ticket: Ticket) -> str:
        if "rank" not in self.context:  # once a request, not once a row
            now = clock.now()
            self.context["rank"] = now, busy_organisations(now)
        return queries.rank_reason(ticket, *self.context["rank"])


class EntryOut(StrictSerializer):
    for_customers = CustomerEntryOut

    id = serializers.IntegerField()
    ticket = OwnTicket()
    kind = serializers.ChoiceField(choices=Entry.Kind.choices)
    public = serializers.BooleanField(source="is_public")
    author = Named("username", allow_null=True)
    author_label = serializers.CharField()
    channel = serializers.ChoiceField(choices=Channel.choices)
    body = serializers.CharField()
    created_at = UtcDateTime()


class LedgerRowOut(StrictSerializer):
    to = UtcDateTime(allow_null=True)
    counted = serializers.BooleanField()
    why = serializers.CharField()
    minutes = serializers.IntegerField()
    calendar_version = serializers.IntegerField()

    def get_fields(self) -> dict[str, Any]:
        return {"from": UtcDateTime(), **super().get_fields()}  # "from" cannot be a Python name


class StintOut(StrictSerializer):
    tier = serializers.IntegerField(source="holder.tier")
    team = Named("slug", source="holder.team", allow_null=True)
    to = UtcDateTime(source="end")
    minutes = serializers.SerializerMethodField()

    def get_fields(self) -> dict[str, Any]:
        return {"from": UtcDateTime(source="start"), **super().get_fields()}

    def get_minutes(self, stint: Stint) -> int:
        return round(stint.length.total_seconds() / 60)


class TurnOut(StintOut):
    person = serializers.CharField(help_text="by name; empty while nobody had it")


class TierTimeOut(StrictSerializer):
    tier = serializers.IntegerField()
    minutes = serializers.IntegerField()


class TeamTimeOut(StrictSerializer):
    team = serializers.CharField(allow_null=True)
    minutes = serializers.IntegerField()


class PersonTimeOut(StrictSerializer):
    person = serializers.CharField()
    minutes = serializers.IntegerField()


class HeldOut(StrictSerializer):
    """Wall time, nights and weekends included; until the ticket was resolved, or until now."""

    until = UtcDateTime()
    minutes = serializers.SerializerMethodField()
    tiers = serializers.SerializerMethodField()
    teams = serializers.SerializerMethodField()
    people = serializers.SerializerMethodField()
    stints = StintOut(many=True)
    turns = TurnOut(many=True, help_text="the stints, each cut where another person got it")

    def get_minutes(self, held: Held) -> int:
        return round(held.whole.total_seconds() / 60)

    @extend_schema_field(TierTimeOut(many=True))
    def get_tiers(self, held: Held) -> list[dict[str, Any]]:
        return [
            {"tier": tier, "minutes": round(length.total_seconds() / 60)}
            for tier, length in held.tiers.items()
        ]

    @extend_schema_field(PersonTimeOut(many=True))
    def get_people(self, held: Held) -> list[dict[str, Any]]:
        return [
            {"person": person, "minutes": round(length.total_seconds() / 60)}
            for person, length in held.people.items()
        ]

    @extend_schema_field(TeamTimeOut(many=True))
    def get_teams(self, held: Held) -> list[dict[str, Any]]:
        return [
            {"team": team.slug if team else None, "minutes": round(length.total_seconds() / 60)}
            for team, length in held.teams.items()
        ]


class ClockOut(StrictSerializer):
    id = serializers.IntegerField()
    goal = serializers.CharField()
    state = serializers.CharField()
    target_minutes = serializers.IntegerField()
    elapsed_minutes = serializers.IntegerField()
    remaining_minutes = serializers.IntegerField()
    started_at = UtcDateTime()
    due_at = UtcDateTime(allow_null=True)
    breached_at = UtcDateTime(allow_null=True)
    met_at = UtcDateTime(allow_null=True)
    policy = serializers.CharField()
    ledger = LedgerRowOut(many=True)


class Reply(StrictSerializer):
    body = Text(long=True)
    public = Flag(default=True)
    last_seen = Number(required=False, allow_null=True, help_text="id of the last public entry that was read")


class Assign(StrictSerializer):
    team = Ref(Team, required=False, allow_null=True)
    assignee = Ref(User, "username", required=False, allow_null=True)


class SetCommunicationOwner(StrictSerializer):
    person = Ref(User, "username")


class Escalate(StrictSerializer):
    from_tier = Number(min_value=1, max_value=MOST_TIERS)
    summary = Text(long=True)
    business_impact = Text(long=True)
    tried = Text(long=True)
    reproduce = Text(long=True, required=False, allow_blank=True)
    needed = Text(long=True, required=False, allow_blank=True, help_text="What is asked of the next tier.")
    evidence = Text(
        long=True, required=False, allow_blank=True, help_text="Links and places where one sees it."
    )
    no_sop = Flag(default=False)
    sop = Text(max_length=200, required=False, allow_blank=True)
    team = Ref(Team, required=False, allow_null=True)
    assignee = Ref(User, "username", required=False, allow_null=True)


class HandBack(StrictSerializer):
    from_tier = Number(min_value=1, max_value=MOST_TIERS)
    reason = Text(long=True)
    next = Text(long=True)


class Wait(StrictSerializer):
    reason = Text(long=True)
    review_at = UtcDateTime(required=False, allow_null=True)


class Hold(StrictSerializer):
    reason = serializers.ChoiceField(choices=HoldReason.choices)
    note = Text(long=True)
    review_at = UtcDateTime(required=False, allow_null=True)


class Resolve(StrictSerializer):
    code = serializers.ChoiceField(choices=ResolutionCode.choices)
    note = Text(long=True, required=False, allow_blank=True)
    minutes = Number(min_value=1, max_value=1440, required=False, allow_null=True)
    breach_cause = Text(
        long=True,
        required=False,
        allow_blank=True,
        help_text=f"Why a service level was missed: one of {', '.join(Cause.values)}, or a sentence.",
    )
    breach_note = Text(long=True, required=False, allow_blank=True)


class Reopen(StrictSerializer):
    reason = Text(long=True)


class LogTime(StrictSerializer):
    minutes = Number(min_value=1, max_value=1440)
    activity = serializers.ChoiceField(choices=Activity.choices, default=Activity.INVESTIGATION)
    note = Text(long=True, required=False, allow_blank=True)


class DeleteTime(StrictSerializer):
    entry = Number(min_value=1, max_value=2**63 - 1, help_text="the id of the time entry")


class SetPriority(StrictSerializer):
    priority = serializers.ChoiceField(choices=Priority.choices)
    reason = Text(long=True)


class Tag(StrictSerializer):
    add = serializers.ListField(child=Text(max_length=40), required=False, max_length=20)
    remove = serializers.ListField(child=Text(max_length=40), required=False, max_length=20)


class MakeLink(StrictSerializer):
    to = Text(max_length=40, help_text="the reference of any other work")
    kind = serializers.ChoiceField(choices=Link.Kind.choices, default=Link.Kind.RELATES)
