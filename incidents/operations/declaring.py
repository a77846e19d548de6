"""Declaring: one step, a title is enough, and the acknowledgement goes out with it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from catalogue.models import Application, Component, Region
from core.accounts.permissions import Permission, require
from core.audit import trail
from core.common import clock
from core.common.actor import Actor
from core.common.errors import Conflict, RuleBroken
from customers.models import Organisation
from incidents import notices, queries, rules
from incidents.models import Incident, Update
from incidents.operations import ledger
from worklog import operations as worklog
from worklog import subjects


@transaction.atomic
def declare(
    *,
    title: str,
    summary: str = "",
    severity: str | None = None,
    applications: Iterable[Application] = (),
    components: Iterable[Component] = (),
    regions: Iterable[Region] = (),
    organisations: Iterable[Organisation] = (),
    started_at: datetime | None = None,
    drill: bool = False,
    form_key: UUID | None = None,
    by: Actor,
) -> Incident:
    """Declare an incident and acknowledge it to every stakeholder at once.

    drill: an exercise. Only people of the desk who are subscribed are told, and it counts nowhere. What was
    declared in earnest never becomes one, nor the other way round.

    One that names organisations begins off the public status page, which strangers read: its title says what fails for
    one customer. Somebody puts it there by hand.

    `form_key` names the page that the button stood on: pressed twice, it is the same incident.
    """
    require(by, Permission.DECLARE_INCIDENT)
    if form_key is not None:
        before: Incident | None = Incident.objects.visible_to(by).filter(form_key=form_key).first()
        if before is not None:
            return before
    now, organisations = clock.now(), list(organisations)
    rules.check_moments(now, started_at or now)
    minutes, when_due = queries.cadence_for(severity)
    incident = Incident.objects.create(
        title=rules.needed(title, "title", "Say in a few words what does not work."),
        summary=summary.strip(),
        severity=severity or "",
        declared_by_id=by.user_id,
        started_at=started_at or now,
        detected_at=now,
        declared_at=now,
        cadence_minutes=minutes,
        when_due=when_due,
        drill=drill,
        form_key=form_key,
        public=not organisations,
    )
    components = list(components)
    incident.components.set(components)
    incident.applications.set({*applications, *(component.application for component in components)})
    incident.regions.set(regions)
    incident.organisations.set(organisations)
    ledger.note(incident, f"Declared{' as an exercise' if drill else ''}: {incident.title}", by=by)
    trail.record(
        "incident.declared",
        on=incident,
        by=by,
        title=incident.title,
        severity=incident.severity,
        cadence=minutes,
        drill=drill,
    )
    ledger.write(
        incident,
        kind=Update.Kind.ACKNOWLEDGEMENT,
        body=notices.acknowledgement(incident),
        by=by,
        due_at=now,
        next_due_at=rules.next_due(now, minutes, now),
    )
    return queries.fresh(incident)


@transaction.atomic
def declare_from_ticket(
    ref: str, *, severity: str | None = None, summary: str = "", title: str = "", form_key: UUID | None = None,
    by: Actor,
) -> Incident:  # fmt: skip
    """Declare an incident from a ticket and link the two.

    A ticket that belongs to a running incident already starts no second one (Conflict). The subject of a
    confidential ticket goes to nobody: there a title must be given.
    """
    ticket = _held_ticket(ref, by)
    require(by, Permission.DECLARE_INCIDENT)
    running = queries.open_incident_of(ticket.SUBJECT, ticket.pk)
    if running is not None:
        if form_key is not None and running.form_key == form_key:
            return running
        raise Conflict(f"{ticket.reference} belongs to {running.reference}, which is still running.")
    if ticket.confidential and not title.strip():
        raise RuleBroken(
            f"{ticket.reference} is confidential, and everybody reads the title of an incident: give one.",
            field="title",
        )
    incident = declare(
        title=title.strip() or ticket.subject[:200],
        summary=summary,
        severity=severity,
        applications=_some(ticket.application),
        components=_some(ticket.component),
        organisations=_some(ticket.organisation),
        form_key=form_key,
        by=by,
    )
    worklog.link(incident, ticket, by=by)
    return incident


def _held_ticket(ref: str, by: Actor) -> Any:
    """The ticket behind the reference, held so that two declarations from it come one after the other."""
    ticket = subjects.find(ref, by)
    if ticket.SUBJECT != "ticket":
        raise RuleBroken(f"{ticket.reference} is no ticket.")
    type(ticket).objects.select_for_update().filter(pk=ticket.pk).values_list("pk").first()
    return ticket


def _some(value: Any) -> list[Any]:
    return [value] if value is not None else []
