"""Reading for customers: always through what tickets show to the actor, then cut down to our shapes."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, PositiveSmallIntegerField, QuerySet, Value, When

from catalogue.models import Application
from core.common import paging
from core.common.actor import Actor
from customers.models import Contact
from portal import shapes
from tickets import queries as tickets
from tickets.models import OPEN_STATUSES, Entry, Ticket
from worklog import queries as worklog

REQUESTS = 25
MESSAGES = 50
SAID_IN_PUBLIC = (Entry.Kind.PUBLIC_REPLY, Entry.Kind.CUSTOMER_MESSAGE)


@dataclass(frozen=True)
class Requests:
    """A page of the list, with cursors to the next and the previous one."""

    lines: list[shapes.Line]
    next: str | None
    previous: str | None


@dataclass(frozen=True)
class Conversation:
    """A page of what was said, the oldest first; `earlier` is the cursor to what was said before."""

    messages: list[shapes.Message]
    earlier: str | None


def requests_of(actor: Actor, cursor: str | None) -> Requests:
    """What the actor asked for, or may see of their organisation: open first, then the newest first.

    Raises RuleBroken for a cursor that we did not give.
    """
    solved = Case(
        When(status__in=OPEN_STATUSES, then=Value(0)),
        default=Value(1),
        output_field=PositiveSmallIntegerField(),
    )
    found = paging.page(
        Ticket.objects.visible_to(actor)
        .annotate(solved=solved)
        .select_related("requester", "organisation")
        .only(
            "subject", "status", "created_at", "requester__name", "requester__user_id", "organisation__name"
        ),
        ordering=("solved", "-created_at"),
        cursor=cursor,
        limit=REQUESTS,
        counted=False,
    )
    return Requests([shapes.line(ticket, actor) for ticket in found.rows], found.next, found.previous)


def conversation(ticket: Ticket, actor: Actor, cursor: str | None) -> Conversation:
    """The newest messages, or those before the cursor's. Only what was said in public: the kinds are named here."""
    found = paging.page(
        tickets.conversation(ticket, actor).filter(kind__in=SAID_IN_PUBLIC),
        ordering=("-created_at",),
        cursor=cursor,
        limit=MESSAGES,
        counted=False,
    )
    files: dict[int | None, list[Any]] = defaultdict(list)
    for attachment in worklog.attachments_of(ticket, actor):
        files[attachment.entry_id].append(attachment)
    said = [shapes.message(entry, actor, files[entry.pk]) for entry in reversed(found.rows)]
    if found.next is None:
        said.insert(0, shapes.first_message(ticket, actor, files[None]))
    return Conversation(said, found.next)


def applications_of(contact: Contact) -> QuerySet[Application]:
    """The applications that the contact's organisation uses."""
    if contact.organisation is None:
        return Application.objects.none()
    return contact.organisation.applications.order_by("name")
