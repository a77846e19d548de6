"""Tickets among each other, through the API."""

from __future__ import annotations

from typing import Any

from core.accounts.api import verb
from core.common.actor import Actor
from tickets import operations, relation_shapes, shapes
from tickets.models import Ticket

Data = dict[str, Any]


class RelationVerbs:
    """Links, merging, splitting, parents and children."""

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
        return _family(operations.resolve_family(ref, **data, by=by))

    @verb(entry=relation_shapes.FamilyOut, status=200)
    def close_with_children(self, ref: str, data: Data, by: Actor) -> Any:
        """Close it and every resolved ticket below it; answers what became of each, itself first."""
        return _family(operations.close_family(ref, by=by))


def _family(done: tuple[Ticket, list[operations.Outcome]]) -> Data:
    ticket, children = done
    return {"results": [operations.Outcome(ticket.reference), *children]}
