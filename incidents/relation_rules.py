"""Pure decisions about two incidents: which may go into which, and which may be part of which."""

from __future__ import annotations

from core.common.errors import Conflict, RuleBroken
from incidents import rules
from incidents.models import Incident, Status


def check_merge(source: Incident, target: Incident, *, shown: bool) -> None:
    """Two running incidents of one kind become one; `shown`: the public status page has the source.

    Raises Conflict or RuleBroken otherwise.
    """
    if source.pk == target.pk:
        raise RuleBroken(f"{source.reference} cannot go into itself.", field="into")
    _check_not_merged(source, target, field="into")
    _check_both_or_none(source, target, field="into")
    if target.parent_id == source.pk:
        raise Conflict(f"{target.reference} is part of {source.reference}: take it out first.")
    for one in (source, target):
        if not one.is_open:
            raise rules.refusal(one.reference, one.status)
    if shown and not target.public:
        raise Conflict(
            f"{source.reference} is on the public status page and {target.reference} is kept off it: readers would "
            f"be led to its title, or see nothing any more. Put {target.reference} on that page, take "
            f"{source.reference} off it, or merge the other way round."
        )


def check_parent(child: Incident, parent: Incident, *, has_children: bool) -> None:
    """A family has two levels. Raises Conflict or RuleBroken otherwise."""
    if child.pk == parent.pk:
        raise RuleBroken(f"{child.reference} cannot be part of itself.", field="parent")
    _check_not_merged(child, parent, field="parent")
    _check_both_or_none(child, parent, field="parent")
    if parent.parent_id is not None:
        raise Conflict(f"{parent.reference} is itself part of INC-{parent.parent_id}: choose that one.")
    if has_children:
        raise Conflict(f"{child.reference} has incidents of its own: take them out first.")
    for one in (child, parent):
        if one.status == Status.CLOSED:
            raise rules.refusal(one.reference, one.status)


def _check_not_merged(one: Incident, other: Incident, *, field: str) -> None:
    if one.merged_into_id is not None:
        raise Conflict(f"{one.reference} went into INC-{one.merged_into_id} already.")
    if other.merged_into_id is not None:
        raise RuleBroken(
            f"{other.reference} went into INC-{other.merged_into_id}: name that one.", field=field
        )


def _check_both_or_none(one: Incident, other: Incident, *, field: str) -> None:
    if one.drill != other.drill:
        drill = one if one.drill else other
        raise RuleBroken(f"{drill.reference} is an exercise, the other one is not.", field=field)
