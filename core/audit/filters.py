"""Finding events."""

from __future__ import annotations

import django_filters

from core.audit.models import Event
from core.common.actor import Door
from core.common.filters import AfterFilter, BeforeFilter, CommaChoiceFilter, CommaFilter, StrictFilterSet


class EventFilter(StrictFilterSet):
    name = CommaFilter()
    door = CommaChoiceFilter(choices=[(door.value, door.value) for door in Door])
    subject_kind = CommaFilter()
    subject = CommaFilter(field_name="subject_ref")
    actor = django_filters.CharFilter(field_name="actor_label")
    created_after = AfterFilter("at")
    created_before = BeforeFilter("at")

    class Meta:
        model = Event
        fields: list[str] = []
