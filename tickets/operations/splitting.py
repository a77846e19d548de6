"""One ticket becomes two: a message that is about something else, or that came too late."""

from __future__ import annotations

from django.db import transaction

from core.accounts.permissions import Permission
from core.audit import trail
from core.audit.models import Event
from core.common.actor import Actor
from core.common.errors import Conflict
from tickets import queries, relation_rules
from tickets.models import Ticket
from tickets.operations import facts
from worklog import operations as worklog
from worklog.models import Link

ABOUT = (
    "kind",
    "exposure",
    "impact",
    "urgency",
    "application",
    "component",
    "environment",
    "affected_version",
)


@transaction.atomic
def split(ref: str, *, entry: int, subject: str, by: Actor) -> Ticket:
    """Make a ticket of its own out of one message of the customer; answers the new one, linked to the old.

    The message stays where it was said, too: an unbroken conversation loses nothing.
    """
    ticket = queries.get_for(ref, by=by, to=Permission.WORK_TICKET)
    said = relation_rules.check_split(ticket, ticket.entries.filter(pk=entry).first())
    before = Event.objects.filter(name="ticket.split", subject_kind=Ticket.SUBJECT, subject_id=ticket.pk)
    if (earlier := before.filter(data__entry=said.pk).first()) is not None:
        raise Conflict(f"That message became {earlier.data['to']} already.")
    made = facts.create(
        subject=subject,
        description=said.body,
        channel=said.channel,
        requester=ticket.requester,
        organisation=ticket.organisation,
        confidential=ticket.confidential,
        **{name: getattr(ticket, name) for name in ABOUT},
        by=by,
    )
    worklog.copy_files(ticket, said.pk, made)
    worklog.link(made, ticket, kind=Link.Kind.RELATES, by=by)
    trail.record("ticket.split", on=ticket, by=by, to=made.reference, entry=said.pk)
    return queries.fresh(made)


def follow_up(ticket: Ticket, *, channel: str | None = None, by: Actor) -> Ticket:
    """The ticket that goes on from one that was closed too long ago to be reopened. Runs in the caller's transaction.

    What the customer said becomes its first message, so that the answer to a reply is a message everywhere.
    """
    made = facts.create(
        subject=ticket.subject,
        description=f"This goes on from {ticket.reference}.",
        channel=channel,
        requester=ticket.requester,
        organisation=ticket.organisation,
        confidential=ticket.confidential,
        **{name: getattr(ticket, name) for name in ABOUT},
        by=by,
    )
    worklog.link(made, ticket, kind=Link.Kind.RELATES, by=by)
    trail.record("ticket.followed_up", on=ticket, by=by, to=made.reference)
    return made
