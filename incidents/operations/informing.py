"""Telling people: updates, "Service restored", and taking that back."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models.functions import Coalesce

from core.accounts.permissions import Permission
from core.audit import trail
from core.common import clock
from core.common.actor import Actor
from core.common.errors import Conflict, RuleBroken
from incidents import notices, queries, rules, wording
from incidents.models import Incident, PendingUpdate, Status, Update
from incidents.notices import Parts
from incidents.operations import families, ledger, linking, pending, postmortems, said
from incidents.wording import of_parts
from worklog import operations as worklog
from worklog.models import Draft


@transaction.atomic
def send_update(
    ref: str,
    *,
    body: str = "",
    what: str = "",
    affected: str = "",
    doing: str = "",
    workaround: str = "",
    wordings: Mapping[str, Mapping[str, str]] | None = None,
    audience: str = "",
    status: str | None = None,
    next_update_at: datetime | None = None,
    on_news: bool = False,
    next_reason: str = "",
    number: int | None = None,
    by: Actor,
) -> Update | PendingUpdate:
    """Send an update that a person wrote, and set the next due time to now + cadence.

    Where the desk wants another person to read it first, it waits (see approving) and the due time stays.

    body or what: the news. affected is needed; with a body alone, what was said last of who is affected and of the
    workaround is carried on. status: the phase it announces, when it changes.
    wordings: {technical: {what, affected, doing, workaround}, external: {...}} for readers who get a text of their
    own; who is affected is that of everybody unless it says otherwise. Readers outside never get the name of a
    component: a text that holds one is refused.
    next_update_at, on_news ("when there is something to tell"), next_reason: see rules.promised.
    number: the number that the writer saw on the button, so that a second click sends nothing (Conflict); a
    holding update that went out meanwhile does not stand in the way.
    audience: tell only these. The others still wait for theirs, so the due time stays.
    """
    incident = queries.get_for(ref, by=by, to=Permission.RUN_INCIDENT, held=True)
    if not incident.is_open:
        raise rules.refusal(incident.reference, incident.status)
    parts, bare = said.parts_of(incident, Parts(what, affected, doing, workaround), body)
    own = said.own_wordings(wordings or {}, parts, audience)
    said.check_outside(incident, parts, own, audience)
    _check_not_sent(incident, number)
    asked = {
        "what": parts.what, "affected": parts.affected, "doing": parts.doing, "workaround": parts.workaround,
        "wordings": {reader: asdict(theirs) for reader, theirs in own.items()}, "audience": audience,
        "status": status, "status_from": incident.status, "on_news": on_news, "next_reason": next_reason,
        "next_update_at": next_update_at.isoformat() if next_update_at else None,
    }  # fmt: skip
    due = _due(incident, audience, at=next_update_at, on_news=on_news, reason=next_reason, open_end=bare)
    if readers := pending.readers_that_wait(incident, audience):
        _move(incident, status)  # refused now rather than when it was approved
        worklog.drop_draft(incident, by=by)
        return pending.ask(incident, asked, readers, by=by)
    update = _tell(incident, parts, own, by, *due, audience=audience, status=status, next_reason=next_reason)
    if not audience:
        pending.withdraw(incident, f"{by.label} has sent a newer one, update {update.number}.", by=by)
    worklog.drop_draft(incident, by=by)
    return update


def send_approved(waiting: PendingUpdate, *, by: Actor) -> Update:
    """Send what another person wrote and this one has approved, in the transaction that says so.

    It is its writer's update. What cannot hold any more is not promised: a moment that has passed by now, or one
    that lies beyond a rhythm which has become faster. A phase that somebody has changed since stays as it is.
    """
    incident = queries.get_for(f"INC-{waiting.incident_id}", by=by, held=True)
    if not incident.is_open:
        raise rules.refusal(incident.reference, incident.status)
    asked = waiting.asked
    parts = Parts(**{name: asked[name] for name in notices.HEADINGS})
    own = said.own_wordings(asked["wordings"], parts, asked["audience"])
    said.check_outside(incident, parts, own, asked["audience"])
    chosen = datetime.fromisoformat(asked["next_update_at"]) if asked["next_update_at"] else None
    due = _due(
        incident, asked["audience"], at=_still_possible(incident, chosen, asked["next_reason"]),
        on_news=asked["on_news"] and incident.cadence_minutes is None, reason=asked["next_reason"], open_end=True,
    )  # fmt: skip
    before = asked.get("status_from", incident.status)  # what waited before this was kept has none
    status = asked["status"] if before == incident.status != asked["status"] else None
    return _tell(
        incident, parts, own, by, *due, audience=asked["audience"], status=status, next_reason=asked["next_reason"],
        author={
            "author_id": waiting.asked_by_id,
            "author_label": f"{waiting.asked_by_label}, approved by {by.label}"[:150],
        },
    )  # fmt: skip


def _still_possible(incident: Incident, chosen: datetime | None, reason: str) -> datetime | None:
    """The moment that a writer chose some time ago, if it can be promised now."""
    now = clock.now()
    latest = rules.next_due(now, incident.cadence_minutes, now)
    if chosen is None or chosen <= now or (latest and chosen > latest and not reason.strip()):
        return None
    return chosen


def _due(
    incident: Incident, audience: str, *, at: datetime | None, on_news: bool, reason: str, open_end: bool
) -> tuple[datetime | None, datetime | None]:
    """The moment that it answers, and when the next one is due; news to one audience alone answers none."""
    if audience:
        return None, incident.next_update_due_at
    following = rules.promised(
        clock.now(), incident.cadence_minutes, at=at, on_news=on_news, reason=reason, open_end=open_end
    )
    return incident.next_update_due_at, following


def _tell(
    incident: Incident,
    parts: Parts,
    own: Mapping[str, Parts],
    by: Actor,
    due_at: datetime | None,
    next_due_at: datetime | None,
    *,
    audience: str = "",
    status: str | None = None,
    next_reason: str = "",
    author: dict[str, Any] | None = None,
) -> Update:
    """The update itself, when all that can be refused was."""
    moved = _move(incident, status)
    update = ledger.write(
        incident,
        kind=Update.Kind.UPDATE,
        body=parts.body,
        parts=parts,
        wordings={reader: of_parts(theirs) for reader, theirs in own.items()},
        by=by,
        due_at=due_at,
        next_due_at=next_due_at,
        audience=audience,
        facts=author,
        found={"next_update_due_at": next_due_at} if audience else None,
        **moved,
    )
    trail.record(
        "incident.updated", on=incident, by=by, before={"status": incident.status} if "status" in moved else {},
        after=_plain(moved), **facts(update) | ({"next_reason": next_reason} if next_reason else {}),
    )  # fmt: skip
    if next_reason:
        ledger.note(incident, f"Update {update.number} moves the next one: {next_reason}", by=by)
    return update


@transaction.atomic
def no_change(ref: str, *, number: int | None = None, by: Actor) -> Update:
    """The one-click update of somebody who has looked: nothing new, work goes on; what is known is carried on."""
    incident = queries.get_for(ref, by=by, to=Permission.RUN_INCIDENT, held=True)
    _check_not_sent(incident, number)
    written = queries.last_written(incident)
    news = notices.no_change(incident, queries.last_update(incident))
    own = {
        audience: replace(known, what=news, doing="") for audience, known in wording.known_by(written).items()
    }
    now = clock.now()
    return _tell(
        incident, replace(Parts.of(written), what=news, doing=""), own, by, incident.next_update_due_at,
        rules.next_due(now, incident.cadence_minutes, now),
    )  # fmt: skip


@transaction.atomic
def keep_draft(ref: str, *, fields: Mapping[str, str], number: int | None = None, by: Actor) -> Draft | None:
    """Keep what somebody has typed into the composer, for all audiences; nothing but blanks drops it.

    number: of the update it is meant for; one that this person has sent is refused (Conflict), so that the last
    save of a page that is gone does not bring the sent text back.
    """
    incident = queries.get_for(ref, by=by, to=Permission.RUN_INCIDENT)
    mine = incident.updates.filter(author_id=by.user_id, kind=Update.Kind.UPDATE)
    if number is not None and mine.filter(number__gte=number).exists():
        raise Conflict(f"You have sent update {number} meanwhile.")
    typed = {name: text for name, text in fields.items() if text.strip()}
    return worklog.keep_draft(incident, form="update", text=json.dumps(typed) if typed else "", by=by)


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
    restored = queries.fresh(incident)
    linking.prepare_answers(restored, update, answer.strip() or text)
    postmortems.follow(restored)
    pending.withdraw(restored, "The service was restored.", by=by)
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
    postmortems.follow(queries.fresh(incident))
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
