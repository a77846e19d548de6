"""Finding time entries."""

from __future__ import annotations

import django_filters
from django import forms
from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field

from core.accounts.models import User
from core.common.errors import NotFound
from core.common.filters import (
    AfterFilter,
    BeforeFilter,
    CommaChoiceFilter,
    CommaFilter,
    CommaRefFilter,
    StrictFilterSet,
)
from core.common.vocabulary import Activity
from worklog import subjects
from worklog.models import TimeEntry


@extend_schema_field(OpenApiTypes.STR)
class SubjectFilter(CommaFilter):
    """subject=TKT-1: the work that the time was spent on."""

    def parse(self, text: str) -> tuple[str, int]:
        actor = getattr(self.parent, "actor", None)
        try:
            found = subjects.find(text[:40], actor)
        except NotFound as error:
            raise forms.ValidationError(error.sentence) from error
        return found.SUBJECT, found.pk

    def filter(self, qs: QuerySet[TimeEntry], value: list[tuple[str, int]]) -> QuerySet[TimeEntry]:
        found = qs.none() if value else qs
        for kind, pk in value:
            found |= qs.filter(subject_kind=kind, subject_id=pk)
        return found


@extend_schema_field(OpenApiTypes.DATE)
class DateFilter(django_filters.DateFilter):
    """on_date_after=2026-11-01: that day or later; on_date_before: earlier than that day."""

    def __init__(self, field_name: str, lookup_expr: str) -> None:
        super().__init__(field_name=field_name, lookup_expr=lookup_expr, input_formats=["%Y-%m-%d"])


class TimeEntryFilter(StrictFilterSet):
    person = CommaRefFilter(User, "username")
    activity = CommaChoiceFilter(choices=Activity.choices)
    subject = SubjectFilter()
    ticket = SubjectFilter()
    on_date_after = DateFilter("on_date", "gte")
    on_date_before = DateFilter("on_date", "lt")
    created_after = AfterFilter("created_at")
    created_before = BeforeFilter("created_at")

    class Meta:
        model = TimeEntry
        fields: list[str] = []
