"""Writing the ledger of promises, in the transaction that answers, moves or misses a due moment."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import F

from core.accounts.models import User
from core.common import clock
from escalation import queries as escalation
from incidents import rules
from incidents.models import Incident, Promise, Update

Outcome = Promise.Outcome
# The acknowledgement and a correction answer no moment that readers were told of before.
ANSWERING = (Update.Kind.UPDATE, Update.Kind.HOLDING, Update.Kind.CATCH_UP, Update.Kind.RESTORED)


def writer(incident: Incident) -> User | None:
    """Who has to write the next update: the communications lead, else the commander, else who declared it."""
    return incident.communications_lead or incident.commander or incident.declared_by


def answered(incident: Incident, update: Update) -> None:
    """An update to everybody went out: settle every moment from the due one until now."""
    if update.due_at is None or update.kind not in ANSWERING:
        return
    settled = rules.settled(
        update.due_at, incident.cadence_minutes, update.sent_at, by_desk=update.is_automatic
    )
    _write(incident, (
        {"due_at": one.due_at, "outcome": one.outcome, "late_seconds": one.late_seconds, "answer": update}
        for one in settled
    ))  # fmt: skip


def missed(incident: Incident, moments: Iterable[datetime]) -> None:
    """Nobody wrote and the desk was told to send nothing."""
    _write(incident, ({"due_at": moment, "outcome": Outcome.MISSED} for moment in moments))


def moved(incident: Incident, *, to: datetime | None, reason: str, answer: Update | None = None) -> None:
    """The due moment became a later one, or none. `answer`: the update that told readers so.

    A moment that had come already was not moved: it is missed.
    """
    due = incident.next_update_due_at
    if due is None or (to is not None and to <= due):
        return
    outcome = Outcome.MOVED if due > clock.now() else Outcome.MISSED
    _write(
        incident, [{"due_at": due, "outcome": outcome, "moved_to": to, "reason": reason, "answer": answer}]
    )


def _write(incident: Incident, lines: Iterable[dict[str, Any]]) -> None:
    """The first answer to a moment stands; a moment that was moved and comes back is due once more.

    So is one that an early answer promised again: then what happened at the moment itself stands.
    """
    person, now = writer(incident), clock.now()
    lines = list(lines)
    answered = [line["due_at"] for line in lines if line["outcome"] != Outcome.MOVED]
    earlier = Promise.objects.filter(incident=incident, due_at__in=answered, settled_at__lt=F("due_at"))
    earlier.exclude(outcome=Outcome.MOVED).delete()
    team = escalation.team_of(person.pk) if person is not None else None
    rows = [Promise(incident=incident, settled_at=now, person=person, team=team, **line) for line in lines]
    Promise.objects.bulk_create(rows, ignore_conflicts=True)
