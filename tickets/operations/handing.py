"""A ticket changes hands: each change of tier or team is a row, from which held times and lost ones are read."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F

from core.accounts import actors
from core.accounts.models import User
from core.accounts.permissions import Permission
from core.audit import trail
from core.common import clock
from core.common.actor import Actor
from core.common.errors import Conflict, RuleBroken
from escalation import directory
from escalation.models import Team
from tickets import queries, rules
from tickets.models import OPEN_STATUSES, HandOff, Ticket
from tickets.operations.shared import check_open, update


@transaction.atomic
def set_communication_owner(ref: str, *, person: User, by: Actor) -> Ticket:
    """Name who speaks with the customer, whoever does the work. Of two at once, one gets a Conflict.

    Raises RuleBroken for somebody who does not work on tickets, or who may not see this one.
    """
    ticket = queries.get_for(ref, by=by, to=Permission.WORK_TICKET)
    check_open(ticket)
    if not person.is_active or not person.is_desk_staff:
        raise RuleBroken(f"{person.display_name} does not work on tickets.", field="person")
    if ticket.communication_owner_id == person.pk:
        raise Conflict(f"{person.display_name} speaks with the customer of {ticket.reference} already.")
    if not Ticket.objects.visible_to(actors.for_user(person)).filter(pk=ticket.pk).exists():
        raise RuleBroken(
            f"{person.display_name} may not see {ticket.reference}. Name them on it first.", field="person"
        )
    expected = {"communication_owner": ticket.communication_owner_id, "status__in": OPEN_STATUSES}
    update(ticket, expected, clock.now(), communication_owner=person)
    before = ticket.communication_owner.display_name if ticket.communication_owner else ""
    trail.record(
        "ticket.communication_owner_set", on=ticket, by=by, before={"communication_owner": before},
        after={"communication_owner": person.display_name},
    )  # fmt: skip
    return queries.fresh(ticket)


def pass_on(
    ticket: Ticket,
    *,
    to_team: Team | None,
    at: datetime,
    by: Actor,
    to_tier: int | None = None,
    taken_back: bool = False,
    **said: Any,
) -> HandOff:
    """Write down that a ticket changed hands, and flag it when it is passed around.

    `ticket` is as it was before; its row has been written in this transaction, so nobody else counts at the
    same time. The first team of a ticket that nobody had is no hand-off, but its time begins there; nor is one
    that is `taken_back`, which uncounts the one before.
    """
    to_tier = ticket.tier if to_tier is None else to_tier
    row = HandOff.objects.create(
        ticket=ticket, from_tier=ticket.tier, to_tier=to_tier, from_team=ticket.team, to_team=to_team, at=at,
        by_id=by.user_id, **said,
    )  # fmt: skip
    if to_tier != ticket.tier or ticket.team_id is not None:
        step = -1 if taken_back else 1
        Ticket.objects.filter(pk=ticket.pk).update(handoff_count=F("handoff_count") + step)
        _flag(ticket, by)
    return row


def _flag(ticket: Ticket, by: Actor) -> None:
    count, owner = Ticket.objects.values_list("handoff_count", "communication_owner").get(pk=ticket.pk)
    pairs = ticket.handoffs.values_list("from_team", "to_team")
    teams = {team for pair in pairs for team in pair} - {None}
    if not rules.passed_around(count, len(teams)):
        return
    values: dict[str, Any] = {"passed_around": True}
    if owner is None:
        values["communication_owner_id"] = _speaker(ticket)
    if Ticket.objects.filter(pk=ticket.pk, passed_around=False).update(**values):
        trail.record("ticket.passed_around", on=ticket, by=by, handoffs=count, teams=len(teams))


def _speaker(ticket: Ticket) -> int | None:
    """Who speaks with the customer when nobody at the first tier had it by name: who leads the team there."""
    team = directory.team_for(
        component=ticket.component, tier=1, application=ticket.application, areas=ticket.areas
    )
    return (team.lead_id or team.manager_id) if team else None
