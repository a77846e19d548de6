"""Steps that the verbs share."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Case, F, Value, When

from core.common.errors import Conflict
from tickets import rules
from tickets.models import OPEN_STATUSES, Status, Ticket


def update(ticket: Ticket, expected: dict[str, Any], now: datetime, **changes: Any) -> None:
    """Write if the expected values still stand, else Conflict: of many at once, one wins and the others hear why."""
    changes = {**changes, "version": F("version") + 1, "updated_at": now}
    if not Ticket.objects.filter(pk=ticket.pk, **expected).update(**changes):
        raise Conflict(
            f"{ticket.reference} was changed by somebody else a moment ago. Look again and repeat."
        )


def opened(ticket: Ticket) -> dict[str, Any]:
    """A new ticket that somebody has taken up is open; one that has moved on meanwhile stays where it is."""
    if ticket.status != Status.NEW:
        return {}
    return {"status": Case(When(status=Status.NEW, then=Value(Status.OPEN)), default=F("status"))}


def speaker(ticket: Ticket, user_id: int | None) -> dict[str, Any]:
    """The first to have a ticket at the first tier goes on speaking with the customer when others do the work."""
    missing = ticket.communication_owner_id is None and ticket.tier == 1 and user_id is not None
    return {"communication_owner_id": user_id} if missing else {}


def check_open(ticket: Ticket) -> None:
    if ticket.status not in OPEN_STATUSES:
        raise Conflict(f"{ticket.reference} is {rules.STATUS_WORDS[ticket.status]}. Reopen it first.")
