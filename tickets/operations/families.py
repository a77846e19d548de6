"""Parent and children: a big issue and the tickets that end with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from core.accounts.permissions import Permission
from core.audit import trail
from core.common import clock
from core.common.actor import Actor
from core.common.errors import Conflict, RuleBroken
from tickets import queries, relation_rules
from tickets.models import Status, Ticket
from tickets.operations import lifecycle
from tickets.operations.shared import update
from worklog import operations as worklog
from worklog import subjects
from worklog.models import Link


@dataclass(frozen=True)
class Outcome:
    """What became of one ticket of several; `why` is empty where it was done."""

    reference: str
    why: str = ""

    @property
    def done(self) -> bool:
        return not self.why


@transaction.atomic
def set_parent(ref: str, *, parent: str, by: Actor) -> Ticket:
    """Put a ticket under another one, or (with an empty `parent`) take it out. Raises Conflict for a circle."""
    child = queries.get_for(ref, by=by, to=Permission.WORK_TICKET)
    above: Ticket | None = None
    if parent.strip():
        above = queries.survivor_for(parent, by=by)
        line = _line(above.pk)
        # Two who build the two halves of a circle at once share a row of it: one waits, then sees the other's.
        list(Ticket.objects.select_for_update().filter(pk__in=[child.pk, *line]).order_by("pk").values("pk"))
        if _line(above.pk) != line:
            raise Conflict(f"The family of {above.reference} changed a moment ago. Look again and repeat.")
        relation_rules.check_parent(child, above, above=line, height=_height(child.pk))
    if child.parent_id == (above.pk if above else None):
        return child
    before = queries.reference_of(child.parent_id) if child.parent_id else ""
    update(child, {"parent": child.parent_id, "merged_into": None}, clock.now(), parent=above)
    trail.record(
        "ticket.parent_set", on=child, by=by, before={"parent": before},
        after={"parent": above.reference if above else ""},
    )  # fmt: skip
    return queries.fresh(child)


def resolve_family(
    ref: str,
    *,
    code: str,
    note: str = "",
    minutes: int | None = None,
    breach_cause: str = "",
    breach_note: str = "",
    by: Actor,
) -> tuple[Ticket, list[Outcome]]:
    """Resolve a ticket and then each open one below it, each in a transaction of its own.

    A child that cannot be resolved is named with the reason; the others are not held up by it.
    """
    family = children_of(queries.get_for(ref, by=by, to=Permission.RESOLVE_TICKET), by)
    how: dict[str, Any] = {
        "code": code,
        "note": note,
        "breach_cause": breach_cause,
        "breach_note": breach_note,
    }
    ticket = lifecycle.resolve(ref, **how, minutes=minutes, by=by)
    return ticket, [
        _attempt(
            child,
            lambda at: lifecycle.resolve(at, **how, by=by),
        )
        for child in family
        if child.is_open
    ]


def close_family(ref: str, *, by: Actor) -> tuple[Ticket, list[Outcome]]:
    """Close a ticket and then each resolved one below it, as `resolve_family` does."""
    family = children_of(queries.get_for(ref, by=by, to=Permission.RESOLVE_TICKET), by)
    ticket = lifecycle.close(ref, by=by)
    resolved = [child for child in family if child.status == Status.RESOLVED]
    return ticket, [_attempt(child, lambda at: lifecycle.close(at, by=by)) for child in resolved]


def children_of(ticket: Ticket, by: Actor) -> list[Ticket]:
    """All below a ticket that the actor may see, level by level."""
    seen, level = list[Ticket](), [ticket.pk]
    for _ in range(relation_rules.DEEPEST_FAMILY):
        below = Ticket.objects.filter(parent_id__in=level, merged_into=None).order_by("pk")
        level = list(below.values_list("pk", flat=True))
        if not level:
            break
        seen += Ticket.objects.visible_to(by).filter(pk__in=level).order_by("pk")
    return seen


def is_below(ticket: Ticket, other: Ticket) -> bool:
    """Whether `ticket` stands below `other` in its family."""
    return ticket.pk != other.pk and other.pk in _line(ticket.pk)


@transaction.atomic
def unlink(ref: str, *, to: str, by: Actor, kind: str | None = None) -> Ticket:
    """Take a link to other work away; the actor sees both ends."""
    ticket = queries.get_for(ref, by=by, to=Permission.WORK_TICKET)
    worklog.unlink(ticket, subjects.find(to, by), kind=kind, by=by)
    return ticket


@transaction.atomic
def link_once(ref: str, *, to: str, kind: str, by: Actor) -> bool:
    """Link a ticket to other work that the actor sees; False when it was linked so before."""
    ticket, other = queries.get_for(ref, by=by, to=Permission.WORK_TICKET), work(to, by)
    before = Link.objects.filter(
        subject_kind=ticket.SUBJECT, subject_id=ticket.pk, kind=kind, to_kind=other.SUBJECT, to_id=other.pk
    ).exists()
    worklog.link(ticket, other, kind=kind, by=by)
    return not before


def work(reference: str, by: Actor) -> Any:
    """Any work by its reference, as the actor sees it. Raises NotFound."""
    return subjects.find(reference, by)


def _line(pk: int) -> list[int]:
    """A ticket and all above it, upwards."""
    line, at = [pk], pk
    while (up := Ticket.objects.filter(pk=at).values_list("parent_id", flat=True).first()) and up not in line:
        line.append(up)
        at = up
    return line


def _height(pk: int) -> int:
    """How many levels there are from a ticket down, itself included."""
    height, level = 0, [pk]
    while level and height <= relation_rules.DEEPEST_FAMILY:
        height += 1
        level = list(Ticket.objects.filter(parent_id__in=level).values_list("pk", flat=True))
    return height


def _attempt(child: Ticket, do: Callable[[str], object]) -> Outcome:
    try:
        do(child.reference)
    except RuleBroken as broken:
        return Outcome(child.reference, broken.sentence)
    return Outcome(child.reference)
