"""What the API takes and answers about problems and follow-up actions."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from catalogue.models import Application, Component
from core.accounts.models import User
from core.common.api import Named, Ref, StrictSerializer, Text, UtcDateTime
from core.common.vocabulary import Priority
from escalation.models import Team
from problems.models import ActionStatus, Audience, CauseCategory, FixKind, Problem, Source, Status
from problems.rules import MOST_WHYS
from worklog import queries as worklog

MOST_CHANGES = 50
REFERENCES = {"type": "array", "items": {"type": "string"}}


class RootCauseOut(StrictSerializer):
    category = serializers.ChoiceField(CauseCategory.choices, source="cause_category")
    statement = serializers.CharField(source="cause")
    whys = serializers.ListField(child=serializers.CharField())
    contributing_factors = serializers.CharField()
    evidence = serializers.CharField()


class KnownErrorOut(StrictSerializer):
    symptom = serializers.CharField()
    workaround = serializers.CharField()
    audience = serializers.ChoiceField(Audience.choices)
    matcher = serializers.CharField()
    proposed_by = Named("username", allow_null=True)
    published_by = Named("username", allow_null=True)
    published_at = UtcDateTime(allow_null=True)


class ProblemOut(StrictSerializer):
    reference = serializers.CharField()
    title = serializers.CharField()
    description = serializers.CharField()
    source = serializers.ChoiceField(Source.choices)
    status = serializers.ChoiceField(Status.choices)
    priority = serializers.ChoiceField(Priority.choices)
    application = Named("slug", allow_null=True)
    component = Named("slug", allow_null=True)
    team = Named("slug", allow_null=True)
    owner = Named("username", allow_null=True)
    root_cause = serializers.SerializerMethodField()
    workaround = serializers.CharField()
    known_error = serializers.SerializerMethodField()
    fix_kind = serializers.ChoiceField(["", *FixKind.choices])
    tickets = serializers.SerializerMethodField()
    incidents = serializers.SerializerMethodField()
    changes = serializers.SerializerMethodField()
    created_at = UtcDateTime()
    updated_at = UtcDateTime()
    resolved_at = UtcDateTime(allow_null=True)
    closed_at = UtcDateTime(allow_null=True)
    reopened_count = serializers.IntegerField()

    @extend_schema_field(RootCauseOut(allow_null=True))
    def get_root_cause(self, problem: Problem) -> Any:
        return RootCauseOut(problem).data if problem.cause_known else None

    @extend_schema_field(KnownErrorOut(allow_null=True))
    def get_known_error(self, problem: Problem) -> Any:
        known = getattr(problem, "known_error", None)
        return KnownErrorOut(known).data if known else None

    @extend_schema_field(REFERENCES)
    def get_tickets(self, problem: Problem) -> list[str]:
        return self._linked(problem, "ticket")

    @extend_schema_field(REFERENCES)
    def get_incidents(self, problem: Problem) -> list[str]:
        return self._linked(problem, "incident")

    @extend_schema_field(REFERENCES)
    def get_changes(self, problem: Problem) -> list[str]:
        return self._linked(problem, "change")

    def _linked(self, problem: Problem, kind: str) -> list[str]:
        """The links of the whole page are read once, when the first row asks."""
        if "linked" not in self.context:
            rows = self.parent.instance if self.parent is not None else [self.instance]
            self.context["linked"] = worklog.linked_references(rows, self.context["actor"])
        return self.context["linked"].get(problem.pk, {}).get(kind, [])


class AgendaItemOut(ProblemOut):
    open_actions = serializers.IntegerField()


class WeekOut(StrictSerializer):
    """`monday` is the first day of the week; `open` counts at its end, `plan` leads to nothing open."""

    monday = serializers.DateField()
    open = serializers.IntegerField()
    added = serializers.IntegerField()
    finished = serializers.IntegerField()
    plan = serializers.IntegerField()


class ActionOut(StrictSerializer):
    id = serializers.IntegerField(source="pk")
    problem = Named("reference")
    title = serializers.CharField()
    team = Named("slug", allow_null=True)
    owner = Named("username", allow_null=True)
    due = serializers.DateField()
    priority = serializers.ChoiceField(Priority.choices)
    status = serializers.ChoiceField(ActionStatus.choices)
    drop_reason = serializers.CharField()
    next_reminder_at = UtcDateTime(allow_null=True)
    created_at = UtcDateTime()
    finished_at = UtcDateTime(allow_null=True)


# --- taken ------------------------------------------------------------------------------------------------
class ProblemEdit(StrictSerializer):
    title = Text(max_length=200)
    description = Text(long=True, required=False, allow_blank=True)
    source = serializers.ChoiceField(Source.choices, required=False)
    priority = serializers.ChoiceField(Priority.choices, required=False)
    application = Ref(Application, required=False, allow_null=True)
    component = Ref(Component, required=False, allow_null=True)
    team = Ref(Team, required=False, allow_null=True)
    owner = Ref(User, "username", required=False, allow_null=True)
    workaround = Text(long=True, required=False, allow_blank=True)
    contributing_factors = Text(long=True, required=False, allow_blank=True)
    evidence = Text(long=True, required=False, allow_blank=True)


class RaiseIn(StrictSerializer):
    source = serializers.ChoiceField(Source.choices, required=False)
    title = Text(max_length=200, required=False)


class RootCauseIn(StrictSerializer):
    category = serializers.ChoiceField(CauseCategory.choices)
    statement = Text(long=True)
    whys = serializers.ListField(child=Text(max_length=500), required=False, max_length=MOST_WHYS)
    contributing_factors = Text(long=True, required=False, allow_blank=True)
    evidence = Text(long=True, required=False, allow_blank=True)


class KnownErrorIn(StrictSerializer):
    symptom = Text(long=True, required=False)
    workaround = Text(long=True, required=False)
    audience = serializers.ChoiceField(Audience.choices, required=False)
    matcher = Text(max_length=200, required=False, allow_blank=True)


class ProposedIn(KnownErrorIn):
    symptom = Text(long=True)
    workaround = Text(long=True)


class FixIn(StrictSerializer):
    fix_kind = serializers.ChoiceField(FixKind.choices)
    changes = serializers.ListField(child=Text(max_length=30), required=False, max_length=MOST_CHANGES)


class ReasonIn(StrictSerializer):
    reason = Text(long=True)


class ActionEdit(StrictSerializer):
    title = Text(max_length=200)
    due = serializers.DateField()
    team = Ref(Team, required=False, allow_null=True)
    owner = Ref(User, "username", required=False, allow_null=True)
    priority = serializers.ChoiceField(Priority.choices, required=False)
