"""What the ticket's page shows: the conversation with its events, the steps of the tiers, the side column."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from core.accounts.permissions import Permission, can
from core.audit import words
from core.audit.models import Event
from core.common import clock
from core.common.actor import Actor
from core.files.models import StoredFile
from customers.models import BusyWindow
from customers.rules import is_busy
from escalation.ladder import Ladder
from sla import queries as clocks
from tickets import panels, queries, side_facts
from tickets.models import Entry, HeldReply, Ticket
from tickets.stints import Held as Account
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
HANDED = ("ticket.escalated", "ticket.handed_back")
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
    """`held` are the replies that are not out yet, as the reader sees them; `on_their_way` all of them.

    `newest` are the ids of the newest entry and, for those who see events, of the newest event.
    """

    items: list[Item]
    last_public: int
    newest: list[int]
    held: list[Held]
    on_their_way: list[HeldReply]
    handed: list[Event]


def entries_of(ticket: Ticket, actor: Actor) -> QuerySet[Entry]:
    """The messages that the page shows."""
    return queries.conversation(ticket, actor)


def events_of(ticket: Ticket, actor: Actor) -> QuerySet[Event]:
    """The events that the page shows to those who work on the ticket."""
    return queries.history(ticket, actor).exclude(name__in=SAID)


def talk(ticket: Ticket, actor: Actor) -> Talk:
    """The conversation, the oldest first, with what happened in between for those who work on the ticket."""
    works = can(actor, Permission.WORK_TICKET)
    entries = list(entries_of(ticket, actor).order_by("-created_at", "-id")[:MOST_ITEMS])
    events = list(events_of(ticket, actor).order_by("-id")[:MOST_ITEMS]) if works else []
    files: dict[int | None, list[Any]] = {}
    found_files = list(worklog.attachments_of(ticket, actor))
    for attachment in found_files:
        files.setdefault(attachment.entry_id, []).append(attachment)
    handed = {attachment.pk: attachment for attachment in found_files}
    items = [Item(entry.created_at, entry=entry, files=tuple(files.get(entry.pk, ()))) for entry in entries]
    items += [
        Item(
            event.at,
            event=event,
            text=words.sentence(event),
            sign=SIGNS.get(event.name, "info"),
            files=_handed_over(event, handed),
        )
        for event in events
        if words.known(event.name)
    ]
    items.sort(key=lambda item: (item.at, item.entry is None))
    last_public = max((entry.pk for entry in entries if entry.is_public), default=0)
    replies = list(queries.held_replies(ticket)) if works else []
    return Talk(
        items,
        last_public,
        [rows[0].pk if rows else 0 for rows in ((entries, events) if works else (entries,))],
        _held(replies, actor, entries),
        replies,
        [event for event in reversed(events) if event.name in HANDED],
    )


def _handed_over(event: Event, files: dict[int, Any]) -> tuple[Any, ...]:
    """The files that went along with a hand-off."""
    ids = event.data.get("files", ()) if event.name == "ticket.escalated" else ()
    return tuple(files[pk] for pk in ids if pk in files)


def _held(replies: list[HeldReply], actor: Actor, entries: list[Entry]) -> list[Held]:
    """One's own replies with their text; of others' only that one is on its way."""
    now, found = clock.now(), []
    for reply in replies:
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


@dataclass(frozen=True)
class Step:
    """A tier: its team, who has or had the ticket there or would get it, and for how long (wall time)."""

    name: str
    note: str = ""
    state: str = ""
    time: timedelta | None = None


def steps(ticket: Ticket, ladder: Ladder, held: Account, handed: list[Event]) -> list[Step]:
    """The tiers as steps: who had it, who has it, for how long, who is on call above."""
    teams = {stint.holder.tier: stint.holder.team for stint in held.stints}
    had = {event.before.get("tier"): event.actor_label for event in handed}
    shown = []
    for tier in range(1, max(ladder.last, ticket.tier) + 1):
        team, who, state = str(teams.get(tier) or ""), had.get(tier, ""), "done" if tier < ticket.tier else ""
        if tier == ticket.tier:
            state, who = "now", ticket.assignee.display_name if ticket.assignee else "nobody yet"
        elif tier == ticket.tier + 1 and ticket.is_open:
            team, person = queries.next_in_line(ticket)
            who = f"On call: {person}" if person else ""
        shown.append(Step(f"{ladder.name(tier)} {team}".rstrip(), who, state, held.tiers.get(tier)))
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
        "clocks": clocks.clocks_of(Ticket.SUBJECT, ticket.pk, now, ledger=False),
        "panels": panels.panels(ticket, actor),
        "panels_below": panels.below(ticket, actor),
        "busy": [window for window in windows if is_busy(window, now)],
        "windows": windows,
        **side_facts.facts(ticket, actor),
        "links": worklog.links_of(ticket, actor),
        **family(ticket, actor),
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
