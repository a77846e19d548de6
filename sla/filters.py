"""Filters of service levels' lists."""

from __future__ import annotations

from catalogue.models import Application
from core.accounts.models import User
from core.common.filters import (
    AfterFilter,
    BeforeFilter,
    CommaChoiceFilter,
    CommaRefFilter,
    FlagFilter,
    SearchFilter,
    StrictFilterSet,
)
from core.common.vocabulary import CustomerTier, Priority, TicketKind
from sla.models import Breach, Calendar, Cause, Goal, Policy


class PolicyFilter(StrictFilterSet):
    priority = CommaChoiceFilter(choices=Priority.choices, nullable=True)
    customer_tier = CommaChoiceFilter(choices=CustomerTier.choices, nullable=True)
    kind = CommaChoiceFilter(choices=TicketKind.choices, nullable=True)
    application = CommaRefFilter(Application, nullable=True)
    calendar = CommaRefFilter(Calendar)
    active = FlagFilter()
    search = SearchFilter("name")

    class Meta:
        model = Policy
        fields: list[str] = []


class CalendarFilter(StrictFilterSet):
    search = SearchFilter("name", "slug")

    class Meta:
        model = Calendar
        fields: list[str] = []


class BreachFilter(StrictFilterSet):
    cause = CommaChoiceFilter(choices=Cause.choices, nullable=True)
    goal = CommaChoiceFilter(choices=Goal.choices)
    owner = CommaRefFilter(User, "username", nullable=True)
    breached_after = AfterFilter("breached_at")
    breached_before = BeforeFilter("breached_at")

    class Meta:
        model = Breach
        fields: list[str] = []
