"""One definition for the page's list and the API's."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet

from catalogue.models import Application, Component, Region
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
from core.common.vocabulary import Severity
from core.search.queries import CANDIDATES, find
from customers.models import Organisation
from incidents.models import Incident, Status


class IncidentSearch(django_filters.CharFilter):
    """search=words, through the full-text index: the 200 best hits that the actor may see."""

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        actor = getattr(self.parent, "actor", None)
        if not value or actor is None:
            return qs
        hits = find(value, actor, kinds=[Incident.SUBJECT], limit=CANDIDATES)
        return qs.filter(pk__in=[hit.object_id for hit in hits])


class IncidentFilter(StrictFilterSet):
    status = CommaChoiceFilter(choices=Status.choices)
    severity = CommaChoiceFilter(choices=Severity.choices, nullable=True)
    application = CommaRefFilter(Application, "slug", field_name="applications", nullable=True, distinct=True)
    component = CommaRefFilter(Component, "slug", field_name="components", nullable=True, distinct=True)
    region = CommaRefFilter(Region, "slug", field_name="regions", nullable=True, distinct=True)
    organisation = CommaRefFilter(
        Organisation, "slug", field_name="organisations", nullable=True, distinct=True
    )
    commander = CommaRefFilter(User, "username", nullable=True)
    communications_lead = CommaRefFilter(User, "username", nullable=True)
    started_after = AfterFilter("started_at")
    started_before = BeforeFilter("started_at")
    declared_after = AfterFilter("declared_at")
    declared_before = BeforeFilter("declared_at")
    restored_after = AfterFilter("restored_at")
    restored_before = BeforeFilter("restored_at")
    drill = FlagFilter("drill")
    search = IncidentSearch(max_length=LONGEST_SEARCH)

    class Meta:
        model = Incident
        fields: list[str] = []
