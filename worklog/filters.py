"""Finding time entries."""

from __future__ import annotations

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


class TimeEntryFilter(StrictFilterSet):
    person = CommaRefFilter(User, "username")
    activity = CommaChoiceFilter(choices=Activity.choices)
    subject = SubjectFilter()
    created_after = AfterFilter("created_at")
    created_before = BeforeFilter("created_at")

    class Meta:
        model = TimeEntry
        fields: list[str] = []
