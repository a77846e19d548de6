"""The tickets' endpoints: one action per verb."""

from __future__ import annotations

from typing import Any

from core.accounts.api import listing, reading, verb
from core.audit.api import EventOut
from core.common.actor import Actor
from sla import queries as clock_queries
from tickets import (
    bulk_api,
    macro_api,
    operations,
    queries,
    recurring_api,
    shapes,
    stints,
    time_api,
    view_api,
)
from tickets.automation import api as automation
from tickets.list_api import TicketLists
from tickets.macro_api import MacroVerbs
from tickets.models import Ticket
from tickets.personal_api import PersonalVerbs
from tickets.relation_api import RelationVerbs
from tickets.rules import Handoff
from tickets.time_api import TimeVerbs

Data = dict[str, Any]


class TicketViewSet(RelationVerbs, TimeVerbs, MacroVerbs, PersonalVerbs, TicketLists):
    """Tickets: one customer issue each, with its conversation. Lists filter by `custom.KEY`, too."""

    create_form, patch_form = shapes.TicketCreate, shapes.TicketEdit
    action_fields = {
        "status": "wait, hold, resume, resolve, close or reopen",
        "hold_reason": "hold",
        "tier": "escalate or hand_back",
        "team": "assign",
        "assignee": "assign or take",
        "communication_owner": "set_communication_owner",
        "priority": "set_priority",
        "priority_reason": "set_priority",
        "resolution_code": "resolve",
        "merged_into": "merge",
        "parent": "set_parent",
        "watchers": "watch or unwatch",
    }

    def find(self, ref: str, by: Actor) -> Ticket:
        return queries.get_for(ref, by=by)

    def do_create(self, data: Data, by: Actor) -> Ticket:
        return operations.create(**data, by=by)

    def do_patch(self, ref: str, data: Data, version: int | None, by: Actor) -> Ticket:
        return operations.edit(ref, values=data, if_version=version, by=by)

    @verb(shapes.Reply, entry=shapes.EntryOut)
    def reply(self, ref: str, data: Data, by: Actor) -> Any:
        """Say something: to the customer, or with `public: false` as an internal note.

        An @username in a note tells that person, who watches the ticket from then on, if they may read it.
        """
        return operations.reply(ref, **data, by=by)

    @verb(shapes.Assign)
    def assign(self, ref: str, data: Data, by: Actor) -> Ticket:
        """Give the ticket to a team, a person, or both."""
        return operations.assign(ref, **data, by=by)

    @verb(shapes.SetCommunicationOwner)
    def set_communication_owner(self, ref: str, data: Data, by: Actor) -> Ticket:
        """Name who speaks with the customer, whoever does the work."""
        return operations.set_communication_owner(ref, **data, by=by)

    @verb()
    def take(self, ref: str, data: Data, by: Actor) -> Ticket:
        """Make it mine; of several at once, one gets it."""
        return operations.take(ref, by=by)

    @verb(shapes.Escalate)
    def escalate(self, ref: str, data: Data, by: Actor) -> Ticket:
        """Hand the ticket to the next tier, with what it needs to know."""
        to = {name: data.pop(name, None) for name in ("team", "assignee")}
        tier = data.pop("from_tier")
        return operations.escalate(ref, from_tier=tier, handoff=Handoff(**data), **to, by=by)

    @verb(shapes.HandBack)
    def hand_back(self, ref: str, data: Data, by: Actor) -> Ticket:
        """Give the ticket back to the tier below, with what to do next."""
        return operations.hand_back(ref, **data, by=by)

    @verb(shapes.Wait)
    def wait(self, ref: str, data: Data, by: Actor) -> Ticket:
        """Wait for the customer; the clocks pause."""
        return operations.wait(ref, **data, by=by)

    @verb(shapes.Hold)
    def hold(self, ref: str, data: Data, by: Actor) -> Ticket:
        """Wait for a vendor, a change, a problem or an agreed date."""
        return operations.hold(ref, **data, by=by)

    @verb()
    def resume(self, ref: str, data: Data, by: Actor) -> Ticket:
        """Work goes on."""
        return operations.resume(ref, by=by)

    @verb(shapes.Resolve)
    def resolve(self, ref: str, data: Data, by: Actor) -> Ticket:
        """Solved; the note goes to the customer."""
        return operations.resolve(ref, **data, by=by)

    @verb()
    def close(self, ref: str, data: Data, by: Actor) -> Ticket:
        """Close what is resolved."""
        return operations.close(ref, by=by)

    @verb(shapes.Reopen)
    def reopen(self, ref: str, data: Data, by: Actor) -> Ticket:
        """Work starts again; for closed tickets within 14 days."""
        return operations.reopen(ref, **data, by=by)

    @verb(shapes.SetPriority)
    def set_priority(self, ref: str, data: Data, by: Actor) -> Ticket:
        """Override what impact and urgency say, with a reason."""
        return operations.set_priority(ref, **data, by=by)

    @verb(shapes.Tag)
    def tag(self, ref: str, data: Data, by: Actor) -> Ticket:
        """Add tags and take tags away; the others stay. PATCH of `tags` replaces them all."""
        return operations.tag(ref, **data, by=by)

    @listing(shapes.EntryOut)
    def entries(self, ref: str, by: Actor) -> Any:
        """The conversation as the caller may read it, the oldest first."""
        return queries.conversation(queries.get_for(ref, by=by), by)

    @listing(EventOut)
    def history(self, ref: str, by: Actor) -> Any:
        """What happened to the ticket, the oldest first."""
        return queries.history(queries.get_for(ref, by=by), by)

    @reading(shapes.ClockOut, many=True)
    def clocks(self, ref: str, by: Actor) -> Any:
        """The service level clocks, each with its ledger."""
        return clock_queries.clocks_of(Ticket.SUBJECT, queries.get_for(ref, by=by).pk)

    @reading(shapes.HeldOut)
    def held(self, ref: str, by: Actor) -> Any:
        """Who had it for how long, by tier, team and person: wall time, from opening until it was resolved."""
        return stints.with_people(ref, by=by)[1]


# "bulk" is no reference, so its routes stand first.
ROUTES = [
    *bulk_api.ROUTES,
    ("tickets", TicketViewSet),
    *automation.ROUTES,
    *macro_api.ROUTES,
    *view_api.ROUTES,
    *recurring_api.ROUTES,
    *time_api.ROUTES,
]
