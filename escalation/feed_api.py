"""The endpoint of calendar addresses. The address itself is no part of the API: it needs no token but its own."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from core.accounts.api import DeskViewSet, verb
from core.accounts.permissions import Permission
from core.common.actor import Actor
from core.common.api import Named, Ref, RefById, StrictSerializer, UtcDateTime
from escalation import feeds, operations
from escalation.models import CalendarFeed, Rotation, Team
from escalation.operations.feeds import Made


class FeedCreate(StrictSerializer):
    team = Ref(Team, "slug", required=False, help_text="All shifts of a team.")
    rotation = RefById(
        Rotation, required=False, help_text="Those of one rotation. With neither they are your own."
    )


class FeedOut(StrictSerializer):
    id = serializers.IntegerField()
    team = Named("slug", allow_null=True)
    rotation = serializers.IntegerField(source="rotation_id", allow_null=True)
    person = Named("username", allow_null=True)
    created_at = UtcDateTime()
    last_read_at = UtcDateTime(allow_null=True)
    revoked_at = UtcDateTime(allow_null=True)
    address = serializers.SerializerMethodField(
        help_text="A secret. In the answer to its creation or renewal alone."
    )

    def get_address(self, feed: CalendarFeed) -> str | None:
        return getattr(feed, "shown_once", None)


class FeedViewSet(DeskViewSet):
    """Your own calendar addresses: a calendar program that knows one reads the shifts, until you revoke it."""

    model = CalendarFeed
    view_permission = Permission.VIEW_DIRECTORY
    named_by = "pk"
    serializer_class = FeedOut
    create_form = FeedCreate
    ordering_fields = {"id": "pk"}
    ordering = "id"
    related = ("team", "rotation__team", "person")

    def rows(self, by: Actor) -> QuerySet[CalendarFeed]:
        return feeds.feeds(by)

    def find(self, ref: str, by: Actor) -> CalendarFeed:
        return feeds.get_feed(ref, by=by)

    def do_create(self, data: dict[str, Any], by: Actor) -> CalendarFeed:
        return _shown(operations.create_feed(**data, by=by))

    @verb()
    def renew(self, ref: str, data: dict[str, Any], by: Actor) -> CalendarFeed:
        """Another address for the same shifts; the old one ends at once."""
        return _shown(operations.renew_feed(ref, by=by))

    @verb()
    def revoke(self, ref: str, data: dict[str, Any], by: Actor) -> CalendarFeed:
        """End the address for good."""
        return operations.revoke_feed(ref, by=by)


def _shown(made: Made) -> CalendarFeed:
    made.feed.shown_once = made.address  # type: ignore[attr-defined]
    return made.feed


ROUTES = [("calendar-feeds", FeedViewSet)]
