"""One filter for the list and the API."""

from __future__ import annotations

import django_filters
from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field

from catalogue.models import Application, Component
from changes.models import Change
from changes.vocabulary import FixKind, Outcome, Status, Type
from core.accounts.models import User
from core.common.filters import (
    LONGEST_SEARCH,
    AfterFilter,
    BeforeFilter,
    CommaChoiceFilter,
    CommaRefFilter,
    FlagFilter,
    StrictFilterSet,
)
from core.search.queries import CANDIDATES, find


@extend_schema_field(OpenApiTypes.STR)
class ChangeSearch(django_filters.CharFilter):
    """search=words, through the full-text index: the 200 best hits."""

    def filter(self, qs: QuerySet[Change], value: str) -> QuerySet[Change]:
        actor = getattr(self.parent, "actor", None)
        if not value or actor is None:
            return qs
        hits = find(value, actor, kinds=[Change.SUBJECT], limit=CANDIDATES)
        return qs.filter(pk__in=[hit.object_id for hit in hits])


class ChangeFilter(StrictFilterSet):
    search = ChangeSearch(max_length=LONGEST_SEARCH)
    status = CommaChoiceFilter(choices=Status.choices)
    type = CommaChoiceFilter(choices=Type.choices)
    fix_kind = CommaChoiceFilter(choices=FixKind.choices, nullable=True)
    outcome = CommaChoiceFilter(choices=Outcome.choices, nullable=True)
    application = CommaRefFilter(Application, field_name="applications", distinct=True)
    component = CommaRefFilter(Component, field_name="components", distinct=True)
    responsible = CommaRefFilter(User, "username", nullable=True)
    author = CommaRefFilter(User, "username", nullable=True)
    downtime = FlagFilter()
    planned_after = AfterFilter("planned_start")
    planned_before = BeforeFilter("planned_start")
    created_after = AfterFilter("created_at")
    created_before = BeforeFilter("created_at")

    class Meta:
        model = Change
        fields: list[str] = []
