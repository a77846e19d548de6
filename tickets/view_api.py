"""Saved views through the API, and the tickets in one."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from core.accounts.api import DeskViewSet
from core.accounts.permissions import Permission
from core.common import clock
from core.common.actor import Actor
from core.common.api import KeysetPagination, Named, OptionalChoice, Ref, StrictSerializer, Text, limit_of
from core.common.errors import RuleBroken
from escalation.models import Team
from tickets import columns, listing, queries, saved_views, shapes
from tickets.filters import SavedViewFilter
from tickets.list_api import TicketLists
from tickets.models import SavedView, Ticket
from tickets.operations import saved_views as operations

Data = dict[str, Any]
ORDERS = [(name, label) for name, label in columns.ORDERS.items() if name]


class ViewEdit(StrictSerializer):
    name = Text(max_length=60)
    query = Text(
        max_length=operations.LONGEST_QUERY, required=False, allow_blank=True,
        help_text="The parameters of a list of tickets, as status=open&team=none. Empty: all open work.",
    )  # fmt: skip
    columns = serializers.ListField(
        child=serializers.ChoiceField(choices=list(columns.COLUMNS)), required=False, max_length=40, source="shown"
    )  # fmt: skip
    ordering = OptionalChoice(ORDERS, required=False, help_text="Null: the work order.")
    team = Ref(
        Team.objects.filter(active=True), required=False, allow_null=True,
        help_text="A team of the caller's, whose members see it, too. Null: nobody else does.",
    )  # fmt: skip


class ViewOut(StrictSerializer):
    slug = serializers.CharField()
    name = serializers.CharField()
    query = serializers.CharField()
    columns = serializers.ListField(child=serializers.CharField())
    ordering = OptionalChoice(ORDERS)
    team = Named("slug", allow_null=True)
    owner = Named("username")
    can_edit = serializers.SerializerMethodField(
        help_text="Its owner, its team's lead, who manages the directory."
    )

    def get_can_edit(self, view: SavedView) -> bool:
        return saved_views.may_change(view, self.context["actor"])


class SavedViewViewSet(DeskViewSet):
    """Saved views: filters with a name, the caller's own and those of their teams. The slug stays for ever.

    Each reader finds only the tickets that they may see.
    """

    model = SavedView
    view_permission = Permission.VIEW_QUEUE
    serializer_class = ViewOut
    create_form, patch_form = ViewEdit, ViewEdit
    delete_route = True
    filterset_class = SavedViewFilter
    related = ("team", "owner")
    ordering_fields = {"position": "position", "name": "name"}
    ordering = "position"
    named_by = "slug"

    def find(self, ref: str, by: Actor) -> SavedView:
        return saved_views.get_for(ref, by=by)

    def do_create(self, data: Data, by: Actor) -> SavedView:
        return operations.save_view(**{"query": "", **data}, by=by)

    def do_patch(self, ref: str, data: Data, version: int | None, by: Actor) -> SavedView:
        return operations.edit_view(ref, values=data, if_version=version, by=by)

    def do_delete(self, ref: str, version: int | None, by: Actor) -> None:
        operations.delete_view(ref, if_version=version, by=by)


class ViewTickets(TicketLists):
    """The tickets in a saved view, in its order, narrowed down by the filters of a list of tickets.

    A view in work order (its `ordering` is null) is read forwards only: `previous` is null.
    """

    queryset = Ticket.objects.none()  # for the description alone
    view_permission = Permission.VIEW_QUEUE
    retrieve_route = False

    @cached_property
    def view(self) -> SavedView:
        return saved_views.get_for(self.kwargs["slug"], by=self.request.actor)

    @cached_property
    def found(self) -> listing.Listing:
        """Raises RuleBroken where the view names what does not exist any more."""
        found = listing.read(saved_views.params_of(self.view), self.request.actor, clock.now())
        if found.wrong:
            raise RuleBroken(f"“{self.view.name}” cannot be read any more: {' '.join(found.wrong)}")
        return found

    @extend_schema(parameters=[OpenApiParameter("slug", str, OpenApiParameter.PATH)])
    def list(self, request: Request, slug: str) -> Response:
        tickets = self.filter_queryset(self.get_queryset())
        if self.found.ordering or request.query_params.get("ordering"):
            return self.page_of(tickets, self.serializer_class)
        return self.in_work_order(tickets)

    def rows(self, by: Actor) -> QuerySet[Ticket]:
        return self.found.tickets

    @property
    def ordering(self) -> str:
        return self.found.ordering

    def in_work_order(self, tickets: QuerySet[Ticket]) -> Response:
        """A page as the queue shows it, in the envelope of every list."""
        links = KeysetPagination()
        links.request = self.request
        cursor = self.request.query_params.get("cursor") or None
        page = queries.queue(tickets, cursor=cursor, limit=limit_of(self.request))
        whole = tickets.in_bulk([row.pk for row in page.tickets])  # the queue reads a few columns of each
        rows = [whole[row.pk] for row in page.tickets if row.pk in whole]
        return Response(
            {
                "count": queries.count_up_to(tickets),
                "next": links.link(page.next),
                "previous": None,
                "results": self.shown(rows, shapes.TicketOut, many=True),
            }
        )


# The tickets' address is the longer one, so it stands first.
ROUTES = [("views/(?P<slug>[^/]+)/tickets", ViewTickets), ("views", SavedViewViewSet)]
