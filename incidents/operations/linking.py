"""The work that belongs to an incident, and the word to those who asked that the service works again."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import F, Q

from core.accounts.permissions import Permission
from core.audit import trail
from core.common import clock, faults
from core.common.actor import Actor, system
from core.common.errors import Conflict, RuleBroken
from core.timers import sweeps
from incidents import notices, queries
from incidents.models import OPEN, Answer, Incident, Update
from incidents.operations import ledger
from tickets import operations as tickets
from worklog import operations as worklog
from worklog import subjects

SWEEP = "incidents.answers"


@transaction.atomic
def link_work(ref: str, *, to: str, by: Actor) -> Incident:
    """Link a ticket, a change or a problem; a second time changes nothing."""
    incident = queries.get_for(ref, by=by, to=Permission.RUN_INCIDENT)
    worklog.link(incident, subjects.find(to, by), by=by)
    return incident


@transaction.atomic
def unlink_work(ref: str, *, to: str, by: Actor) -> Incident:
    """Take the links to a ticket, a change or a problem away. Its requester is not answered any more."""
    incident = queries.get_for(ref, by=by, to=Permission.RUN_INCIDENT)
    work = subjects.find(to, by)
    worklog.unlink(incident, work, by=by)
    if work.SUBJECT == "ticket":
        incident.answers.filter(ticket_id=work.pk, due_at__isnull=False).update(due_at=None, number=0)
    return incident


@transaction.atomic
def note_work(incident_pk: int, body: str, *, ref: str, at: datetime, by: Actor) -> None:
    """A line of the timeline about other work, read only by those who may see that work."""
    incident = Incident.objects.filter(pk=incident_pk).first()
    named = subjects.named(ref)
    if incident is not None and named is not None:
        ledger.note(incident, body, by=by, happened_at=at, work=named)


def prepare_answers(incident: Incident, update: Update, text: str) -> None:
    """In the transaction that restores: a due row for each linked ticket whose requester has not been answered.

    A drill answers nobody. Who was answered before it failed again is asked about instead.
    """
    if incident.drill:
        return
    body = notices.answer(incident, text)
    facts = {"number": update.number, "text": body, "due_at": update.sent_at}
    asking = queries.tickets_to_answer(incident)
    Answer.objects.bulk_create(
        [Answer(incident=incident, ticket_id=pk, **facts) for pk in asking], ignore_conflicts=True
    )
    waiting = Q(due_at=None, answered_at=None, number__lt=update.number, declined_by_label="")
    incident.answers.filter(waiting, ticket_id__in=asking).update(**facts)
    sweeps.poke(SWEEP)


def withdraw_answers(incident: Incident) -> None:
    """In the transaction that reopens: what has not been said is not true any more."""
    incident.answers.exclude(due_at=None).update(due_at=None)


def give_answer(row: Answer, now: datetime) -> None:
    """The sweep's act: the public entry and the mark that it was written, both or neither."""
    Answer.objects.filter(pk=row.pk).update(due_at=None, answered_at=now)
    faults.reach("incidents.answer_claimed")
    entry = tickets.reply(f"TKT-{row.ticket_id}", body=row.text, public=True, by=system())
    Answer.objects.filter(pk=row.pk).update(entry_id=entry.pk)


@transaction.atomic
def answer_ticket(ref: str, *, ticket: str, tell: bool, by: Actor) -> Incident:
    """Decide about a ticket that was linked after the restoration, or whose requester heard of an earlier one.

    tell: the requester is told that the service works again; else nothing is said and nobody asks any more.
    Raises Conflict when there is nothing to decide, or somebody just did.
    """
    incident = queries.get_for(ref, by=by, to=Permission.RUN_INCIDENT, held=True)
    work = subjects.find(ticket, by)
    if work.SUBJECT != "ticket" or work.pk not in queries.linked_ids(incident, "ticket"):
        raise RuleBroken(f"{work.reference} is no ticket of {incident.reference}.", field="ticket")
    restored = queries.last_restoration(incident)
    if incident.status in OPEN or restored is None:
        raise Conflict(f"{incident.reference} is not restored: the requesters are told when it is.")
    if incident.drill or work.pk not in queries.tickets_to_answer(incident):
        raise Conflict(f"There is nobody to tell about {work.reference}.")
    now = clock.now()
    facts = {
        "number": restored.number,
        "text": notices.answer(incident, restored.body),
        "due_at": now if tell else None,
        "answered_at": None,
        "declined_by_label": "" if tell else by.label[:150],
    }
    made, new = Answer.objects.get_or_create(incident=incident, ticket_id=work.pk, defaults=facts)
    before = incident.answers.filter(pk=made.pk, number__lt=restored.number)
    if not new and not before.update(**facts):
        raise Conflict(f"It was decided already what the requester of {work.reference} hears.")
    trail.record(
        "incident.answer_decided", on=incident, by=by, to=work.reference, tell=tell, number=restored.number
    )
    Incident.objects.filter(pk=incident.pk).update(version=F("version") + 1)
    sweeps.poke(SWEEP)
    return queries.fresh(incident)
