"""The forms of reports in the API."""

from __future__ import annotations

from rest_framework import serializers

from core.common.api import Slug, StrictSerializer, UtcDateTime
from reports import figures, promising

HAND_OFF_GROUPS = ("pair", "giver", "holder")
NO_SOP_GROUPS = ("application", "area", "team")


class Between(StrictSerializer):
    """`from` and `to` as days or moments in UTC, `to` not included; without them the last 30 days."""

    to = UtcDateTime(required=False, help_text="Its end, not included; now without one.")

    def get_fields(self) -> dict[str, serializers.Field]:  # `from` is a word of the language
        begin = UtcDateTime(required=False, help_text="A day or a moment; 30 days before `to` without one.")
        return {"from": begin, **super().get_fields()}


class HandOffQuestion(Between):
    group = serializers.ChoiceField(HAND_OFF_GROUPS, default="pair")


class NoSopQuestion(Between):
    group = serializers.ChoiceField(NO_SOP_GROUPS, default="application")


class BreachQuestion(Between):
    group = serializers.ChoiceField(tuple(figures.GROUPS), default="cause")


class PromiseQuestion(Between):
    group = serializers.ChoiceField(tuple(promising.GROUPS), default="team")


class Report(StrictSerializer):
    """What every report says of itself."""

    group = serializers.CharField()
    to = UtcDateTime()

    def get_fields(self) -> dict[str, serializers.Field]:
        return {"from": UtcDateTime(), **super().get_fields()}


class LostRow(StrictSerializer):
    giver = Slug(allow_null=True, help_text="The team that handed it over.")
    holder = Slug(allow_null=True, help_text="The team where it lay and that passed it on without any work.")
    name = serializers.CharField()
    hand_offs = serializers.IntegerField()
    tickets = serializers.IntegerField()
    minutes_lost = serializers.IntegerField(help_text="Wall time, nights and weekends included.")


class HandOffReport(Report):
    minutes_lost = serializers.IntegerField()
    rows = LostRow(many=True)


class NoSopRow(StrictSerializer):
    key = serializers.CharField()
    name = serializers.CharField()
    hand_offs = serializers.IntegerField()


class NoSopReport(Report):
    hand_offs = serializers.IntegerField()
    rows = NoSopRow(many=True)


class BreachRow(StrictSerializer):
    key = serializers.CharField(allow_blank=True)
    name = serializers.CharField()
    breaches = serializers.IntegerField()
    unexplained = serializers.IntegerField(help_text="Of these, how many without a cause.")
    over_minutes = serializers.IntegerField(
        help_text="Business time beyond the targets, as of the last stop."
    )


class BreachReport(Report):
    breaches = serializers.IntegerField()
    unexplained = serializers.IntegerField()
    rows = BreachRow(many=True)


class KeptFigures(StrictSerializer):
    """What became of the due moments. What was moved is in no rate."""

    kept = serializers.IntegerField(help_text="A person wrote, at most 120 s after the moment.")
    covered = serializers.IntegerField(help_text="Nobody wrote; the desk did, in time.")
    late = serializers.IntegerField()
    missed = serializers.IntegerField(help_text="The next moment came first, or nothing was sent.")
    moved = serializers.IntegerField()
    percent = serializers.FloatField(
        allow_null=True, help_text="Kept and covered, of all but the moved; null where nothing was due."
    )
    percent_by_people = serializers.FloatField(allow_null=True)


class PromiseRow(StrictSerializer):
    key = serializers.CharField(help_text="A team's slug, or `none`; a month; a reference.")
    name = serializers.CharField()
    figures = KeptFigures(source="kept")


class PromiseReport(Report):
    figures = KeptFigures()
    rows = PromiseRow(many=True)
