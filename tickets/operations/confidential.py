"""Who may see a confidential ticket: its requester, its assignee, and the people named on it (its watchers)."""

from __future__ import annotations

from django.db import transaction
from django.db.models import F

from core.accounts.models import User
from core.accounts.permissions import Permission
from core.audit import trail
from core.common import clock
from core.common.actor import Actor
from core.common.errors import RuleBroken
from tickets import queries
from tickets.models import Ticket
from worklog import operations as worklog


@transaction.atomic
def name_person(ref: str, *, person: User, by: Actor) -> Ticket:
    """Let somebody of the desk see a confidential ticket; a second time changes nothing."""
    ticket = queries.get_for(ref, by=by, to=Permission.WORK_TICKET)
    if not person.is_active or not person.is_desk_staff:
        raise RuleBroken(f"{person.display_name} does not work on tickets.", field="person")
    if worklog.name(ticket, person):
        _changed(ticket)
        trail.record("ticket.person_named", on=ticket, by=by, person=person.display_name)
    return queries.fresh(ticket)


@transaction.atomic
def unname_person(ref: str, *, person: User, by: Actor) -> Ticket:
    """Somebody sees a confidential ticket no longer, unless it is assigned to them."""
    ticket = queries.get_for(ref, by=by, to=Permission.WORK_TICKET)
    if not worklog.unname(ticket, person):
        raise RuleBroken(f"{person.display_name} is not named on {ticket.reference}.", field="person")
    _changed(ticket)
    trail.record("ticket.person_unnamed", on=ticket, by=by, person=person.display_name)
    return queries.fresh(ticket)


def _changed(ticket: Ticket) -> None:
    Ticket.objects.filter(pk=ticket.pk).update(version=F("version") + 1, updated_at=clock.now())
