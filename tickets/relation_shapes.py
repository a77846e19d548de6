"""What the API takes and answers about tickets among each other."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from core.common.api import Number, StrictSerializer, Text
from tickets.models import ResolutionCode, Ticket


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
            shown = self.parent.parent.instance if self.parent.parent is not None else self.parent.instance
            rows = shown if isinstance(shown, list) else [shown]
            wanted = {getattr(row, f"{self.source}_id", None) for row in rows} - {None}
            found = Ticket.objects.visible_to(context["actor"]).filter(pk__in=wanted)
            context[key] = set(found.values_list("pk", flat=True)) if wanted else set()
        return context[key]


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
    breach_cause = Text(long=True, required=False, allow_blank=True)


class OutcomeOut(StrictSerializer):
    reference = serializers.CharField()
    done = serializers.BooleanField()
    why = serializers.CharField()


class FamilyOut(StrictSerializer):
    results = OutcomeOut(many=True)
