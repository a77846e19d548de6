"""Telling people: updates, "Service restored", and taking that back."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models.functions import Coalesce

from core.accounts.permissions import Permission
from core.audit import trail
from core.common import clock
from core.common.actor import Actor
from core.common.errors import Conflict, RuleBroken
from incidents import notices, queries, rules
from incidents.models import Incident, Status, Update
from incidents.notices import Parts
from incidents.operations import families, ledger, linking


@transaction.atomic
def send_update(
    ref: str,
    *,
    body: str = "",
    what: str = "",
    affected: str = "",
    doing: str = "",
    workaround: str = "",
    audience: str = "",
    status: str | None = None,
    number: int | None = None,
    by: Actor,
) -> Update:
    """Send an update that a person wrote, and set the next due time to now + cadence.

    body or what: the news; the other parts are optional. status: the phase it announces, when it changes.
    number: the number that the writer saw on the button, so that a second click sends nothing (Conflict); a
    holding update that went out meanwhile does not stand in the way.
    audience: tell only these. The others still wait for theirs, so the due time stays.
    """
    incident = queries.get_for(ref, by=by, to=Permission.RUN_INCIDENT, held=True)
    parts = _parts(Parts(what, affected, doing, workaround), body)
    _check_not_sent(incident, number)
    now = clock.now()
    moved = _move(incident, status)
    if audience:
        due_at, next_due_at = None, incident.next_update_due_at
    else:
        due_at, next_due_at = incident.next_update_due_at, rules.next_due(now, incident.cadence_minutes, now)
    update = ledger.write(
        incident,
        kind=Update.Kind.UPDATE,
        body=parts.body,
        parts=parts,
        by=by,
        due_at=due_at,
        next_due_at=next_due_at,
        audience=audience,
        **moved,
    )
    trail.record(
        "incident.updated", on=incident, by=by, before={"status": incident.status} if "status" in moved else {},
        after=_plain(moved), **facts(update),
    )  # fmt: skip
    return update


@transaction.atomic
def no_change(ref: str, *, number: int | None = None, by: Actor) -> Update:
    """The one-click update of somebody who has looked: nothing new, work goes on."""
    incident = queries.get_for(ref, by=by, to=Permission.RUN_INCIDENT)
    last = queries.last_update(incident)
    known = replace(
        Parts.of(queries.last_written(incident)), what=notices.no_change(incident, last), doing=""
    )
    return send_update(
        ref, what=known.what, affected=known.affected, workaround=known.workaround, number=number, by=by
    )


@transaction.atomic
def declare_restored(
    ref: str,
    *,
    body: str,
    restored_at: datetime | None = None,
    severity: str | None = None,
    answer: str = "",
    children: Collection[str] = (),
    by: Actor,
) -> Incident:
    """Tell everybody "Service restored" and end the cadence, in one transaction.

    Only a commander, a manager or an admin; the severity must be known by now (or is given here).
    The requesters of the linked tickets are answered, each once, with `answer`; without it with the body.
    children: references of those of its children that are restored with it, with the same words.
    """
    below = families.running_children(queries.get_for(ref, by=by), list(children), by)
    if below:
        queries.hold({queries.get_for(ref, by=by).pk, *(child.pk for child in below)})
    incident = queries.get_for(ref, by=by, to=Permission.RESTORE_INCIDENT, held=True)
    if not incident.is_open:
        raise rules.refusal(incident.reference, incident.status)
    text = rules.needed(body, "body", "Say in a sentence what works again.")
    now = clock.now()
    rules.check_moments(now, incident.started_at, restored_at)
    severity = severity or incident.severity
    if not severity:
        raise RuleBroken(
            f"{incident.reference} has no severity yet: assess it before restoring.", field="severity"
        )
    update = ledger.write(
        incident,
        kind=Update.Kind.RESTORED,
        body=text,
        parts=Parts(what=text),
        by=by,
        due_at=incident.next_update_due_at,
        next_due_at=None,
        status=Status.RESTORED,
        restored_at=restored_at or now,
        severity=severity,
        acknowledged_at=Coalesce("acknowledged_at", now),
    )
    linking.prepare_answers(queries.fresh(incident), update, answer.strip() or text)
    trail.record(
        "incident.restored", on=incident, by=by, before={"status": incident.status},
        after={"status": Status.RESTORED, "restored_at": restored_at or now, "severity": severity}, **facts(update),
    )  # fmt: skip
    for child in below:
        declare_restored(
            child.reference, body=text, restored_at=max(restored_at or now, child.started_at),
            severity=child.severity or severity, answer=answer, by=by,
        )  # fmt: skip
    return queries.fresh(incident)


@transaction.atomic
def reopen(ref: str, *, reason: str, by: Actor) -> Incident:
    """It fails again: correct what was said, and start the cadence anew."""
    incident = queries.get_for(ref, by=by, to=Permission.RUN_INCIDENT, held=True)
    if incident.status != Status.RESTORED:
        raise rules.refusal(incident.reference, incident.status)
    why = rules.needed(reason, "reason", "Say what fails again.")
    now = clock.now()
    update = ledger.write(
        incident,
        kind=Update.Kind.CORRECTION,
        body=f"We said that the service was restored. It fails again.\n\n{why}",
        parts=Parts(what=why),
        by=by,
        due_at=now,
        next_due_at=rules.next_due(now, incident.cadence_minutes, now),
        only_in=(Status.RESTORED,),
        status=Status.INVESTIGATING,
        restored_at=None,
    )
    linking.withdraw_answers(incident)
    trail.record(
        "incident.reopened", on=incident, by=by, before={"status": incident.status},
        after={"status": Status.INVESTIGATING}, reason=why, **facts(update),
    )  # fmt: skip
    return queries.fresh(incident)


def facts(update: Update) -> dict[str, Any]:
    """What the trail keeps of an update."""
    return {
        "number": update.number, "kind": update.kind, "recipients": update.recipients, "due_at": update.due_at,
        "late_seconds": update.late_seconds, "audience": update.audience,
    }  # fmt: skip


def _parts(parts: Parts, body: str) -> Parts:
    if body.strip() and parts.body:
        raise RuleBroken("Give the body, or the parts of it, not both.", field="body")
    parts = replace(parts, what=body) if body.strip() else parts
    if not parts.what.strip():
        raise RuleBroken("Say what is happening.", field="what")
    return Parts(*(text.strip() for text in (parts.what, parts.affected, parts.doing, parts.workaround)))


def _check_not_sent(incident: Incident, number: int | None) -> None:
    if number is None or number > incident.update_count:
        return
    sent = incident.updates.filter(number__gte=number, kind=Update.Kind.UPDATE).order_by("number").first()
    if sent is not None:
        raise Conflict(
            f"Update {sent.number} was sent at {notices.clock_time(sent.sent_at)} by {sent.author_label}. "
            "Your text is kept; send it again if it is still news."
        )


def _move(incident: Incident, status: str | None) -> dict[str, Any]:
    """The columns that a human update changes: the phase, and that somebody is on it."""
    columns: dict[str, Any] = {"acknowledged_at": Coalesce("acknowledged_at", clock.now())}
    if status and status != incident.status:
        rules.check_move(incident.reference, incident.status, status)
        columns["status"] = status
    elif incident.status == Status.DECLARED:
        columns["status"] = Status.INVESTIGATING
    return columns


def _plain(columns: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in columns.items() if name == "status"}
