"""What customers send and get: an allow-list of its own. Nothing that the desk keeps to itself is named here."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from catalogue.models import Application
from core.common.api import Named, Ref, StrictSerializer, Text, UtcDateTime
from core.common.vocabulary import Level, Priority, TicketKind
from tickets.models import Entry, Status
from tickets.relation_shapes import OtherTicket, OwnTicket


class OwnApplication(Ref):
    """An application that the caller's organisation uses."""

    def queryset(self) -> QuerySet[Any]:
        return self.source_of._default_manager.filter(
            organisations__contacts__user_id=self.context["actor"].user_id
        ).distinct()


class CustomerTicketCreate(StrictSerializer):
    subject = Text(max_length=250)
    description = Text(long=True, required=False, allow_blank=True)
    kind = serializers.ChoiceField(choices=TicketKind.choices, required=False)
    impact = serializers.ChoiceField(choices=Level.choices, required=False)
    urgency = serializers.ChoiceField(choices=Level.choices, required=False)
    application = OwnApplication(Application, required=False, allow_null=True)
    environment = serializers.DictField(child=Text(max_length=1000, allow_blank=True), required=False)
    steps_to_reproduce = Text(long=True, required=False, allow_blank=True)
    affected_version = Text(max_length=60, required=False, allow_blank=True)


class CustomerTicketOut(StrictSerializer):
    reference = serializers.CharField()
    subject = serializers.CharField()
    description = serializers.CharField()
    kind = serializers.ChoiceField(choices=TicketKind.choices)
    status = serializers.ChoiceField(choices=Status.choices)
    impact = serializers.ChoiceField(choices=Level.choices)
    urgency = serializers.ChoiceField(choices=Level.choices)
    priority = serializers.ChoiceField(choices=Priority.choices)
    organisation = Named("slug", allow_null=True)
    requester = serializers.IntegerField(source="requester_id", allow_null=True)
    application = Named("slug", allow_null=True)
    environment = serializers.DictField()
    steps_to_reproduce = serializers.CharField()
    affected_version = serializers.CharField()
    created_at = UtcDateTime()
    updated_at = UtcDateTime()
    first_responded_at = UtcDateTime(allow_null=True)
    resolved_at = UtcDateTime(allow_null=True)
    closed_at = UtcDateTime(allow_null=True)
    merged_into = OtherTicket()


class CustomerEntryOut(StrictSerializer):
    id = serializers.IntegerField()
    ticket = OwnTicket()
    kind = serializers.ChoiceField(choices=Entry.Kind.choices)
    author_label = serializers.CharField()
    body = serializers.CharField()
    created_at = UtcDateTime()
