"""What customers see: an allow-list. The templates get these shapes and never a ticket."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.safestring import SafeString

from core.common.actor import Actor
from core.common.errors import Conflict
from portal.rules import Stage, Step, stage_of, steps
from tickets import quoting, rules
from tickets.models import Entry, Ticket


@dataclass(frozen=True)
class Line:
    """A request in the list. `who` is empty for one's own."""

    reference: str
    subject: str
    stage: Stage
    sent_at: datetime
    who: str

    @property
    def group(self) -> str:
        return "Solved" if self.stage == Stage.SOLVED else "Open"


@dataclass(frozen=True)
class File:
    number: int
    name: str


@dataclass(frozen=True)
class Message:
    """Something that was said. `number` is 0 for the request itself, `ours` for what the desk said."""

    number: int
    who: str
    mine: bool
    ours: bool
    hue: int
    at: datetime
    parts: list[tuple[SafeString, bool]]
    files: tuple[File, ...]


@dataclass(frozen=True)
class Request:
    """The head of a request's page. `open_for_words`: a message from the customer is taken, or reopens it."""

    reference: str
    subject: str
    stage: Stage
    steps: list[Step]
    who: str
    application: str
    open_for_words: bool


def line(ticket: Ticket, actor: Actor) -> Line:
    """A list's line; needs the ticket's requester."""
    return Line(
        reference=ticket.reference,
        subject=ticket.subject,
        stage=stage_of(ticket.status),
        sent_at=ticket.created_at,
        who="" if _is_own(ticket, actor) else _asker(ticket),
    )


def request(ticket: Ticket, actor: Actor, now: datetime) -> Request:
    """A page's head; needs the ticket's requester, organisation and application."""
    stage = stage_of(ticket.status)
    return Request(
        reference=ticket.reference,
        subject=ticket.subject,
        stage=stage,
        steps=steps(stage, ticket.created_at, ticket.resolved_at),
        who="" if _is_own(ticket, actor) else _asker(ticket),
        application=ticket.application.name if ticket.application else "",
        open_for_words=ticket.is_open or _can_reopen(ticket, now),
    )


def first_message(ticket: Ticket, actor: Actor, files: list[Any]) -> Message:
    """The request itself, as the first thing that was said."""
    return Message(
        number=0,
        who=_asker(ticket),
        mine=_is_own(ticket, actor),
        ours=False,
        hue=(ticket.requester.user_id or 0) if ticket.requester else 0,
        at=ticket.created_at,
        parts=quoting.rendered(ticket.description),
        files=_files(files),
    )


def message(entry: Entry, actor: Actor, files: list[Any]) -> Message:
    return Message(
        number=entry.pk,
        who=entry.author_label,
        mine=entry.author_id is not None and entry.author_id == actor.user_id,
        ours=entry.kind == Entry.Kind.PUBLIC_REPLY,
        hue=entry.author_id or 0,
        at=entry.created_at,
        parts=quoting.rendered(entry.body),
        files=_files(files),
    )


def _files(attachments: list[Any]) -> tuple[File, ...]:
    return tuple(File(attachment.pk, attachment.file.name) for attachment in attachments)


def _is_own(ticket: Ticket, actor: Actor) -> bool:
    return ticket.requester is not None and ticket.requester.user_id == actor.user_id


def _asker(ticket: Ticket) -> str:
    if ticket.requester is not None:
        return ticket.requester.name
    return ticket.organisation.name if ticket.organisation else "Service desk"


def _can_reopen(ticket: Ticket, now: datetime) -> bool:
    try:
        rules.check_reopen(ticket.reference, ticket.status, ticket.closed_at, now)
    except Conflict:
        return False
    return True
