"""The forms of rotations and stand-ins in the API."""

from __future__ import annotations

from rest_framework import serializers

from core.common.api import Flag, Named, Number, Ref, RefById, StrictSerializer, Text, UtcDateTime, Zone
from core.common.wall_api import LocalTimesSerializer, WallDateTime
from escalation.models import Rotation, Swap, Team
from escalation.shapes import PEOPLE


class RotationEdit(StrictSerializer):
    name = Text(max_length=100)
    people = serializers.ListField(child=Ref(PEOPLE, "username"), max_length=100)
    step = Number(min_value=1, max_value=5, required=False)
    position = Number(max_value=50, required=False)
    zone = Zone(max_length=64, required=False)
    period = serializers.ChoiceField(choices=Rotation.Period.choices, required=False)
    every = Number(
        min_value=1, max_value=366, required=False, help_text="How many hours, days or weeks a turn lasts."
    )
    handoff_weekday = Number(max_value=6, required=False, help_text="0 is Monday.")
    handoff_time = serializers.TimeField(help_text="Wall clock in `zone`, as 09:00.")
    start = serializers.DateField(help_text="The first turn begins on this day at the hand-off time.")
    begun_at = UtcDateTime(
        required=False,
        help_text="Only where `start` at `handoff_time` does not exist or exists twice, as the clocks change: "
        "which of both moments the first turn begins at.",
    )
    restrictions = serializers.JSONField(
        required=False, help_text='[{"weekdays": [0, 1], "from": "08:00", "to": "18:00"}]; none means always.'
    )
    active = Flag(required=False)


class RotationCreate(RotationEdit):
    team = Ref(Team, "slug")


class RotationOut(StrictSerializer):
    id = serializers.IntegerField()
    team = Named("slug")
    name = serializers.CharField()
    people = serializers.SerializerMethodField()
    step = serializers.IntegerField()
    position = serializers.IntegerField()
    zone = serializers.CharField()
    period = serializers.ChoiceField(choices=Rotation.Period.choices)
    every = serializers.IntegerField()
    handoff_weekday = serializers.IntegerField()
    handoff_time = serializers.TimeField(format="%H:%M")
    start = serializers.DateField()
    restrictions = serializers.JSONField()
    active = serializers.BooleanField()

    def get_people(self, rotation: Rotation) -> list[str]:
        return [turn.user.username for turn in rotation.turns.all()]


class OverrideCreate(LocalTimesSerializer):
    rotation = RefById(Rotation)
    user = Ref(PEOPLE, "username")
    instead_of = Ref(PEOPLE, "username", required=False, allow_null=True)
    starts_at = WallDateTime()
    ends_at = WallDateTime()
    reason = Text(max_length=200, required=False, allow_blank=True)


class OverrideOut(StrictSerializer):
    id = serializers.IntegerField()
    rotation = serializers.IntegerField(source="rotation_id")
    team = Named("slug", source="rotation.team")
    user = Named("username")
    instead_of = Named("username", allow_null=True)
    starts_at = UtcDateTime()
    ends_at = UtcDateTime()
    reason = serializers.CharField()
    cancelled_at = UtcDateTime(allow_null=True)


class GapQuestion(StrictSerializer):
    team = Ref(Team, "slug", required=False, help_text="Only this team.")
    days = Number(min_value=1, max_value=90, required=False, help_text="How many days ahead; 30 without it.")


class GapOut(StrictSerializer):
    team = Named("slug")
    step = serializers.IntegerField()
    starts_at = UtcDateTime(source="start")
    ends_at = UtcDateTime(source="end")


class SwapCreate(LocalTimesSerializer):
    rotation = RefById(Rotation)
    starts_at = WallDateTime()
    ends_at = WallDateTime()
    asked_of = Ref(
        PEOPLE, "username", required=False, allow_null=True, help_text="Nobody named: anybody of the team."
    )
    return_starts_at = WallDateTime(required=False, allow_null=True)
    return_ends_at = WallDateTime(required=False, allow_null=True)
    note = Text(max_length=200, required=False, allow_blank=True)


class SwapOut(StrictSerializer):
    id = serializers.IntegerField()
    rotation = serializers.IntegerField(source="rotation_id")
    team = Named("slug", source="rotation.team")
    asked_by = Named("username")
    asked_of = Named("username", allow_null=True)
    taken_by = Named("username", allow_null=True)
    starts_at = UtcDateTime()
    ends_at = UtcDateTime()
    return_starts_at = UtcDateTime(allow_null=True)
    return_ends_at = UtcDateTime(allow_null=True)
    note = serializers.CharField()
    state = serializers.ChoiceField(choices=Swap.State.choices)
    expires_at = UtcDateTime(allow_null=True)
    overrides = serializers.SerializerMethodField(help_text="The stand-ins that taking it made.")

    def get_overrides(self, swap: Swap) -> list[int]:
        return [override.pk for override in swap.overrides.all()]
