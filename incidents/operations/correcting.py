"""What was sent and is wrong: a correction to those who got it, or another wording where no mail goes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from django.db import transaction
from django.db.models import F

from core.accounts.permissions import Permission, can, who_can
from core.audit import trail
from core.common import clock
from core.common.actor import Actor
from core.common.errors import Conflict, NotAllowed, RuleBroken
from customers.models import Audience
from incidents import audience as audiences
from incidents import queries, rules, wording
from incidents.models import OPEN, Incident, Status, Update, UpdateRevision
from incidents.notices import Parts
from incidents.operations import ledger, pending, said
from incidents.operations.informing import facts
from incidents.wording import Wording

CORRECTABLE = (*OPEN, Status.RESTORED)


@transaction.atomic
def correct(
    ref: str,
    *,
    number: int,
    wrong: str,
    what: str = "",
    affected: str = "",
    doing: str = "",
    workaround: str = "",
    wordings: Mapping[str, Mapping[str, str]] | None = None,
    by: Actor,
) -> Update:
    """Tell those who got update `number` what was wrong in it and what holds, in the parts of an update.

    A correction answers no due moment and moves none: people wait for the next update as promised. What is known from
    then on is what it says, unless a newer update was written since the wrong one. While the wrong one still waits to
    be sent it is dropped. "Service restored" that was not true is reopened, not corrected.
    """
    update = queries.update_of(ref, number, by=by, to=Permission.RUN_INCIDENT)
    incident = queries.get_for(ref, by=by, held=True)
    if incident.status not in CORRECTABLE:
        raise rules.refusal(incident.reference, incident.status)
    why = rules.needed(wrong, "wrong", "Say what was wrong.")
    parts, _ = said.parts_of(
        incident, Parts(what, affected, doing, workaround), "", impact_needed=incident.is_open
    )
    own = said.own_wordings(wordings or {}, parts, update.audience)
    said.check_outside(incident, parts, own, update.audience, more={"wrong": why})
    first = update.corrects or update
    everybody = wording.of_correction(first, why, parts)
    made = ledger.write(
        incident,
        kind=Update.Kind.CORRECTION,
        body=everybody.body,
        parts=parts,
        wordings={reader: wording.of_correction(first, why, theirs) for reader, theirs in own.items()},
        by=by,
        due_at=None,
        next_due_at=incident.next_update_due_at,
        audience=update.audience,
        among=audiences.keys_sent(update),
        facts={"corrects": first, "wrong": why},
        only_in=CORRECTABLE,
        found={"next_update_due_at": incident.next_update_due_at},
    )
    trail.record("incident.update_corrected", on=incident, by=by, corrected=number, wrong=why, **facts(made))
    return made


@transaction.atomic
def edit_quietly(
    ref: str,
    *,
    number: int,
    why: str,
    body: str | None = None,
    what: str | None = None,
    affected: str | None = None,
    doing: str | None = None,
    workaround: str | None = None,
    wordings: Mapping[str, Mapping[str, str]] | None = None,
    edits: int | None = None,
    by: Actor,
) -> Update:
    """Change the wording of an update on the desk's pages and the status page, without telling anybody.

    What it said stays readable with who changed it, when and why; what was mailed is not touched. An update written
    in parts is changed in parts, others by their body; what is not given stays. wordings: those given replace all
    that it has. edits: how often it had been changed when the writer looked (Conflict when it was since).
    Only for who commands the incident, writes its updates, or manages; where readers of the update wait for approval,
    only for who may approve.
    """
    update = queries.update_of(ref, number, by=by, to=Permission.RUN_INCIDENT)
    incident = update.incident
    _may_edit(incident, by)
    _check_approval(incident, update, by)
    reason = rules.needed(why, "why", "Say why it changes.")
    given = {"what": what, "affected": affected, "doing": doing, "workaround": workaround}
    changed = {name: text for name, text in given.items() if text is not None}
    if in_parts(update):
        if body is not None:
            raise RuleBroken("It was written in parts: change those.", field="body")
        everybody, own = _again(incident, update, changed, wordings)
    else:
        if changed or wordings:
            raise RuleBroken("It was not written in parts: change its body.", field="body")
        text = rules.needed(body or "", "body", "Say what it says instead.")
        said.check_outside(incident, Parts(what=text), {}, update.audience)
        everybody, own = Wording(text, Parts.of(update)), {}
    columns = wording.texts_again(incident, update, everybody, own)
    if (columns["body"], columns["wordings"]) == (update.body, update.wordings):
        raise RuleBroken("Nothing would change.")
    now = clock.now()
    row = Update.objects.filter(pk=update.pk, edits=update.edits if edits is None else edits)
    if not row.update(edits=F("edits") + 1, edited_at=now, **columns):
        raise Conflict(
            f"The wording of update {number} was changed a moment ago. Look again; your text is kept."
        )
    UpdateRevision.objects.create(
        update_changed=update, number=update.edits + 1, body=update.body, wordings=update.wordings, edited_at=now,
        edited_by_id=by.user_id, edited_by_label=by.label, why=reason,
    )  # fmt: skip
    ledger.note(incident, f"Wording of update {number} changed, nobody was told: {reason}", by=by)
    ledger.reindex(incident)
    trail.record(
        "incident.update_edited", on=incident, by=by, before={"body": update.body},
        after={"body": columns["body"]}, number=number, why=reason,
    )  # fmt: skip
    return queries.update_of(ref, number, by=by)


def in_parts(update: Update) -> bool:
    """Whether an update's text is made of its parts, so that they are what is changed."""
    by_hand = update.kind in (Update.Kind.UPDATE, Update.Kind.RESTORED) or update.corrects_id is not None
    return bool(update.what) and by_hand


