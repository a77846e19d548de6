"""What the API takes and answers about tickets among each other."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from core.common.api import Number, StrictSerializer, Text
from sla.models import Cause
from tickets.models import ResolutionCode, Ticket
from worklog import queries as worklog


def _page(field: serializers.Field) -> list[Any]:
    """The rows that a field is shown of, so that it can ask once for all of them."""
    shape: Any = field.parent
    shown = shape.parent.instance if shape.parent is not None else shape.instance
    return shown if isinstance(shown, list) else [shown]


@extend_schema_field({"type": ["string", "null"]})
class OtherTicket(serializers.Field):
    """The reference of another ticket, or null where there is none that the caller may see.

    One query for all the rows of a page.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(read_only=True, **options)

    def get_attribute(self, ticket: Any) -> Any:
        return getattr(ticket, f"{self.source}_id")

    def to_representation(self, pk: int) -> str | None:
        return f"{Ticket.PREFIX}-{pk}" if pk in self._seen() else None

    def _seen(self) -> set[int]:
        context: dict[str, Any] = self.context  # type: ignore[assignment]
        key = f"seen {self.source}"
        if key not in context:
            wanted = {getattr(row, f"{self.source}_id", None) for row in _page(self)} - {None}
            found = Ticket.objects.visible_to(context["actor"]).filter(pk__in=wanted)
            context[key] = set(found.values_list("pk", flat=True)) if wanted else set()
        return context[key]


@extend_schema_field({"type": "array", "items": {"type": "string"}})
class WatchersOf(serializers.Field):
    """Who hears of a ticket, by username; one query for all the rows of a page."""

    def __init__(self, **options: Any) -> None:
        super().__init__(read_only=True, source="pk", **options)

    def to_representation(self, pk: int) -> list[str]:
        context: dict[str, Any] = self.context  # type: ignore[assignment]
        if "watchers" not in context:
            context["watchers"] = worklog.watchers(Ticket.SUBJECT, [row.pk for row in _page(self)])
        return context["watchers"].get(pk, [])


@extend_schema_field(OpenApiTypes.STR)
class OwnTicket(serializers.Field):
    """The reference of the ticket that a message is on."""

    def __init__(self, **options: Any) -> None:
        super().__init__(read_only=True, source="ticket_id", **options)

    def to_representation(self, pk: int) -> str:
        return f"{Ticket.PREFIX}-{pk}"


class MergeInto(StrictSerializer):
    into = Text(max_length=40, help_text="the reference of the ticket that stays")


class Split(StrictSerializer):
    entry = Number(min_value=1, help_text="id of a message of the customer")
    subject = Text(max_length=250)


class SetParent(StrictSerializer):
    parent: Any = Text(max_length=40, allow_blank=True, help_text="a reference; empty takes it out")


class Unlink(StrictSerializer):
    to = Text(max_length=40, help_text="the reference of the linked work")


class ResolveFamily(StrictSerializer):
    code = serializers.ChoiceField(choices=ResolutionCode.choices)
    note = Text(long=True, required=False, allow_blank=True)
    minutes = Number(min_value=1, max_value=1440, required=False, allow_null=True)
    breach_cause = Text(
        long=True,
        required=False,
        allow_blank=True,
        help_text=f"Why a service level was missed: one of {', '.join(Cause.values)}, or a sentence.",
    )
    breach_note = Text(long=True, required=False, allow_blank=True)


class OutcomeOut(StrictSerializer):
    reference = serializers.CharField()
    done = serializers.BooleanField()
    why = serializers.CharField()


class FamilyOut(StrictSerializer):
    results = OutcomeOut(many=True)
