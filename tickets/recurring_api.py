"""Recurring tickets through the API."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from catalogue.models import Application
from core.accounts.api import DeskViewSet, reading, verb
from core.accounts.permissions import Permission
from core.common import clock
from core.common.actor import Actor
from core.common.api import Flag, Named, Number, Ref, StrictSerializer, Text, UtcDateTime, Zone
from core.common.ids import plain_number
from core.common.vocabulary import Level, TicketKind
from customers.models import Organisation
from escalation.models import Team
from tickets import recurrence_rules as rules
from tickets.filters import RecurrenceFilter
from tickets.models import Recurrence
from tickets.operations import recurring

Data = dict[str, Any]
SHOWN, MOST_SHOWN = 5, 50


class RecurringValues(StrictSerializer):
    """What each ticket gets."""

    subject = Text(max_length=250)
    description = Text(long=True, required=False, allow_blank=True)
    kind = serializers.ChoiceField(choices=TicketKind.choices, required=False)
    impact = serializers.ChoiceField(choices=Level.choices, required=False)
    urgency = serializers.ChoiceField(choices=Level.choices, required=False)
    organisation = Ref(Organisation, required=False)
    application = Ref(Application, required=False)
    team = Ref(Team.objects.filter(active=True), required=False)
    tags = serializers.ListField(child=Text(max_length=40), required=False, max_length=20)

    def validate(self, data: Data) -> Data:
        """As it is kept: what has a name by that name."""
        return {name: getattr(value, "slug", value) for name, value in data.items()}


class Dates(StrictSerializer):
    rule = Text(max_length=rules.LONGEST, help_text="iCalendar (RFC 5545): FREQ=MONTHLY;BYDAY=1MO")
    zone = Zone(max_length=64, help_text="the wall clock of this zone stays the same")
    starts_at = UtcDateTime(help_text="the first one")


class RecurrenceEdit(Dates):
    name = Text(max_length=100)
    values = RecurringValues()


class RecurrenceCreate(RecurrenceEdit):
    active = Flag(required=False)


class RecurrenceOut(StrictSerializer):
    id = serializers.IntegerField()
    name = serializers.CharField()
    rule = serializers.CharField()
    zone = serializers.CharField()
    starts_at = UtcDateTime()
    next_at = UtcDateTime(allow_null=True, help_text="Null while it rests, and once the rule has ended.")
    values = serializers.DictField()
    owner = Named("username")
    active = serializers.BooleanField()


class HowMany(StrictSerializer):
    count = Number(min_value=1, max_value=MOST_SHOWN, default=SHOWN)


class DatesQuery(Dates, HowMany):
    pass


class DatesOut(StrictSerializer):
    dates = serializers.ListField(child=UtcDateTime(), help_text="the next ones, in UTC")


class RecurringTicketViewSet(DeskViewSet):
    """Tickets that are opened again and again, by a rule. Whoever changes one owns it, and its tickets are theirs."""

    model = Recurrence
    view_permission = Permission.WORK_TICKET
    serializer_class = RecurrenceOut
    create_form, patch_form = RecurrenceCreate, RecurrenceEdit
    filterset_class = RecurrenceFilter
    related = ("owner",)
    ordering_fields = {"name": "name", "next_at": "next_at", "id": "pk"}
    ordering = "name"
    named_by = "pk"
    action_fields = {"active": "switch_on or switch_off"}

    def rows(self, by: Actor) -> QuerySet[Recurrence]:
        return Recurrence.objects.all()  # whoever works on tickets sees them all, as on the page

    def find(self, ref: str, by: Actor) -> Recurrence:
        return recurring.get_for(plain_number(ref), by=by)

    def do_create(self, data: Data, by: Actor) -> Recurrence:
        return recurring.save(**data, by=by)

    def do_patch(self, ref: str, data: Data, version: int | None, by: Actor) -> Recurrence:
        return recurring.edit(plain_number(ref), values=data, if_version=version, by=by)

    @verb()
    def switch_on(self, ref: str, data: Data, by: Actor) -> Recurrence:
        """Let it go on; what would have come due in between is not made up for."""
        return recurring.switch(plain_number(ref), on=True, by=by)

    @verb()
    def switch_off(self, ref: str, data: Data, by: Actor) -> Recurrence:
        """Let it rest."""
        return recurring.switch(plain_number(ref), on=False, by=by)

    @reading(DatesOut, params=HowMany)
    def dates(self, ref: str, by: Actor, query: Data) -> Data:
        """When it comes due next, by its rule."""
        found = self.find(ref, by)
        return _upcoming(found.rule, found.zone, found.starts_at, query["count"])

    @reading(DatesOut, params=DatesQuery, detail=False)
    def preview(self, by: Actor, query: Data) -> Data:
        """When a rule that is not saved would come due next."""
        dates = (query["rule"], query["zone"], query["starts_at"])
        rules.check(*dates)
        return _upcoming(*dates, query["count"])


def _upcoming(rule: str, zone: str, starts_at: Any, count: int) -> Data:
    return {"dates": rules.upcoming(rule, zone, starts_at, after=clock.now(), count=count)}


ROUTES = [("recurring-tickets", RecurringTicketViewSet)]
