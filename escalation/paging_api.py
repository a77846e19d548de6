"""The endpoints of policies, pages, and the ways by which people are paged."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from core.accounts.api import DeskViewSet, verb
from core.accounts.models import User
from core.accounts.permissions import Permission
from core.common.actor import Actor
from escalation import operations
from escalation import paging_queries as queries
from escalation.models import EscalationPolicy, Page, PagingChannel
from escalation.operations.channels import get_channel
from escalation.paging_filters import PageFilter, PolicyFilter
from escalation.paging_shapes import (
    ChannelCreate,
    ChannelOut,
    PageCancel,
    PageCreate,
    PageOut,
    PolicyCreate,
    PolicyEdit,
    PolicyOut,
)


class PolicyViewSet(DeskViewSet):
    """Who of a team is told first, and who next. Pages that run keep the copy that they took."""

    model = EscalationPolicy
    view_permission = Permission.VIEW_DIRECTORY
    named_by = "pk"
    serializer_class = PolicyOut
    create_form, patch_form = PolicyCreate, PolicyEdit
    filterset_class = PolicyFilter
    ordering_fields = {"id": "pk", "name": "name"}
    ordering = "id"
    related = ("team",)
    prefetch = ("steps__targets__team", "steps__targets__person")

    def find(self, ref: str, by: Actor) -> EscalationPolicy:
        return queries.get_policy(ref, by=by)

    def do_create(self, data: dict[str, Any], by: Actor) -> EscalationPolicy:
        return operations.create_policy(**data, by=by)

    def do_patch(self, ref: str, data: dict[str, Any], version: int | None, by: Actor) -> EscalationPolicy:
        return operations.edit_policy(ref, changes=data, version=version, by=by)


class PageViewSet(DeskViewSet):
    """Somebody is called until somebody answers. Creating one tells the first step at once."""

    model = Page
    view_permission = Permission.VIEW_DIRECTORY
    serializer_class = PageOut
    create_form = PageCreate
    filterset_class = PageFilter
    ordering_fields = {"started_at": "started_at", "id": "pk"}
    ordering = "-started_at"
    related = ("team", "started_by", "acknowledged_by")
    prefetch = ("notices__message", "notices__person")

    def find(self, ref: str, by: Actor) -> Page:
        return queries.get_page(ref, by=by)

    def do_create(self, data: dict[str, Any], by: Actor) -> Page:
        return operations.page(**data, by=by)

    @verb()
    def acknowledge(self, ref: str, data: dict[str, Any], by: Actor) -> Page:
        """I am on it: nobody else is called. 409 names who was first."""
        return operations.acknowledge(ref, by=by)

    @verb(PageCancel)
    def cancel(self, ref: str, data: dict[str, Any], by: Actor) -> Page:
        """Call it off."""
        return operations.cancel(ref, **data, by=by)


class ChannelViewSet(DeskViewSet):
    """By which ways you are paged, and the teams that you lead. A webhook's secret is in the first answer alone."""

    model = PagingChannel
    view_permission = Permission.VIEW_DIRECTORY
    named_by = "pk"
    serializer_class = ChannelOut
    create_form = ChannelCreate
    ordering_fields = {"id": "pk"}
    ordering = "id"
    related = ("person", "team", "endpoint")

    def rows(self, by: Actor) -> QuerySet[PagingChannel]:
        return queries.channels_set_by(by)

    def find(self, ref: str, by: Actor) -> PagingChannel:
        return get_channel(ref, by=by)

    def do_create(self, data: dict[str, Any], by: Actor) -> PagingChannel:
        owner = {} if "team" in data else {"person": User.objects.filter(pk=by.user_id).first()}
        made = operations.add_channel(**data, **owner, by=by)
        made.channel.shown_once = made.secret or None
        return made.channel

    @verb()
    def test(self, ref: str, data: dict[str, Any], by: Actor) -> PagingChannel:
        """Send a notice that asks for nothing."""
        return operations.try_channel(ref, by=by)

    @verb()
    def remove(self, ref: str, data: dict[str, Any], by: Actor) -> PagingChannel:
        """Page nobody this way any more; the address is forgotten."""
        return operations.remove_channel(ref, by=by)


ROUTES = [
    ("escalation-policies", PolicyViewSet),
    ("pages", PageViewSet),
    ("paging-channels", ChannelViewSet),
]
