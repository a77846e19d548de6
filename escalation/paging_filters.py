"""Filters of the pages, for their list and the API."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet

from core.accounts.models import User
from core.common.filters import AfterFilter, BeforeFilter, CommaChoiceFilter, CommaRefFilter, StrictFilterSet
from escalation.models import EscalationPolicy, Page, Team


class AboutFilter(django_filters.CharFilter):
    """about=TKT-12: the pages about one piece of work."""

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        return qs.filter(about_ref=value.strip().upper()) if value else qs


class PageFilter(StrictFilterSet):
    state = CommaChoiceFilter(choices=Page.State.choices)
    team = CommaRefFilter(Team, "slug")
    acknowledged_by = CommaRefFilter(User, "username", nullable=True)
    about = AboutFilter(max_length=40)
    started_after = AfterFilter("started_at")
    started_before = BeforeFilter("started_at")

    class Meta:
        model = Page
        fields: list[str] = []


class PolicyFilter(StrictFilterSet):
    team = CommaRefFilter(Team, "slug")

    class Meta:
        model = EscalationPolicy
        fields: list[str] = []
