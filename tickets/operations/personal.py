"""What a person keeps for themselves on a ticket: their draft, whether they watch it, what they have seen."""

from __future__ import annotations

from django.db import transaction

from core.accounts.models import User
from core.accounts.permissions import Permission
from core.common.actor import Actor
from core.common.errors import RuleBroken
from tickets import queries, rules
from tickets.models import Ticket
from tickets.operations import confidential
from worklog import operations as worklog
from worklog.models import Draft

FORMS = ("reply", "note")


@transaction.atomic
def keep_draft(ref: str, *, form: str, text: str, mark: str = "", by: Actor) -> Draft | None:
    """Keep what somebody types on a ticket; an empty text drops it.

    `mark` is queries.own_mark of the page it was typed in: a late copy of what was sent meanwhile is not kept.
    """
    ticket = queries.get_for(ref, by=by, to=Permission.WORK_TICKET)
    rules.check_texts({"text": text})
    if form not in FORMS:
        raise RuleBroken("A draft is a reply or a note.", field="kind")
    if mark and mark != queries.own_mark(ticket, by):
        return None
    return worklog.keep_draft(ticket, form=form, text=text, by=by)


@transaction.atomic
def watch(ref: str, *, person: User | None = None, by: Actor) -> Ticket:
    """Hear of the customer's messages and of every change of status, or let a `person` of the desk hear of them.

    Who watches a confidential ticket may see it.
    """
    if person is not None and person.pk != by.user_id:
        return confidential.name_person(ref, person=person, by=by)
    ticket = queries.get_for(ref, by=by, to=Permission.WORK_TICKET)
    worklog.watch(ticket, by=by)
    return ticket


@transaction.atomic
def unwatch(ref: str, *, person: User | None = None, by: Actor) -> Ticket:
    """Hear of it no longer, or take another `person` off; raises RuleBroken where they do not watch."""
    if person is not None and person.pk != by.user_id:
        return confidential.unname_person(ref, person=person, by=by)
    ticket = queries.get_for(ref, by=by, to=Permission.WORK_TICKET)
    worklog.unwatch(ticket, by=by)
    return ticket


@transaction.atomic
def saw(ref: str, *, by: Actor) -> Ticket:
    """The ticket is open before the actor's eyes: where they were named on it, they have seen it."""
    ticket = queries.get_for(ref, by=by, to=Permission.VIEW_TICKETS)
    worklog.see_mentions(ticket, by=by)
    return ticket
