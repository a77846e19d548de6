"""Two tickets that are one issue: the duplicate goes into the survivor, and comes back out when that was wrong.

`Ticket.merged_into` always names the survivor itself, through any chain; the rows of `Merge` keep the steps.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F

from core.accounts.permissions import Permission, require
from core.audit import trail
from core.common import clock, markdown
from core.common.actor import Actor
from core.common.errors import Conflict, RuleBroken
from tickets import queries, relation_rules, searching, service_levels
from tickets.models import Entry, Merge, ResolutionCode, Status, Ticket
from tickets.operations import families
from tickets.operations.shared import check_open
from worklog import operations as worklog

STATE = (
    "status", "hold_reason", "pause_note", "review_at", "resolution_code", "resolved_at", "closed_at", "close_due_at",
    "customer_replied_at",
)  # fmt: skip
MOMENTS = {"review_at", "resolved_at", "closed_at", "close_due_at", "customer_replied_at"}


@transaction.atomic
def merge(ref: str, *, into: str, by: Actor) -> Ticket:
    """Put a duplicate into the ticket that it duplicates; answers the survivor.

    Conversation, files, time, links, watchers and mentions go along. The duplicate is closed, its clocks are
    cancelled, and replies to it land in the survivor. Raises Conflict when one of the two has moved on.
    """
    source = queries.get_for(ref, by=by, to=Permission.WORK_TICKET)
    target = queries.survivor_for(into, by=by)
    relation_rules.check_merge(source, target, below=families.is_below(target, source))
    check_open(target)
    now = clock.now()
    moved: dict[str, Any] = {
        "was": {name: _plain(getattr(source, name)) for name in STATE},
        "clocks": service_levels.open_clocks(source),
        "unanswered": source.customer_replied_at is not None and target.customer_replied_at is None,
    }
    _claim(source, target, moved["unanswered"], now)
    service_levels.cancel(source, at=now, by=by, why=f"merged into {target.reference}")
    moved["took_over"] = service_levels.take_over_response(
        queries.fresh(target), moved["clocks"], at=now, by=by, why=f"merged from {source.reference}"
    )
    moved["opening"] = _opening(source, target).pk
    moved.update(_carry(source, target))
    Merge.objects.create(source=source, target=target, by_id=by.user_id, at=now, moved=moved)
    _write_down("merged", source, target, by, messages=len(moved["entries"]))
    return queries.fresh(target)


@transaction.atomic
def undo_merge(ref: str, *, by: Actor) -> Ticket:
    """Take a merge back; answers the ticket that was a duplicate, as it stood before.

    Exactly what went along comes back. What was said after the merge stays with the survivor.
    """
    source = queries.get_for(ref, by=by)
    require(by, Permission.WORK_TICKET)
    made = Merge.objects.filter(source=source, undone_at=None).first()
    if made is None or source.merged_into_id is None:
        raise Conflict(f"{source.reference} is not merged into another ticket.")
    survivor = queries.get_for(queries.reference_of(source.merged_into_id), by=by, to=Permission.WORK_TICKET)
    now = clock.now()
    was = {name: _moment(made.moved["was"][name], name) for name in STATE}
    if not Merge.objects.filter(pk=made.pk, undone_at=None).update(undone_at=now):
        raise Conflict(f"The merge of {source.reference} was undone by somebody else a moment ago.")
    freed = Ticket.objects.filter(pk=source.pk, merged_into=survivor).update(
        merged_into=None, version=F("version") + 1, updated_at=now, **was
    )
    if not freed:
        raise Conflict(f"{source.reference} was merged on a moment ago. Look again and repeat.")
    _bring_back(survivor, source, made.moved, now)
    source = queries.fresh(source)
    service_levels.release_response(
        survivor,
        made.moved.get("took_over", []),
        at=now,
        by=by,
        why=f"{source.reference} stands for itself again",
    )
    service_levels.revive(
        source, made.moved["clocks"], at=now, by=by, gap=f"merged into {survivor.reference}"
    )
    _write_down("unmerged", source, survivor, by, messages=len(made.moved["entries"]))
    return queries.fresh(source)


def _claim(source: Ticket, target: Ticket, unanswered: bool, now: datetime) -> None:
    """Close the one and touch the other, in the order of their numbers: of two merges at once, one wins."""
    ended: dict[str, Any] = {
        "status": Status.CLOSED, "resolution_code": ResolutionCode.DUPLICATE, "merged_into": target,
        "resolved_at": source.resolved_at or now, "closed_at": now, "close_due_at": None, "review_at": None,
        "hold_reason": "", "pause_note": "", "customer_replied_at": None,
    }  # fmt: skip
    asked = {"customer_replied_at": source.customer_replied_at} if unanswered else {}
    steps: list[tuple[int, dict[str, Any], dict[str, Any]]] = [
        (source.pk, {"version": source.version, "merged_into": None}, ended),
        (target.pk, {"status": target.status, "merged_into": None}, asked),
    ]
    for pk, expected, changes in sorted(steps, key=lambda step: step[0]):
        if (
            not Ticket.objects.filter(pk=pk, **expected)
            .exclude(pk=target.pk, status__in=(Status.RESOLVED, Status.CLOSED))
            .update(version=F("version") + 1, updated_at=now, **changes)
        ):
            raise Conflict(
                f"{queries.reference_of(pk)} was changed by somebody else a moment ago. Look again and repeat."
            )


def _opening(source: Ticket, target: Ticket) -> Entry:
    """What the duplicate said when it was opened, as a message in the survivor's conversation.

    Without a requester nobody outside said it: an internal note.
    """
    requester = source.requester
    said = f"**{source.subject}** ({source.reference})\n\n{source.description}".strip()
    return Entry.objects.create(
        ticket=target,
        kind=Entry.Kind.CUSTOMER_MESSAGE if requester else Entry.Kind.INTERNAL_NOTE,
        author_id=requester.user_id if requester else None,
        author_label=requester.name if requester else "Service desk",
        channel=source.channel,
        body=said,
        body_html=markdown.render(said),
        created_at=source.created_at,
    )


def _carry(source: Ticket, target: Ticket) -> dict[str, Any]:
    """Let everything that lies on the duplicate lie on the survivor; what went, by id."""
    entries = list(source.entries.values_list("pk", flat=True))
    Entry.objects.filter(pk__in=entries).update(ticket=target)
    earlier = list(Ticket.objects.filter(merged_into=source).values_list("pk", flat=True))
    Ticket.objects.filter(pk__in=earlier).update(merged_into=target)
    children = list(source.children.values_list("pk", flat=True))
    Ticket.objects.filter(pk__in=children).update(parent=target)
    carried = worklog.carry(Ticket.SUBJECT, source.pk, target.pk)
    return {"entries": entries, "earlier": earlier, "children": children, **carried}


def _bring_back(survivor: Ticket, source: Ticket, moved: dict[str, Any], now: datetime) -> None:
    """The way back, for those that are still with the survivor."""
    Entry.objects.filter(pk__in=moved["entries"], ticket=survivor).update(ticket=source)
    Ticket.objects.filter(pk__in=moved["earlier"], merged_into=survivor).update(merged_into=source)
    Ticket.objects.filter(pk__in=moved["children"], parent=survivor).update(parent=source)
    worklog.bring_back(Ticket.SUBJECT, survivor.pk, source.pk, moved)
    Entry.objects.filter(pk=moved["opening"]).delete()
    unasked: dict[str, Any] = {}
    asked = moved["was"]["customer_replied_at"]
    if moved["unanswered"] and survivor.customer_replied_at == _moment(asked, "customer_replied_at"):
        unasked = {"customer_replied_at": None}
    Ticket.objects.filter(pk=survivor.pk).update(version=F("version") + 1, updated_at=now, **unasked)


def _write_down(what: str, source: Ticket, target: Ticket, by: Actor, *, messages: int) -> None:
    """Both histories tell the story, and both are found by what they hold now."""
    for ticket in (source, target):
        searching.put(queries.fresh(ticket))
    into, from_ = ("ticket.merged", "ticket.merged_here") if what == "merged" else (
        "ticket.unmerged", "ticket.unmerged_here",
    )  # fmt: skip
    trail.record(into, on=source, by=by, other=target.reference, messages=messages)
    trail.record(from_, on=target, by=by, other=source.reference, messages=messages)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _moment(value: Any, name: str) -> Any:
    try:
        return datetime.fromisoformat(value) if value and name in MOMENTS else value
    except ValueError as error:  # the row was not written by us
        raise RuleBroken("What went along with this merge cannot be read.") from error
