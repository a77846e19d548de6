"""The forms of policies, pages and channels in the API."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from core.common.api import Flag, Named, Number, Ref, RefById, StrictSerializer, Text, UtcDateTime
from escalation import paging_rules
from escalation.models import EscalationPolicy, Page, PageNotice, PagingChannel, StepTarget, Team
from escalation.paging_rules import Step, Target
from escalation.shapes import PEOPLE


class TargetIn(StrictSerializer):
    kind = serializers.ChoiceField(choices=StepTarget.Kind.choices)
    team = Ref(Team, "slug", required=False, allow_null=True, help_text="The policy's own team without one.")
    person = Ref(PEOPLE, "username", required=False, allow_null=True, help_text="For `person` alone.")
    rotation_step = Number(
        min_value=1, max_value=5, required=False, help_text="For `on_call`: 1 is called first."
    )

    def to_internal_value(self, data: Any) -> Target:
        value = super().to_internal_value(data)
        team, person = value.get("team"), value.get("person")
        return Target(
            value["kind"],
            team.pk if team else None,
            person.pk if person else None,
            value.get("rotation_step", 1),
        )


class StepIn(StrictSerializer):
    wait_minutes = Number(min_value=0, max_value=1440, help_text="How long it is given to answer.")
    targets = TargetIn(many=True)

    def to_internal_value(self, data: Any) -> Step:
        value = super().to_internal_value(data)
        return Step(value["wait_minutes"], tuple(value["targets"]))


class PolicyEdit(StrictSerializer):
    name = Text(max_length=100)
    steps = StepIn(many=True)
    is_default = Flag(required=False, help_text="Used when the team is paged without naming a policy.")
    repeat = Number(max_value=9, required=False, help_text="How often it starts again from the first step.")
    stale_minutes = Number(min_value=5, max_value=1440, required=False, allow_null=True)
    on_breach = Flag(required=False)
    unassigned_p0_minutes = Number(min_value=1, max_value=1440, required=False, allow_null=True)
    on_incident = serializers.ChoiceField(
        choices=EscalationPolicy.OnIncident.choices, required=False, allow_blank=True
    )
    active = Flag(required=False)


class PolicyCreate(PolicyEdit):
    team = Ref(Team, "slug")


class TargetOut(StrictSerializer):
    kind = serializers.ChoiceField(choices=StepTarget.Kind.choices)
    team = Named("slug", allow_null=True)
    person = Named("username", allow_null=True)
    rotation_step = serializers.IntegerField()


class PolicyStepOut(StrictSerializer):
    wait_minutes = serializers.IntegerField()
    targets = TargetOut(many=True)


class PolicyOut(StrictSerializer):
    id = serializers.IntegerField()
    team = Named("slug")
    name = serializers.CharField()
    steps = PolicyStepOut(many=True)
    is_default = serializers.BooleanField()
    repeat = serializers.IntegerField()
    stale_minutes = serializers.IntegerField(allow_null=True)
    on_breach = serializers.BooleanField()
    unassigned_p0_minutes = serializers.IntegerField(allow_null=True)
    on_incident = serializers.CharField()
    active = serializers.BooleanField()


class PageCreate(StrictSerializer):
    team = Ref(Team, "slug", required=False, help_text="Paged by its default policy.")
    policy = RefById(EscalationPolicy, required=False)
    about = Text(max_length=40, required=False, allow_blank=True, help_text="TKT-12 or INC-3.")
    reason = Text(max_length=500)


class PageCancel(StrictSerializer):
    reason = Text(max_length=500)


class PlannedStep(StrictSerializer):
    wait_minutes = serializers.IntegerField()
    targets = serializers.CharField(source="words")


class NoticeOut(StrictSerializer):
    kind = serializers.ChoiceField(choices=PageNotice.Kind.choices)
    round = serializers.IntegerField(source="number")
    step = serializers.IntegerField()
    person = Named("username", allow_null=True)
    said = serializers.CharField()
    at = UtcDateTime()
    message = serializers.CharField(
        source="message.state", help_text="queued, sending, sent, failed or dropped"
    )


class PageOut(StrictSerializer):
    reference = serializers.CharField()
    state = serializers.ChoiceField(choices=Page.State.choices)
    team = Named("slug")
    policy = serializers.IntegerField(source="policy_id")
    about = serializers.SerializerMethodField()
    reason = serializers.CharField()
    started_by = Named("username", allow_null=True)
    started_at = UtcDateTime()
    round = serializers.IntegerField()
    step = serializers.IntegerField()
    next_step_at = UtcDateTime(allow_null=True)
    acknowledged_by = Named("username", allow_null=True)
    acknowledged_at = UtcDateTime(allow_null=True)
    stale_asked_at = UtcDateTime(allow_null=True)
    ended_at = UtcDateTime(allow_null=True)
    plan = serializers.SerializerMethodField()
    notices = NoticeOut(many=True)

    def get_about(self, page: Page) -> str | None:
        return page.about_ref or None

    @extend_schema_field(PlannedStep(many=True))
    def get_plan(self, page: Page) -> Any:
        return PlannedStep(paging_rules.Plan.from_json(page.plan).steps, many=True).data


class ChannelCreate(StrictSerializer):
    transport = serializers.ChoiceField(choices=PagingChannel.TRANSPORTS)
    team = Ref(Team, "slug", required=False, help_text="The team as a whole; without one it is your own.")
    url = Text(
        max_length=2_000, required=False, allow_blank=True, help_text="Kept sealed, never answered again."
    )
    label = Text(max_length=60, required=False, allow_blank=True)
    template = Text(max_length=4_000, long=True, required=False, allow_blank=True)
    format = serializers.ChoiceField(choices=["json", "form"], required=False)
    authorization = Text(max_length=1_000, required=False, allow_blank=True)


class ChannelOut(StrictSerializer):
    id = serializers.IntegerField()
    transport = serializers.CharField()
    label = serializers.CharField()
    host = serializers.SerializerMethodField()
    person = Named("username", allow_null=True)
    team = Named("slug", allow_null=True)
    created_at = UtcDateTime()
    removed_at = UtcDateTime(allow_null=True)
    secret = serializers.SerializerMethodField(help_text="In the answer to its creation alone.")

    def get_host(self, channel: PagingChannel) -> str:
        return channel.endpoint.host if channel.endpoint else ""

    def get_secret(self, channel: PagingChannel) -> str | None:
        return getattr(channel, "shown_once", None)
