"""What changed before it broke: which change is suspected, and which one was it not."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from core.accounts.permissions import Permission
from core.audit import trail
from core.common import clock
from core.common.actor import Actor
from core.common.errors import RuleBroken
from incidents import queries, rules
from incidents.models import Incident, Status, SuspectedChange
from incidents.operations import ledger
from worklog import operations as worklog
from worklog import subjects
from worklog.models import Link

Verdict = SuspectedChange.Verdict


@transaction.atomic
def suspect_change(ref: str, *, change: str, note: str = "", by: Actor) -> Incident:
    """Say that a change may be the cause; the two are linked."""
    incident = queries.get_for(ref, by=by, to=Permission.RUN_INCIDENT, held=True)
    work = _change(change, by)
    if _judge(incident, work, Verdict.SUSPECTED, note.strip(), by):
        worklog.link(incident, work, kind=Link.Kind.CAUSED_BY, by=by)
        trail.record("incident.change_suspected", on=incident, by=by, to=work.reference, note=note.strip())
    return queries.fresh(incident)


@transaction.atomic
def clear_change(ref: str, *, change: str, note: str, by: Actor) -> Incident:
    """Say that a change is not the cause, and how one knows."""
    incident = queries.get_for(ref, by=by, to=Permission.RUN_INCIDENT, held=True)
    work = _change(change, by)
    why = rules.needed(note, "note", "Say how you know that it was not this change.")
    if _judge(incident, work, Verdict.CLEARED, why, by):
        if (Link.Kind.CAUSED_BY, work.pk) in queries.links_from(incident, work.SUBJECT):
            worklog.unlink(incident, work, kind=Link.Kind.CAUSED_BY, by=by)
        trail.record("incident.change_cleared", on=incident, by=by, to=work.reference, note=why)
    return queries.fresh(incident)


def _change(reference: str, by: Actor) -> Any:
    work = subjects.find(reference, by)
    if work.SUBJECT != "change":
        raise RuleBroken(f"{work.reference} is no change.", field="change")
    return work


def _judge(incident: Incident, work: Any, verdict: str, note: str, by: Actor) -> bool:
    """Write the verdict down; False when it stands so already."""
    said = {"verdict": verdict, "note": note}
    if SuspectedChange.objects.filter(incident=incident, change_id=work.pk, **said).exists():
        return False
    SuspectedChange.objects.update_or_create(
        incident=incident, change_id=work.pk, defaults={**said, "by_label": by.label[:150], "at": clock.now()}
    )
    words = "is suspected" if verdict == Verdict.SUSPECTED else "is not the cause"
    ledger.claim(incident, only_in=Status.values)
    ledger.note(
        incident,
        f"{work.reference} {work.title} {words}{': ' if note else ''}{note}",
        by=by,
        work=(work.SUBJECT, work.pk),
    )
    return True
