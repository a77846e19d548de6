"""Filters of the directory's lists."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from catalogue.models import Component
from core.accounts.models import User
from core.common import clock
from core.common.filters import (
    AfterFilter,
    BeforeFilter,
    CommaChoiceFilter,
    CommaNumberFilter,
    CommaRefFilter,
    FlagFilter,
    SearchFilter,
    StrictFilterSet,
)
from core.common.vocabulary import Area, Role
from escalation.models import Override, Rotation, Swap, Team, Tier


class OverdueFilter(FlagFilter):
    """overdue=true: entries that should have been checked before today."""

    def filter(self, qs: QuerySet[Any], value: bool | None) -> QuerySet[Any]:
        if value is None:
            return qs
        late = {f"{self.field_name}__lt": clock.now().date()}
        return qs.filter(**late) if value else qs.exclude(**late)


class AreaFilter(CommaChoiceFilter):
    """area=network,data: who looks after any of these kinds of trouble. A directory is small: read here."""

    def filter(self, qs: QuerySet[Any], value: list[str]) -> QuerySet[Any]:
        if not value:
            return qs
        rows = Team.objects.values_list("pk", "areas")
        return qs.filter(pk__in=[pk for pk, areas in rows if set(areas) & set(value)])


class TeamFilter(StrictFilterSet):
    area = AreaFilter(choices=Area.choices)
    vendor = FlagFilter(field_name="is_vendor")
    active = FlagFilter()
    owner = CommaRefFilter(User, "username", nullable=True)
    overdue = OverdueFilter(field_name="review_due")
    component = CommaRefFilter(Component, "slug", field_name="components")
    member = CommaRefFilter(User, "username", field_name="members")
    tier = CommaNumberFilter()
    search = SearchFilter("name", "scope", "keywords")

    class Meta:
        model = Team
        fields: list[str] = []


class TierFilter(StrictFilterSet):
    active = FlagFilter()

    class Meta:
        model = Tier
        fields: list[str] = []


class PersonFilter(StrictFilterSet):
    role = CommaChoiceFilter(choices=Role.choices, field_name="role_grants__role", distinct=True)
    overdue = OverdueFilter(field_name="card__review_due")
    team = CommaRefFilter(Team, "slug", field_name="teams")
    search = SearchFilter("username", "first_name", "last_name", "job_title", "card__languages")

    class Meta:
        model = User
        fields: list[str] = []


class RotationFilter(StrictFilterSet):
    team = CommaRefFilter(Team, "slug")

    class Meta:
        model = Rotation
        fields: list[str] = []


class OverrideFilter(StrictFilterSet):
    team = CommaRefFilter(Team, "slug", field_name="rotation__team")
    user = CommaRefFilter(User, "username")
    ends_after = AfterFilter("ends_at")
    starts_before = BeforeFilter("starts_at")

    class Meta:
        model = Override
        fields: list[str] = []


class SwapFilter(StrictFilterSet):
    team = CommaRefFilter(Team, "slug", field_name="rotation__team")
    state = CommaChoiceFilter(choices=Swap.State.choices)
    asked_by = CommaRefFilter(User, "username")
    asked_of = CommaRefFilter(User, "username")
    taken_by = CommaRefFilter(User, "username")

    class Meta:
        model = Swap
        fields: list[str] = []
