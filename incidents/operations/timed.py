"""What the desk does by itself when an update or a reminder falls due. The sweeps call these."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from core.accounts.models import User
from core.audit import trail
from core.common import actor, clock
from core.outbox import queue
from core.outbox.models import Lane
from incidents import mailing, notices, queries, rules, wording
from incidents.models import OPEN, Incident, Update, WhenDue
from incidents.notices import Parts
from incidents.operations import ledger, promises
from incidents.operations.informing import facts
from incidents.wording import Wording


@transaction.atomic
def fall_due(incident: Incident, now: datetime) -> None:
    """Nobody wrote the update that is due: send a holding one, or one catch-up for all that were missed.

    The rhythm stays: the next one is due at the first slot after now.
    """
    desk = actor.system()
    now = max(now, clock.now())
    due = incident.next_update_due_at
    assert due is not None
    missed = rules.slots_due(due, incident.cadence_minutes, now)
    following = rules.next_due(due, incident.cadence_minutes, now)
    if incident.when_due == WhenDue.REMIND:
        _tell_lead_it_is_late(incident, missed, following, now, desk)
        return
    written, last = queries.last_written(incident), queries.last_update(incident)
    update = ledger.write(
        incident,
        kind=Update.Kind.CATCH_UP if len(missed) > 1 else Update.Kind.HOLDING,
        body=notices.holding(incident, last, Parts.of(written), missed),
        known=notices.told_so_far(incident, Parts.of(written)),
        wordings={
            audience: Wording(
                notices.holding(incident, last, known, missed), known=notices.told_so_far(incident, known)
            )
            for audience, known in wording.known_by(written).items()
        },
        by=desk,
        due_at=due,
        next_due_at=following,
        found={"next_update_due_at": due},
    )
    trail.record("incident.updated", on=incident, by=desk, missed=len(missed), **facts(update))


@transaction.atomic
def remind(incident: Incident, now: datetime) -> None:
    """Five minutes before an update is due, tell whoever has to write it."""
    desk = actor.system()
    due = incident.next_update_due_at
    Incident.objects.filter(pk=incident.pk, next_reminder_due_at=incident.next_reminder_due_at).update(
        next_reminder_due_at=None
    )
    if due is None or due <= max(now, clock.now()):
        return  # workers were down: the update itself goes out now
    lead = promises.writer(incident)
    if lead is None or not lead.email:
        ledger.note(
            incident, f"Update {incident.next_number} is due soon, and there is nobody to remind", by=desk
        )
        return
    subject, text = notices.reminder(incident, due)
    _to_lead(incident, lead, "incident.reminder", due, subject, text)
    ledger.note(incident, f"Reminded {lead.display_name} of update {incident.next_number}", by=desk)
    trail.record("incident.reminded", on=incident, by=desk, to=lead.username, due_at=due)


def _tell_lead_it_is_late(
    incident: Incident, missed: list[datetime], following: datetime | None, now: datetime, desk: actor.Actor
) -> None:
    due = missed[0]
    ledger.claim(
        incident,
        only_in=OPEN,
        found={"next_update_due_at": due},
        next_update_due_at=following,
        next_reminder_due_at=rules.reminder_at(following, now),
    )
    promises.missed(incident, missed)
    lead = promises.writer(incident)
    if lead is not None and lead.email:
        _to_lead(incident, lead, "incident.overdue", due, *notices.overdue(incident, due))
    ledger.note(
        incident,
        f"Update {incident.next_number} was due at {notices.clock_time(due)}; nobody wrote one and none was sent",
        by=desk,
    )
    trail.record("incident.update_missed", on=incident, by=desk, number=incident.next_number, due_at=due)


def _to_lead(incident: Incident, lead: User, topic: str, due: datetime, subject: str, text: str) -> None:
    queue.put(
        lane=Lane.PAGE,
        to=lead.email,
        subject=subject,
        text=text,
        topic=topic,
        about=incident,
        about_version=incident.next_number,
        dedup_key=mailing.dedup_key(incident, f"{topic}-{int(due.timestamp())}", lead.email),
    )