def may_edit(incident: Incident, by: Actor) -> bool:
    """Who commands the incident or writes its updates, and managers."""
    holds = by.user_id is not None and by.user_id in (incident.commander_id, incident.communications_lead_id)
    return holds or can(by, Permission.RESTORE_INCIDENT)


def _may_edit(incident: Incident, by: Actor) -> None:
    if not may_edit(incident, by):
        raise NotAllowed(
            "You may not change what was sent. Who commands this incident, who writes its updates, "
            f"{who_can(Permission.RESTORE_INCIDENT)} can."
        )


def _check_approval(incident: Incident, update: Update, by: Actor) -> None:
    """Words that another person must read first do not get past them as a change of older ones."""
    readers = pending.readers_that_wait(incident, update.audience)
    if readers and not can(by, Permission.APPROVE_UPDATE):
        names = " and ".join(Audience(one).label.lower() for one in readers)
        raise NotAllowed(
            f"What {names} readers get is approved first at this severity: {who_can(Permission.APPROVE_UPDATE)} can "
            "change it. You can send a correction."
        )


def _written(update: Update, parts: Parts) -> Wording:
    """The text that these parts make in this update."""
    if update.corrects is not None:
        return wording.of_correction(update.corrects, update.wrong, parts)
    return wording.of_parts(parts)


def _again(
    incident: Incident,
    update: Update,
    changed: dict[str, str],
    wordings: Mapping[str, Mapping[str, str]] | None,
) -> tuple[Wording, dict[str, Wording]]:
    needs = bool(update.affected)
    parts, _ = said.parts_of(incident, replace(Parts.of(update), **changed), "", impact_needed=needs)
    given: Mapping[str, Any] = wordings or {}
    if wordings is None:
        given = {reader: asdict(theirs) for reader, theirs in wording.known_by(update).items()}
    own = said.own_wordings(given, parts, update.audience)
    more = {"wrong": update.wrong} if update.corrects is not None and Audience.EXTERNAL in own else {}
    said.check_outside(incident, parts, own, update.audience, more=more)
    return _written(update, parts), {reader: _written(update, theirs) for reader, theirs in own.items()}
