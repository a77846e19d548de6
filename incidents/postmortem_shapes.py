"""What the API takes and answers about impact and post-mortem."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from catalogue.models import Application, Region, Service
from core.accounts.models import User
from core.common.api import Flag, Named, Number, Ref, RefList, StrictSerializer, Text, UtcDateTime
from incidents import impact, impact_rules, postmortems
from incidents.impact_rules import MOST_INTERVALS
from incidents.models import ImpactAssessment, Postmortem
from incidents.postmortems import Document


class IntervalIn(StrictSerializer):
    application = Ref(Application, "slug")
    started_at = UtcDateTime(required=False)
    ended_at = UtcDateTime(required=False)
    degraded = serializers.DecimalField(
        max_digits=4, decimal_places=3, min_value=0, max_value=1, coerce_to_string=False, required=False
    )
    regions = RefList(Region, required=False)
    services = RefList(Service, required=False)
    planned = Flag(required=False)


class AssessImpact(StrictSerializer):
    intervals = serializers.ListField(child=IntervalIn(), required=False, max_length=MOST_INTERVALS)
    no_impact = Flag(required=False)
    reason = Text(long=True, required=False, allow_blank=True)
    number = Number(required=False)


class IntervalOut(StrictSerializer):
    application = Named("slug")
    started_at = UtcDateTime()
    ended_at = UtcDateTime()
    degraded = serializers.FloatField()
    regions = Named("slug", many=True)
    services = Named("slug", many=True)
    planned = serializers.BooleanField()
    sentence = serializers.SerializerMethodField()

    def get_sentence(self, interval: Any) -> str:
        return impact_rules.sentence(impact.stretch_of(interval))


class CostOut(StrictSerializer):
    application = serializers.CharField()
    weighted_minutes = serializers.FloatField()


class AssessmentOut(StrictSerializer):
    """One judgement; the one with the highest number is in force."""

    number = serializers.IntegerField()
    no_impact = serializers.BooleanField()
    reason = serializers.CharField()
    intervals = IntervalOut(many=True)
    weighted = serializers.SerializerMethodField()
    by = serializers.CharField(source="by_label")
    at = UtcDateTime()

    def get_weighted(self, found: ImpactAssessment) -> list[dict[str, Any]]:
        return list(CostOut(impact.costs_of(found), many=True).data)


class PostmortemEdit(StrictSerializer):
    summary = Text(long=True, required=False, allow_blank=True)
    root_cause = Text(long=True, required=False, allow_blank=True)
    went_well = Text(long=True, required=False, allow_blank=True)
    went_badly = Text(long=True, required=False, allow_blank=True)
    lucky = Text(long=True, required=False, allow_blank=True)
    lessons = Text(long=True, required=False, allow_blank=True)
    no_actions_reason = Text(long=True, required=False, allow_blank=True)
    owner = Ref(User, "username", required=False, allow_null=True)
    lines = serializers.ListField(child=Number(min_value=1), required=False, max_length=400)
    reason = Text(long=True, required=False, allow_blank=True)


class Waive(StrictSerializer):
    reason = Text(long=True)


class ActionOut(StrictSerializer):
    title = serializers.CharField()
    receiver = serializers.CharField()
    due = serializers.DateField()
    status = serializers.CharField()


class EditOut(StrictSerializer):
    at = UtcDateTime()
    by = serializers.CharField(source="actor_label")
    reason = serializers.CharField(source="data.reason")
    before = serializers.DictField()
    after = serializers.DictField()


class PostmortemOut(StrictSerializer):
    """`facts` are frozen at publication; `corrections` says what is known better since."""

    incident = serializers.CharField(source="incident.reference")
    status = serializers.ChoiceField(choices=Postmortem.Status.choices)
    owner = Named("username", allow_null=True)
    due_at = UtcDateTime(allow_null=True)
    published_at = UtcDateTime(allow_null=True)
    published_by = serializers.CharField(source="published_by_label")
    waive_reason = serializers.CharField()
    summary = serializers.CharField()
    root_cause = serializers.CharField()
    went_well = serializers.CharField()
    went_badly = serializers.CharField()
    lucky = serializers.CharField()
    lessons = serializers.CharField()
    no_actions_reason = serializers.CharField()
    facts = serializers.SerializerMethodField()
    corrections = serializers.SerializerMethodField()
    edits = serializers.SerializerMethodField()
    actions = serializers.SerializerMethodField()
    version = serializers.IntegerField()

    def get_facts(self, found: Postmortem) -> dict[str, Any]:
        return self._document(found).facts

    def get_corrections(self, found: Postmortem) -> list[str]:
        return self._document(found).corrections

    def get_edits(self, found: Postmortem) -> list[dict[str, Any]]:
        return list(EditOut(self._document(found).edits, many=True).data)

    def get_actions(self, found: Postmortem) -> list[dict[str, Any]]:
        return list(ActionOut(self._document(found).actions, many=True).data)

    def _document(self, found: Postmortem) -> Document:
        context: dict[str, Any] = self.context  # type: ignore[assignment]
        known = context.setdefault("documents", {})
        if found.pk not in known:
            known[found.pk] = postmortems.document(found, self.context["actor"])
        return known[found.pk]


class OwedOut(StrictSerializer):
    """A line of the list of those that are not written."""

    incident = serializers.CharField(source="incident.reference")
    title = serializers.CharField(source="incident.title")
    severity = serializers.CharField(source="incident.severity")
    status = serializers.ChoiceField(choices=Postmortem.Status.choices)
    owner = Named("username", allow_null=True)
    due_at = UtcDateTime(allow_null=True)
