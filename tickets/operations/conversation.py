"""What is said on a ticket."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import F

from core.accounts.permissions import Permission, can
from core.audit import trail
from core.common import clock, markdown
from core.common.actor import Actor, Door
from core.common.errors import Conflict, NotAllowed
from core.common.vocabulary import Channel
from core.files.models import StoredFile
from sla.models import Goal
from tickets import mentions, queries, rules, searching, service_levels
from tickets.models import Entry, Status, Ticket
from tickets.operations import splitting, timekeeping
from tickets.operations.shared import opened, speaker
from worklog import operations as worklog

Kind = Entry.Kind
EVENTS = {
    Kind.PUBLIC_REPLY: "ticket.replied",
    Kind.INTERNAL_NOTE: "ticket.noted",
    Kind.CUSTOMER_MESSAGE: "ticket.customer_wrote",
}


@transaction.atomic
def reply(
    ref: str,
    *,
    body: str,
    public: bool,
    by: Actor,
    files: list[UploadedFile] | None = None,
    stored: Iterable[StoredFile] = (),
    last_seen: int | None = None,
    channel: str | None = None,
) -> Entry:
    """Say something on the ticket: to the customer, as an internal note, or as the customer.

    A human public reply meets the response clocks; an internal note never does, nor a reply by the desk
    itself. A customer's message runs the clocks on and reopens what is resolved.
    What is said on a merged ticket lands in the survivor, and a customer's message on a ticket that was closed
    too long ago opens a new one that is linked to it: the entry's ticket tells.
    `last_seen` is the id of the last public message that the writer had read; Conflict when there is a newer one.
    `stored` are files that were uploaded before. Who is named with @ in a note, and may read it, hears of it.
    """
    ticket = queries.survivor_for(ref, by=by, to=Permission.REPLY)
    rules.check_texts({"body": body}, required=("body",))
    if not public and not can(by, Permission.WORK_TICKET):
        raise NotAllowed("You may not write internal notes.")
    if last_seen is not None and public:
        check_nothing_new(ticket, last_seen, by)
    kind = Kind.CUSTOMER_MESSAGE if by.is_customer else (Kind.PUBLIC_REPLY if public else Kind.INTERNAL_NOTE)
    now = clock.now()
    if kind == Kind.CUSTOMER_MESSAGE and not rules.may_reopen(ticket.status, ticket.closed_at, now):
        ticket = splitting.follow_up(ticket, channel=channel, by=by)
    entry = Entry.objects.create(
        ticket=ticket,
        kind=kind,
        author_id=by.user_id,
        author_label=by.label,
        channel=channel or (Channel.API if by.door == Door.API else Channel.WEB),
        body=body,
        body_html=markdown.render(body),
        created_at=now,
    )
    worklog.attach(ticket, files or [], public=entry.is_public, entry_id=entry.pk, by=by)
    worklog.attach_stored(ticket, stored, public=entry.is_public, entry_id=entry.pk)
    if kind == Kind.CUSTOMER_MESSAGE:
        _customer_wrote(ticket, now, by)
    elif kind == Kind.PUBLIC_REPLY:
        _desk_replied(ticket, now, by)
    else:
        _touch(ticket, now)
    searching.put(ticket)
    trail.record(EVENTS[kind], on=ticket, by=by, entry=entry.pk)
    if kind == Kind.INTERNAL_NOTE:
        worklog.mention(ticket, mentions.heard(body, ticket, by), entry_id=entry.pk, by=by)
    return entry


@transaction.atomic
def add_note(
    ref: str,
    *,
    body: str,
    files: list[UploadedFile] | None = None,
    minutes: int | None = None,
    by: Actor,
) -> Entry:
    """An internal note, with the time that it took; what the actor was typing here has been said with it."""
    entry = reply(ref, body=body, public=False, files=files, by=by)
    worklog.drop_draft(entry.ticket, by=by)
    timekeeping.log_beside(entry.ticket.reference, minutes=minutes, by=by)
    return entry


def _desk_replied(ticket: Ticket, now: datetime, by: Actor) -> None:
    if not by.is_human:  # an automatic reply is no response: the customer still waits for a person
        _touch(ticket, now)
        return
    changes: dict[str, Any] = {"customer_replied_at": None, **opened(ticket), **speaker(ticket, by.user_id)}
    changes["first_responded_at"] = ticket.first_responded_at or now
    _touch(ticket, now, **changes)
    service_levels.responded(ticket, at=now, by=by)


def _touch(ticket: Ticket, now: datetime, **changes: Any) -> None:
    """Write, unless the ticket was merged away while the message was on its way."""
    if not Ticket.objects.filter(pk=ticket.pk, merged_into=None).update(
        version=F("version") + 1, updated_at=now, **changes
    ):
        raise Conflict(f"{ticket.reference} was merged into another ticket a moment ago. Send it again.")


def _customer_wrote(ticket: Ticket, now: datetime, by: Actor) -> None:
    changes: dict[str, Any] = {"customer_replied_at": ticket.customer_replied_at or now}
    if ticket.status == Status.WAITING:
        changes.update(status=Status.OPEN, review_at=None, pause_note="")
    elif ticket.status in (Status.RESOLVED, Status.CLOSED):
        rules.check_reopen(ticket.reference, ticket.status, ticket.closed_at, now)
        changes.update(
            status=Status.OPEN, resolved_at=None, closed_at=None, close_due_at=None, resolution_code="",
            reopened_count=F("reopened_count") + 1,
        )  # fmt: skip
    moved = Ticket.objects.filter(pk=ticket.pk, status=ticket.status, merged_into=None).update(
        version=F("version") + 1, updated_at=now, **changes
    )
    if not moved:
        raise Conflict(f"{ticket.reference} changed a moment ago. Send it again.")
    now_open = queries.fresh(ticket)
    if ticket.status == Status.WAITING:
        service_levels.stand(now_open, at=now, by=by, why="the customer replied")
    elif ticket.status in (Status.RESOLVED, Status.CLOSED):
        service_levels.restart(now_open, Goal.RESOLUTION, at=now, by=by)
    service_levels.expect_response(now_open, at=now, by=by)
    if "status" in changes:
        trail.record(
            "ticket.reopened" if ticket.status in (Status.RESOLVED, Status.CLOSED) else "ticket.resumed",
            on=ticket, by=by, before={"status": ticket.status}, after={"status": Status.OPEN},
            reason="The customer replied.", by_message=True,
        )  # fmt: skip


def check_nothing_new(ticket: Ticket, last_seen: int, by: Actor) -> None:
    """Raise Conflict with the text when somebody else wrote publicly after the message `last_seen`.

    The ticket's row is taken first, so that of two answers at once the second sees the first.
    """
    Ticket.objects.filter(pk=ticket.pk).update(updated_at=F("updated_at"))
    newer = queries.written_since(ticket, last_seen, by)
    if newer is not None:
        raise Conflict(
            f"{newer.author_label} wrote in the meantime: “{newer.body[:300]}”. Read it, then send again."
        )
