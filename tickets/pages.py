"""What the ticket's page shows: the conversation with its events, the steps of the tiers, the side column."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from core.accounts.permissions import Permission, can
from core.audit import words
from core.audit.models import Event
from core.common import clock
from core.common.actor import Actor
from core.files.models import StoredFile
from customers.models import BusyWindow
from customers.rules import is_busy
from sla import queries as clocks
from tickets import panels, queries, side_facts
from tickets.models import Entry, HeldReply, Ticket
from worklog import queries as worklog

# A message stands in the conversation itself; its event would say it twice.
SAID = {"ticket.created", "ticket.replied", "ticket.noted", "ticket.customer_wrote"}
# What the clocks do stands in the side column; only their reminders and a missed target are news.
SAID |= {f"sla.{name}" for name in ("started", "paused", "resumed", "met", "cancelled", "retargeted")}
# Who looks on is no news to the others; who was named stands in the note itself.
SAID |= {"ticket.watched", "ticket.unwatched", "ticket.mentioned"}
SIGNS = {
    "ticket.escalated": "up",
    "ticket.handed_back": "back",
    "ticket.taken": "user",
    "ticket.assigned": "user",
    "ticket.resolved": "check",
    "ticket.closed": "check",
    "ticket.waiting": "pause",
    "ticket.held": "pause",
    "ticket.linked": "link",
    "ticket.unlinked": "link",
    "ticket.merged": "merge",
    "ticket.merged_here": "merge",
    "ticket.split": "split",
    "ticket.priority_set": "flag",
    "ticket.time_logged": "clock",
}
MOST_ITEMS = 200


@dataclass(frozen=True)
class Item:
    """One line of the conversation: a message or an event."""

    at: datetime
    entry: Entry | None = None
    event: Event | None = None
    text: str = ""
    sign: str = "info"
    files: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Held:
    """A reply that is not out yet: `left` seconds to go, or `newer`, the message that brought it back."""

    reply: HeldReply
    mine: bool
    left: int
    newer: Entry | None
    files: list[StoredFile]


@dataclass(frozen=True)
class Talk:
    """`held` are the replies that are not out yet: on their way, or come back."""

    items: list[Item]
    last_public: int
    digest: str
    held: list[Held]


def talk(ticket: Ticket, actor: Actor) -> Talk:
    """The conversation, the oldest first, with what happened in between for those who work on the ticket."""
    entries = list(queries.conversation(ticket, actor).order_by("-created_at", "-id")[:MOST_ITEMS])
    events: list[Event] = []
    if can(actor, Permission.WORK_TICKET):
        found = queries.history(ticket, actor).exclude(name__in=SAID).order_by("-id")
        events = [event for event in found[:MOST_ITEMS] if words.known(event.name)]
    files: dict[int | None, list[Any]] = {}
    for attachment in worklog.attachments_of(ticket, actor):
        files.setdefault(attachment.entry_id, []).append(attachment)
    items = [Item(entry.created_at, entry=entry, files=tuple(files.get(entry.pk, ()))) for entry in entries]
    items += [
        Item(event.at, event=event, text=words.sentence(event), sign=SIGNS.get(event.name, "info"))
        for event in events
    ]
    items.sort(key=lambda item: (item.at, item.entry is None))
    last_public = max((entry.pk for entry in entries if entry.is_public), default=0)
    mark = f"{ticket.version}:{entries[0].pk if entries else 0}:{events[0].pk if events else 0}"
    held = _held(ticket, actor, entries) if can(actor, Permission.WORK_TICKET) else []
    mark += "".join(f":{one.reply.pk}.{one.reply.release_at}.{one.left == 0}" for one in held)
    return Talk(items, last_public, hashlib.sha256(mark.encode()).hexdigest()[:16], held)


def _held(ticket: Ticket, actor: Actor, entries: list[Entry]) -> list[Held]:
    """One's own replies with their text; of others' only that one is on its way."""
    now, found = clock.now(), []
    for reply in queries.held_replies(ticket):
        mine = reply.author_id == actor.user_id
        if not mine and reply.release_at is None:
            continue
        left = max(0, math.ceil((reply.release_at - now).total_seconds())) if reply.release_at else 0
        newer = _newer(entries, reply.last_seen, actor) if mine and not reply.release_at else None
        files = list(StoredFile.objects.filter(pk__in=reply.files)) if mine and reply.files else []
        found.append(Held(reply, mine, left, newer, files))
    return found


def _newer(entries: list[Entry], last_seen: int, actor: Actor) -> Entry | None:
    """What somebody else wrote for all to read since then; `entries` are the conversation's, the newest first."""
    written = (entry for entry in entries if entry.is_public and entry.pk > last_seen)
    return next((entry for entry in written if entry.author_id != actor.user_id), None)


def steps(ticket: Ticket, last_tier: int) -> list[dict[str, str]]:
    """The tiers as steps: who had it, who has it, what lies above."""
    who = ticket.assignee.display_name if ticket.assignee else "nobody yet"
    shown = []
    for tier in range(1, last_tier + 1):
        state = "done" if tier < ticket.tier else "now" if tier == ticket.tier else ""
        team = f" {ticket.team.name}" if tier == ticket.tier and ticket.team else ""
        shown.append({"name": f"L{tier}{team}", "note": who if state == "now" else "", "state": state})
    return shown


def side(ticket: Ticket, actor: Actor) -> dict[str, Any]:
    """The side column: clocks, what others know of it, the customer, links, time."""
    now = clock.now()
    worklog.preload_links(ticket)
    windows = (
        list(BusyWindow.objects.filter(organisation_id=ticket.organisation_id))
        if ticket.organisation_id
        else []
    )
    return {
        "clocks": clocks.clocks_of(Ticket.SUBJECT, ticket.pk, now),
        "panels": panels.panels(ticket, actor),
        "busy": [window for window in windows if is_busy(window, now)],
        "windows": windows,
        **side_facts.facts(ticket, actor),
        "links": worklog.links_of(ticket, actor),
        **family(ticket, actor),
        "named": worklog.watchers_of(ticket) if ticket.confidential else [],
        "time": side_facts.time(ticket, actor),
        "customer_open": _open_of_customer(ticket, actor),
        "rank_reason": queries.rank_reason(
            ticket, now, [ticket.organisation_id] if any(is_busy(window, now) for window in windows) else []
        )
        if ticket.is_open
        else "",
    }


def family(ticket: Ticket, actor: Actor) -> dict[str, Any]:
    """What a ticket is part of, what is part of it, what was merged here, and where it went itself."""
    seen = Ticket.objects.visible_to(actor).filter(
        Q(pk__in=[ticket.parent_id, ticket.merged_into_id]) | Q(parent=ticket) | Q(merged_into=ticket)
    )
    around = list(seen.order_by("pk")[:MOST_ITEMS])
    return {
        "parent": next((one for one in around if one.pk == ticket.parent_id), None),
        "children": [one for one in around if one.parent_id == ticket.pk],
        "merged_here": [one for one in around if one.merged_into_id == ticket.pk],
        "went_to": next((one for one in around if one.pk == ticket.merged_into_id), None),
    }


def _open_of_customer(ticket: Ticket, actor: Actor) -> int:
    if ticket.organisation_id is None:
        return 0
    found = Ticket.objects.visible_to(actor).open().filter(organisation_id=ticket.organisation_id)
    return queries.count_up_to(found) or queries.MOST_COUNTED
