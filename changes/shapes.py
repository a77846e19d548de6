"""What the API takes and answers about changes."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import exceptions, serializers

from catalogue.models import Application, Component
from changes import risk, rules
from changes.models import Change
from changes.vocabulary import FixKind, Outcome, Result, Type
from core.accounts.models import User
from core.common.api import Flag, Named, Ref, RefList, StrictSerializer, Text, UtcDateTime
from incidents.models import Incident
from problems.models import Problem
from tickets.models import Ticket


@extend_schema_field({"oneOf": [{"type": "integer", "minimum": 1, "maximum": 5},
                                {"type": "string", "enum": ["low", "medium", "high"]}]})  # fmt: skip
class RiskAnswer(serializers.Field):
    """1 (harmless) to 5 (grave), or low, medium, high."""

    def to_internal_value(self, data: Any) -> Any:
        if risk.points(data) is None:
            raise exceptions.ValidationError("An answer is a number from 1 (harmless) to 5 (grave).")
        return data

    def to_representation(self, value: Any) -> Any:
        return value


class ChangeEdit(StrictSerializer):
    title = Text(max_length=200)
    description = Text(long=True, required=False, allow_blank=True)
    need = Text(long=True, required=False, allow_blank=True)
    type = serializers.ChoiceField(choices=Type.choices, required=False)
    fix_kind = serializers.ChoiceField(choices=FixKind.choices, required=False, allow_blank=True)
    touches_code = Flag(required=False)
    touches_sql = Flag(required=False)
    commit_links = serializers.ListField(
        child=Text(max_length=rules.LONGEST_LINK), required=False, max_length=rules.MOST_LINKS
    )
    applications = RefList(Application, "slug", required=False)
    components = RefList(Component, "slug", required=False)
    planned_start = UtcDateTime(required=False, allow_null=True)
    planned_end = UtcDateTime(required=False, allow_null=True)
    downtime = Flag(required=False)
    risk = serializers.DictField(
        child=RiskAnswer(), required=False,
        help_text=f"question: answer from 1 to 5; the questions are {', '.join(risk.BY_KEY)}",
    )  # fmt: skip
    implementation_plan = Text(long=True, required=False, allow_blank=True)
    backout_plan = Text(long=True, required=False, allow_blank=True)
    validation_plan = Text(long=True, required=False, allow_blank=True)
    responsible = Ref(User, "username", required=False, allow_null=True)
    incident = Ref(Incident, "reference", required=False, allow_null=True)
    ticket = Ref(Ticket, "reference", required=False, allow_null=True)
    override_reason = Text(long=True, required=False, allow_blank=True)
    collision_comment = Text(long=True, required=False, allow_blank=True)


class ChangeCreate(ChangeEdit):
    problem = Ref(Problem, "reference", required=False, allow_null=True)


class ApprovalOut(StrictSerializer):
    round = serializers.IntegerField()
    role = serializers.CharField()
    why = serializers.CharField()
    decision = serializers.CharField()
    approver = Named("username")
    note = serializers.CharField()
    at = UtcDateTime()


class ChangeOut(StrictSerializer):
    reference = serializers.CharField(read_only=True)
    title = serializers.CharField(read_only=True)
    description = serializers.CharField(read_only=True)
    need = serializers.CharField(read_only=True)
    type = serializers.CharField(read_only=True)
    fix_kind = serializers.CharField(read_only=True)
    touches_code = serializers.BooleanField(read_only=True)
    touches_sql = serializers.BooleanField(read_only=True)
    commit_links = serializers.ListField(child=serializers.CharField(), read_only=True)
    applications = Named("slug", many=True)
    components = Named("slug", many=True)
    planned_start = UtcDateTime(read_only=True)
    planned_end = UtcDateTime(read_only=True)
    downtime = serializers.BooleanField(read_only=True)
    risk = serializers.DictField(child=RiskAnswer(), read_only=True)
    risk_score = serializers.IntegerField(read_only=True)
    risk_level = serializers.CharField(read_only=True)
    implementation_plan = serializers.CharField(read_only=True)
    backout_plan = serializers.CharField(read_only=True)
    validation_plan = serializers.CharField(read_only=True)
    responsible = Named("username")
    author = Named("username")
    incident = Named("reference")
    ticket = serializers.SerializerMethodField()
    override_reason = serializers.CharField(read_only=True)
    collision_comment = serializers.CharField(read_only=True)
    status = serializers.CharField(read_only=True)
    outcome = serializers.CharField(read_only=True)
    outcome_note = serializers.CharField(read_only=True)
    implemented_by = Named("username")
    validated_by = Named("username")
    validation_result = serializers.CharField(read_only=True)
    validation_note = serializers.CharField(read_only=True)
    approvals = ApprovalOut(many=True, read_only=True)
    approval_due_at = UtcDateTime(read_only=True)
    created_at = UtcDateTime(read_only=True)
    submitted_at = UtcDateTime(read_only=True)
    approved_at = UtcDateTime(read_only=True)
    scheduled_at = UtcDateTime(read_only=True)
    started_at = UtcDateTime(read_only=True)
    finished_at = UtcDateTime(read_only=True)
    validated_at = UtcDateTime(read_only=True)
    closed_at = UtcDateTime(read_only=True)

    def get_ticket(self, change: Change) -> str | None:
        """The ticket it serves, where the reader may see it."""
        ticket = change.ticket
        if ticket is None:
            return None
        seen = (
            not ticket.confidential
            or Ticket.objects.visible_to(self.context["actor"]).filter(pk=ticket.pk).exists()
        )
        return ticket.reference if seen else None


class Submit(StrictSerializer):
    override_reason = Text(long=True, required=False, allow_blank=True)
    collision_comment = Text(long=True, required=False, allow_blank=True)


class Note(StrictSerializer):
    note = Text(long=True, required=False, allow_blank=True)


class NeededNote(StrictSerializer):
    note = Text(long=True)


class Reason(StrictSerializer):
    reason = Text(long=True)


class Validate(StrictSerializer):
    result = serializers.ChoiceField(choices=Result.choices)
    note = Text(long=True, required=False, allow_blank=True)


class Close(StrictSerializer):
    outcome = serializers.ChoiceField(choices=Outcome.choices)
    note = Text(long=True, required=False, allow_blank=True)


class PermitOut(StrictSerializer):
    may_start = serializers.BooleanField()
    reason = serializers.CharField()


class CollisionsAsked(StrictSerializer):
    """A period, a change, or a plan that is no change yet: start and end with what it touches."""

    change = Text(required=False)
    start = UtcDateTime(required=False)
    end = UtcDateTime(required=False)
    application = Ref(Application, "slug", required=False)
    component = Ref(Component, "slug", required=False)
    responsible = Ref(User, "username", required=False)


class CollisionOut(StrictSerializer):
    change = serializers.CharField(source="change_ref", allow_null=True)
    hardness = serializers.CharField(source="collision.hardness")
    kind = serializers.CharField(source="collision.kind")
    collides_with = serializers.CharField(source="collision.with_ref")
    reason = serializers.CharField(source="collision.sentence")
    starts_at = UtcDateTime(source="collision.starts_at", allow_null=True)
    ends_at = UtcDateTime(source="collision.ends_at", allow_null=True)
