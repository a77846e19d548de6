"""Filters of the directory's lists."""

from __future__ import annotations

from catalogue.models import Component
from core.accounts.models import User
from core.common.filters import (
    AfterFilter,
    BeforeFilter,
    CommaNumberFilter,
    CommaRefFilter,
    SearchFilter,
    StrictFilterSet,
)
from escalation.models import Override, Rotation, Team


class TeamFilter(StrictFilterSet):
    component = CommaRefFilter(Component, "slug", field_name="components")
    member = CommaRefFilter(User, "username", field_name="members")
    tier = CommaNumberFilter()
    search = SearchFilter("name", "scope", "keywords")

    class Meta:
        model = Team
        fields: list[str] = []


class PersonFilter(StrictFilterSet):
    team = CommaRefFilter(Team, "slug", field_name="teams")
    search = SearchFilter("username", "first_name", "last_name")

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
