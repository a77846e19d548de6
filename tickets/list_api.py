"""What every list of tickets in the API has: its filters, its orders, its shape."""

from __future__ import annotations

from core.accounts.api import DeskViewSet
from core.accounts.permissions import Permission
from tickets import custom_fields, queries, shapes
from tickets.filters import TicketFilter
from tickets.models import Ticket


class TicketLists(DeskViewSet):
    """Tickets, filtered by any of their fields; the desk's own fields filter by custom.KEY."""

    model = Ticket
    view_permission = Permission.VIEW_TICKETS
    serializer_class = shapes.TicketOut
    filterset_class = TicketFilter
    related = (*queries.RELATED, "communication_owner")
    ordering_fields = {
        "created_at": "created_at",
        "updated_at": "updated_at",
        "due_at": "due_at",
        "priority": "priority",
        "tier": "tier",
        "reference": "pk",
    }

    def known_parameters(self) -> frozenset[str]:
        asked = custom_fields.filters_in(self.request.query_params) if self.is_main_list else ()
        return super().known_parameters() | frozenset(asked)
