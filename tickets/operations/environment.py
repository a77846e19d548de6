"""What is known of a customer's environment, on a ticket and for the next ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from catalogue.models import Application
from core.accounts.permissions import Permission
from core.audit import trail
from core.common import clock
from core.common.actor import Actor
from core.common.errors import RuleBroken
from customers import operations as customers
from customers.models import Organisation
from customers.queries import environment
from tickets import queries
from tickets.models import Ticket
from tickets.operations.shared import update


@transaction.atomic
def answer_environment(ref: str, *, answers: Mapping[str, str], by: Actor) -> Ticket:
    """Answer what the application asks about the customer's environment: for this ticket and their next ones.

    An empty answer leaves what is known. Raises Invalid naming `environment.KEY`.
    """
    ticket = queries.get_for(ref, by=by, to=Permission.WORK_TICKET)
    if ticket.organisation is None or ticket.application is None:
        raise RuleBroken("Say first which customer and which application it is about.")
    customers.answer(ticket.organisation, ticket.application, answers, by=by)
    given = {key: value.strip() for key, value in answers.items() if value.strip()}
    whole = {**ticket.environment, **given}
    if whole == ticket.environment:
        return ticket
    update(ticket, {"version": ticket.version}, clock.now(), environment=whole)
    before, after = differences("environment", ticket.environment, whole)
    trail.record("ticket.updated", on=ticket, by=by, before=before, after=after)
    return queries.fresh(ticket)


def kept(
    organisation: Organisation | None, application: Application | None, given: Mapping[str, Any], *, by: Actor
) -> dict[str, Any]:
    """The environment as a ticket holds it: what was answered before, under what is `given` now.

    What the application asks about is kept for the customer's next tickets, too; the rest stays on the ticket.
    """
    known = environment(organisation, application) if organisation is not None else []
    if not known or organisation is None or application is None:
        return dict(given)
    asked = {one.question.key for one in known}
    answers = {key: str(value) for key, value in given.items() if key in asked and str(value).strip()}
    customers.answer(organisation, application, answers, by=by)
    others = {key: value for key, value in given.items() if key not in asked}
    return {**{one.question.key: one.value for one in known if one.value}, **others, **answers}


def differences(
    name: str, before: Mapping[str, Any], after: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """(before, after) of what changed inside a field that holds values by key, as `name.key`."""
    keys = [key for key in {**before, **after} if before.get(key) != after.get(key)]
    return (
        {f"{name}.{key}": before.get(key, "") for key in keys},
        {f"{name}.{key}": after.get(key, "") for key in keys},
    )
