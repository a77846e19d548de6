"""The endpoints of rules, and why they did or did not act on a ticket."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from core.accounts.api import DeskViewSet, listing, reading, verb
from core.accounts.permissions import Permission, can
from core.common.actor import Actor
from core.common.api import Flag, Named, Number, StrictSerializer, Text, UtcDateTime
from core.common.errors import NotFound
from core.common.ids import plain_number
from tickets import queries as tickets
from tickets.automation import judging, operations, queries
from tickets.automation.filters import RuleFilter
from tickets.models import AutomationRule, Ticket

Data = dict[str, Any]


class RuleEdit(StrictSerializer):
    name = Text(max_length=100)
    trigger = serializers.ChoiceField(choices=AutomationRule.Trigger.choices, required=False)
    events = serializers.ListField(
        child=Text(max_length=60), required=False, max_length=50, help_text='As ["ticket.created"].'
    )
    conditions = Text(
        max_length=2000, required=False, allow_blank=True,
        help_text="The query string of the list of tickets, as priority=P0,P1&team=none.",
    )  # fmt: skip
    after_minutes = Number(required=False, allow_null=True, help_text="Time rules: without a change.")
    actions = serializers.ListField(
        child=serializers.DictField(), max_length=50,
        help_text='In order: [{"do": "add_tag", "tag": "late"}, {"do": "stop"}]. '
        "Texts may hold {ticket.reference} and the other variables of macros but {me...}, and {rule.name}.",
    )  # fmt: skip
    active = Flag(required=False)


class RuleOut(StrictSerializer):
    id = serializers.IntegerField()
    name = serializers.CharField()
    trigger = serializers.ChoiceField(choices=AutomationRule.Trigger.choices)
    events = serializers.ListField(child=serializers.CharField())
    conditions = serializers.CharField()
    after_minutes = serializers.IntegerField(allow_null=True)
    actions = serializers.ListField(child=serializers.DictField())
    owner = Named("username")
    position = serializers.IntegerField()
    active = serializers.BooleanField()
    stopped_why = serializers.CharField()


class Place(StrictSerializer):
    to = Number(min_value=1, help_text="The place in the order, from 1.")


class WouldOut(StrictSerializer):
    ticket = serializers.CharField(source="ticket.reference")
    at = UtcDateTime()
    trigger = serializers.CharField()
    would = serializers.ListField(child=serializers.CharField(), source="acts")


class DryRunOut(StrictSerializer):
    since = UtcDateTime()
    rows = WouldOut(many=True)
    more = serializers.BooleanField()
    honest = serializers.CharField(help_text="What this answer cannot know.")
    wrong = serializers.CharField()


class RunOut(StrictSerializer):
    ticket = serializers.SerializerMethodField()
    event = serializers.IntegerField(source="event_id", allow_null=True)
    at = UtcDateTime()
    fired = serializers.BooleanField()
    why = serializers.CharField()
    depth = serializers.IntegerField()

    def get_ticket(self, run: Any) -> str:
        return f"{Ticket.PREFIX}-{run.ticket_id}"


class ReasonOut(StrictSerializer):
    rule = serializers.CharField(source="rule.name")
    rule_id = serializers.IntegerField(source="rule.pk")
    fired = serializers.BooleanField(allow_null=True, help_text="Null where nothing ever set it off.")
    why = serializers.CharField()
    at = UtcDateTime(allow_null=True)


class RuleViewSet(DeskViewSet):
    """Automation rules. Whoever changes what one does becomes its owner; it runs with the owner's rights."""

    model = AutomationRule
    view_permission = Permission.MANAGE_AUTOMATION
    serializer_class = RuleOut
    create_form, patch_form = RuleEdit, RuleEdit
    filterset_class = RuleFilter
    related = ("owner",)
    ordering_fields = {"position": "position", "name": "name"}
    ordering = "position"
    named_by = "pk"

    def rows(self, by: Actor) -> QuerySet[AutomationRule]:
        return queries.rules()

    def find(self, ref: str, by: Actor) -> AutomationRule:
        return queries.get_for(plain_number(ref), by=by)

    def do_create(self, data: Data, by: Actor) -> AutomationRule:
        return operations.create_rule(**data, by=by)

    def do_patch(self, ref: str, data: Data, version: int | None, by: Actor) -> AutomationRule:
        return operations.edit_rule(plain_number(ref), values=data, if_version=version, by=by)

    @verb(Place)
    def move(self, ref: str, data: Data, by: Actor) -> AutomationRule:
        """Put the rule at a place in the order."""
        operations.move_rule(plain_number(ref), to=data["to"], by=by)
        return self.find(ref, by)

    @reading(DryRunOut)
    def dry_run(self, ref: str, by: Actor) -> judging.DryRun:
        """What the rule would have done in the last 30 days, without doing it."""
        return judging.dry_run(self.find(ref, by), by)

    @listing(RunOut, ordering=("-pk",))
    def runs(self, ref: str, by: Actor) -> Any:
        """What the rule did, the newest first."""
        return queries.runs(self.find(ref, by), by)


class TicketRulesViewSet(DeskViewSet):
    """Rules as one ticket met them."""

    view_permission = Permission.VIEW_TICKETS
    list_route = False

    @reading(ReasonOut, many=True)
    def rules(self, ref: str, by: Actor) -> Any:
        """For every rule: when it fired on this ticket and what it did, or what keeps it from it."""
        ticket = tickets.get_for(ref, by=by)
        if not can(by, Permission.WORK_TICKET):
            raise NotFound("There are no rules here.")
        return judging.explain(ticket)


ROUTES = [("automation-rules", RuleViewSet), ("tickets", TicketRulesViewSet)]
