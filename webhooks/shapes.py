"""How webhooks are asked for and answered in the API."""

from __future__ import annotations

from rest_framework import serializers

from core.accounts.models import User
from core.common.api import Flag, Named, Number, Ref, StrictSerializer, Text, UtcDateTime
from webhooks import published, queries
from webhooks.models import Delivery, Webhook

CHOICES = [*published.WILDCARDS, *published.NAMES]


class WebhookCreate(StrictSerializer):
    name = Text(max_length=100)
    url = Text(max_length=2_000, help_text="Starts with https://; kept sealed, never answered again.")
    events = serializers.ListField(
        child=serializers.ChoiceField(choices=CHOICES), allow_empty=False, max_length=len(CHOICES)
    )
    only = Text(
        max_length=40, required=False, allow_blank=True, help_text="One reference; empty means everything."
    )
    owner = Ref(
        User, "username", required=False, help_text="Yourself (the default) or an integration account."
    )
    active = Flag(required=False)


class WebhookEdit(WebhookCreate):
    pass


class WebhookOut(StrictSerializer):
    id = serializers.IntegerField()
    name = serializers.CharField()
    host = serializers.CharField()
    events = serializers.ListField(child=serializers.CharField())
    only = serializers.SerializerMethodField()
    owner = Named("username")
    active = serializers.BooleanField()
    stopped_why = serializers.CharField()
    failing_since = UtcDateTime(allow_null=True)
    created_at = UtcDateTime()
    version = serializers.IntegerField()
    secret = serializers.SerializerMethodField(
        help_text="In the answers to its creation and to rotate_secret alone."
    )

    def get_only(self, webhook: Webhook) -> str | None:
        return webhook.only_shown or None

    def get_secret(self, webhook: Webhook) -> str | None:
        return getattr(webhook, "shown_once", None)


class AttemptOut(StrictSerializer):
    at = UtcDateTime()
    milliseconds = serializers.IntegerField()
    status = serializers.IntegerField(allow_null=True)
    answer = serializers.CharField(help_text="The first KB.")
    error = serializers.CharField()


class DeliveryOut(StrictSerializer):
    id = serializers.IntegerField()
    webhook_id = serializers.SerializerMethodField(
        help_text="The header of that name, equal for every attempt."
    )
    type = serializers.CharField()
    about = serializers.SerializerMethodField()
    state = serializers.ChoiceField(choices=Delivery.State.choices)
    created_at = UtcDateTime()
    finished_at = UtcDateTime(allow_null=True)
    next_attempt_at = UtcDateTime(source="message.due_at", allow_null=True)
    body = serializers.CharField(source="message.text", help_text="Empty after 30 days.")
    attempts = AttemptOut(many=True)

    def get_webhook_id(self, delivery: Delivery) -> str:
        return queries.identity(delivery)

    def get_about(self, delivery: Delivery) -> str | None:
        return delivery.subject_ref or None


class DeliveryNamed(StrictSerializer):
    delivery = Number(help_text="The id of a delivery of this webhook.")
