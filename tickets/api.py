"""The tickets' endpoints: one action per verb."""

from __future__ import annotations

from typing import Any

from core.accounts.api import DeskViewSet, listing, reading, verb
from core.accounts.permissions import Permission
from core.audit.api import EventOut
from core.common.actor import Actor
from sla import queries as clock_queries
from tickets import bulk_api, custom_fields, operations, queries, relation_shapes, shapes
from tickets.automation import api as automation
from tickets.filters import TicketFilter
from tickets.models import Ticket
from tickets.rules import Handoff
from worklog.api import TimeEntryOut

Data = dict[str, Any]


class TicketViewSet(DeskViewSet):
    """Tickets: one customer issue each, with its conversation. Lists filter by `custom.KEY`, too."""

    model = Ticket
    view_permission = Permission.VIEW_TICKETS
    serializer_class = shapes.TicketOut
    create_form, patch_form = shapes.TicketCreate, shapes.TicketEdit
    filterset_class = TicketFilter
    related = queries.RELATED
    ordering_fields = {
        "created_at": "created_at",
        "updated_at": "updated_at",
        "due_at": "due_at",
        "priority": "priority",
        "tier": "tier",
        "reference": "pk",
    }
    action_fields = {
        "status": "wait, hold, resume, resolve, close or reopen",
        "hold_reason": "hold",
        "tier": "escalate or hand_back",
        "team": "assign",
        "assignee": "assign or take",
        "priority": "set_priority",
        "priority_reason": "set_priority",
        "resolution_code": "resolve",
        "merged_into": "merge",
        "parent": "set_parent",
    }

    def known_parameters(self) -> frozenset[str]:
        """The desk's own fields filter by custom.KEY."""
        asked = custom_fields.filters_in(self.request.query_params) if self.is_main_list else ()
        return super().known_parameters() | frozenset(asked)

    def find(self, ref: str, by: Actor) -> Ticket:
        return queries.get_for(ref, by=by)

    def do_create(self, data: Data, by: Actor) -> Ticket:
        return operations.create(**data, by=by)

    def do_patch(self, ref: str, data: Data, version: int | None, by: Actor) -> Ticket:
        return operations.edit(ref, values=data, if_version=version, by=by)

    @verb(shapes.Reply, entry=shapes.EntryOut)
    def reply(self, ref: str, data: Data, by: Actor) -> Any:
        """Say something: to the customer, or with `public: false` as an internal note."""
        return operations.reply(ref, **data, by=by)

    @verb(shapes.Assign)
    def assign(self, ref: str, data: Data, by: Actor) -> Ticket:
        """Give the ticket to a team, a person, or both."""
        return operations.assign(ref, **data, by=by)

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

    @verb(shapes.LogTime, entry=TimeEntryOut)
    def log_time(self, ref: str, data: Data, by: Actor) -> Any:
        """Record minutes of work."""
        return operations.log_time(ref, **data, by=by)

    @verb(shapes.DeleteTime)
    def delete_time(self, ref: str, data: Data, by: Actor) -> Ticket:
        """Take back time that the caller logged today."""
        return operations.delete_time(ref, **data, by=by)

    @verb(shapes.SetPriority)
    def set_priority(self, ref: str, data: Data, by: Actor) -> Ticket:
        """Override what impact and urgency say, with a reason."""
        return operations.set_priority(ref, **data, by=by)

    @verb(shapes.MakeLink)
    def link(self, ref: str, data: Data, by: Actor) -> Ticket:
        """Link to other work that the caller sees."""
        return operations.link(ref, **data, by=by)

    @verb(relation_shapes.Unlink)
    def unlink(self, ref: str, data: Data, by: Actor) -> Ticket:
        """Take the links to other work away."""
        return operations.unlink(ref, **data, by=by)

    @verb(relation_shapes.MergeInto)
    def merge(self, ref: str, data: Data, by: Actor) -> Ticket:
        """Put this duplicate into another ticket; answers the one that stays."""
        return operations.merge(ref, **data, by=by)

    @verb()
    def undo_merge(self, ref: str, data: Data, by: Actor) -> Ticket:
        """Take the merge back; what was said since stays where it was said."""
        return operations.undo_merge(ref, by=by)

    @verb(relation_shapes.Split)
    def split(self, ref: str, data: Data, by: Actor) -> Ticket:
        """Make a ticket of its own out of one message of the customer; answers the new one."""
        return operations.split(ref, **data, by=by)

    @verb(relation_shapes.SetParent)
    def set_parent(self, ref: str, data: Data, by: Actor) -> Ticket:
        """Put it under another ticket; at most five levels."""
        return operations.set_parent(ref, **data, by=by)

    @verb(relation_shapes.ResolveFamily, entry=relation_shapes.FamilyOut, status=200)
    def resolve_with_children(self, ref: str, data: Data, by: Actor) -> Any:
        """Resolve it and every open ticket below it; answers what became of each, itself first."""
        ticket, children = operations.resolve_family(ref, **data, by=by)
        return {"results": [operations.Outcome(ticket.reference), *children]}

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


# "bulk" is no reference, so its routes stand first.
ROUTES = [*bulk_api.ROUTES, ("tickets", TicketViewSet), *automation.ROUTES]
