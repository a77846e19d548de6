"""Who had a ticket for how long: by tier and team from its hand-offs, by person from its trail."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from core.accounts.models import User
from core.accounts.permissions import Permission, can
from core.audit import trail
from core.common import clock
from core.common.actor import Actor
from core.common.errors import NotFound
from escalation.models import Team
from tickets import handing_rules, queries
from tickets.handing_rules import Holder, Move, Stint, Turn
from tickets.models import Ticket

# What gives a ticket to somebody, or takes it from them.
GIVES = (
    "ticket.taken", "ticket.assigned", "ticket.escalated", "ticket.handed_back", "ticket.put_back",
    "ticket.imported_change",
)  # fmt: skip


@dataclass(frozen=True)
class Held:
    """Who had a ticket for how long, in wall time, until it was resolved or until now.

    `turns` and `people` (by name, "" for nobody) are empty where only tiers and teams were asked for.
    """

    until: datetime
    stints: list[Stint]
    tiers: dict[int, timedelta]
    teams: dict[Team | None, timedelta]
    turns: list[Turn] = field(default_factory=list)
    people: dict[str, timedelta] = field(default_factory=dict)

    @property
    def whole(self) -> timedelta:
        return sum((stint.length for stint in self.stints), timedelta())


def of(ticket: Ticket, now: datetime) -> Held:
    """By tier and team: one query."""
    rows = ticket.handoffs.select_related("from_team", "to_team")
    moves = [
        Move(row.at, Holder(row.from_tier, row.from_team), Holder(row.to_tier, row.to_team)) for row in rows
    ]
    until = ticket.resolved_at or ticket.closed_at or now
    found = handing_rules.stints(ticket.created_at, moves, until, present=Holder(ticket.tier, ticket.team))
    return Held(
        until,
        found,
        handing_rules.totals(found, lambda holder: holder.tier),
        handing_rules.totals(found, lambda holder: holder.team),
    )


def with_people(ref: str, *, by: Actor) -> tuple[Ticket, Held]:
    """A ticket and who had it, by person too, for those who work on tickets. Raises NotFound. Three queries more."""
    ticket = queries.get_for(ref, by=by)
    if not can(by, Permission.WORK_TICKET):
        raise NotFound("There is no such account of it here.")
    held = of(ticket, clock.now())
    first, given = _given(ticket)
    turns = handing_rules.turns(held.stints, given, first=first)
    people: dict[str, timedelta] = {}
    for turn in turns:
        people[turn.person] = people.get(turn.person, timedelta()) + turn.length
    return ticket, Held(held.until, held.stints, held.tiers, held.teams, turns, people)


def _given(ticket: Ticket) -> tuple[str, list[tuple[datetime, str]]]:
    """Who had it first, and who got it when, by name; the trail names some by what they sign in with."""
    events = [
        event
        for event in trail.history(Ticket.SUBJECT, ticket.pk).filter(name__in=GIVES)
        if "assignee" in event.after
    ]
    first = str(events[0].before.get("assignee") or "") if events else _present(ticket)
    said = [(event.at, str(event.after["assignee"] or "")) for event in events]
    names = _names([first, *(who for _, who in said)])
    return names.get(first, first), [(at, names.get(who, who)) for at, who in said]


def _present(ticket: Ticket) -> str:
    return ticket.assignee.display_name if ticket.assignee else ""


def _names(labels: Iterable[str]) -> dict[str, str]:
    people = User.objects.filter(username__in={label for label in labels if label})
    return {person.username: person.display_name for person in people}
