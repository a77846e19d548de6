"""The tiers in the API, named by their number."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from core.accounts.api import DeskViewSet, verb
from core.accounts.permissions import Permission
from core.common.actor import Actor
from core.common.api import StrictSerializer, Text
from escalation import operations, queries, tiers
from escalation.filters import TierFilter
from escalation.models import Tier


class TierEdit(StrictSerializer):
    name = Text(max_length=20)
    does = Text(long=True, required=False, allow_blank=True)


class TierOut(StrictSerializer):
    number = serializers.IntegerField()
    name = serializers.CharField()
    does = serializers.CharField()
    active = serializers.BooleanField()
    last = serializers.SerializerMethodField(help_text="Nothing is escalated beyond it.")

    def get_last(self, tier: Tier) -> bool:
        if "ladder" not in self.context:  # once a request, not once a row
            self.context["ladder"] = tiers.ladder_now()
        return tier.number == self.context["ladder"].last


class TierViewSet(DeskViewSet):
    """The tiers, the first one first; one that was taken away stays with `active: false`, as history names it."""

    model = Tier
    view_permission = Permission.VIEW_DIRECTORY
    named_by = "number"
    serializer_class = TierOut
    create_form = patch_form = TierEdit
    filterset_class = TierFilter
    ordering_fields = {"number": "number"}
    ordering = "number"

    def find(self, ref: str, by: Actor) -> Tier:
        return queries.get_tier(ref, by=by)

    def do_create(self, data: dict[str, Any], by: Actor) -> Tier:
        return operations.add_tier(**data, by=by)

    def do_patch(self, ref: str, data: dict[str, Any], version: int | None, by: Actor) -> Tier:
        return operations.edit_tier(ref, changes=data, version=version, by=by)

    @verb()
    def remove(self, ref: str, data: dict[str, Any], by: Actor) -> Tier:
        """Take the last tier away; refused while a team works there or open work stands there."""
        return operations.remove_tier(ref, by=by)


ROUTES = [("tiers", TierViewSet)]
