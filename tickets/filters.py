"""One filter for the queue, the lists and the API."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import django_filters
from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field

from catalogue.models import Application, Component
from core.accounts.models import User
from core.common.filters import (
    LONGEST_SEARCH,
    AfterFilter,
    AtLeastFilter,
    BeforeFilter,
    CommaChoiceFilter,
    CommaNumberFilter,
    CommaRefFilter,
    FlagFilter,
    SearchFilter,
    StrictFilterSet,
)
from core.common.vocabulary import Channel, Exposure, Level, Priority, Severity, TicketKind
from core.search.queries import CANDIDATES, find
from customers.models import Organisation
from escalation.models import Team
from tickets import custom_fields
from tickets.models import (
    OPEN_STATUSES,
    HoldReason,
    Macro,
    Recurrence,
    ResolutionCode,
    SavedView,
    Status,
    Ticket,
    TicketQuerySet,
)


@extend_schema_field(OpenApiTypes.STR)
class TicketSearch(django_filters.CharFilter):
    """search=words, through the full-text index: the 200 best hits that the actor may see."""

    def filter(self, qs: QuerySet[Ticket], value: str) -> QuerySet[Ticket]:
        actor = getattr(self.parent, "actor", None)
        if not value or actor is None:
            return qs
        hits = find(value, actor, kinds=[Ticket.SUBJECT], limit=CANDIDATES)
        return qs.filter(pk__in=[hit.object_id for hit in hits])


class StatusFilter(CommaChoiceFilter):
    """status=open,waiting. Open statuses alone also say so in the words of the indexes over open work."""

    def filter(self, qs: TicketQuerySet, value: list[str]) -> TicketQuerySet:
        found: TicketQuerySet = super().filter(qs, value)
        return found.open() if value and set(value) <= set(OPEN_STATUSES) else found


class TicketFilter(StrictFilterSet):
    search = TicketSearch(max_length=LONGEST_SEARCH)
    status = StatusFilter(choices=Status.choices)
    kind = CommaChoiceFilter(choices=TicketKind.choices)
    channel = CommaChoiceFilter(choices=Channel.choices)
    exposure = CommaChoiceFilter(choices=Exposure.choices)
    impact = CommaChoiceFilter(choices=Level.choices)
    urgency = CommaChoiceFilter(choices=Level.choices)
    priority = CommaChoiceFilter(choices=Priority.choices)
    severity = CommaChoiceFilter(choices=Severity.choices, nullable=True)
    hold_reason = CommaChoiceFilter(choices=HoldReason.choices, nullable=True)
    resolution_code = CommaChoiceFilter(choices=ResolutionCode.choices, nullable=True)
    tier = CommaNumberFilter()
    team = CommaRefFilter(Team, nullable=True)
    assignee = CommaRefFilter(User, "username", nullable=True)
    organisation = CommaRefFilter(Organisation, nullable=True)
    requester = CommaNumberFilter(field_name="requester_id")
    application = CommaRefFilter(Application, nullable=True)
    component = CommaRefFilter(Component, nullable=True)
    confidential = FlagFilter()
    external_id = django_filters.CharFilter(max_length=100)
    created_after = AfterFilter("created_at")
    created_before = BeforeFilter("created_at")
    updated_after = AfterFilter("updated_at")
    updated_before = BeforeFilter("updated_at")
    due_after = AfterFilter("due_at")
    due_before = BeforeFilter("due_at")
    resolved_after = AfterFilter("resolved_at")
    resolved_before = BeforeFilter("resolved_at")
    breached_after = AfterFilter("breached_at")
    breached_before = BeforeFilter("breached_at")
    reopened_min = AtLeastFilter("reopened_count")
    passed_around = FlagFilter()
    handoffs_min = AtLeastFilter("handoff_count")
    breached = FlagFilter(field_name="breached_at", lookup_expr="isnull", exclude=True)

    class Meta:
        model = Ticket
        fields: list[str] = []

    def __init__(self, data: Any = None, *args: Any, **kwargs: Any) -> None:
        """The desk's own fields filter by custom.KEY; those that the address names are added to its filters."""
        super().__init__(data, *args, **kwargs)
        for name, found in custom_fields.filters_in(data or ()).items():
            found.parent, found.model, found.field_name = self, self._meta.model, name
            self.filters[name] = found


def names_in(params: Iterable[str]) -> list[str]:
    """The filters that an address could name: all fixed ones, and of the desk's own fields those it does name."""
    return [*TicketFilter.base_filters, *custom_fields.filters_in(params)]


class MacroFilter(StrictFilterSet):
    search = SearchFilter("name", "text")
    team = CommaRefFilter(Team, nullable=True)
    active = FlagFilter()

    class Meta:
        model = Macro
        fields: list[str] = []


class SavedViewFilter(StrictFilterSet):
    search = SearchFilter("name")
    owner = CommaRefFilter(User, "username")
    team = CommaRefFilter(Team, nullable=True)

    class Meta:
        model = SavedView
        fields: list[str] = []


class RecurrenceFilter(StrictFilterSet):
    search = SearchFilter("name")
    owner = CommaRefFilter(User, "username")
    active = FlagFilter()

    class Meta:
        model = Recurrence
        fields: list[str] = []
