"""Pure decisions about tickets among each other: merging, splitting, families."""

from __future__ import annotations

from core.common.errors import Conflict, RuleBroken
from tickets.models import Entry, Ticket

DEEPEST_FAMILY = 5


def check_merge(source: Ticket, target: Ticket, *, below: bool) -> None:
    """Refuse a merge that goes in a circle, or that would show one customer's words, or hidden ones, to others.

    below: whether the target stands below the source in its family.
    """
    if source.pk == target.pk:
        raise RuleBroken(f"{source.reference} cannot be merged into itself.", field="into")
    if below:
        raise RuleBroken(
            f"{target.reference} stands below {source.reference}. Take it out of its parent first.",
            field="into",
        )
    if source.confidential != target.confidential:
        hidden = source if source.confidential else target
        other = target if source.confidential else source
        raise RuleBroken(
            f"{hidden.reference} is confidential and {other.reference} is not. Make them the same first.",
            field="into",
        )
    nobodys = source.organisation_id is None and source.requester_id is None
    same = source.organisation_id == target.organisation_id and (
        source.organisation_id is not None or source.requester_id == target.requester_id
    )
    if not nobodys and not same:
        raise RuleBroken(
            f"{source.reference} and {target.reference} belong to different customers, and one would read what "
            "the other wrote. Link them as duplicates instead.",
            field="into",
        )


def check_split(ticket: Ticket, entry: Entry | None) -> Entry:
    """Only what the customer said becomes a ticket of its own."""
    if entry is None:
        raise RuleBroken(f"{ticket.reference} has no such message.", field="entry")
    if entry.kind != Entry.Kind.CUSTOMER_MESSAGE:
        raise RuleBroken("Only a message of the customer becomes a ticket of its own.", field="entry")
    return entry


def check_parent(child: Ticket, parent: Ticket, *, above: list[int], height: int) -> None:
    """No circles, and at most five levels. above: the parent and all above it; height: levels from the child down."""
    if child.pk in above:
        raise Conflict(f"{parent.reference} stands below {child.reference}; that would be a circle.")
    if len(above) + height > DEEPEST_FAMILY:
        raise Conflict(f"A family of tickets has at most {DEEPEST_FAMILY} levels.")
    if parent.confidential and not child.confidential:
        raise RuleBroken(
            f"{parent.reference} is confidential. Make {child.reference} confidential first.", field="parent"
        )
