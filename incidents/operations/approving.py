"""Approving an update that waits, sending it back, taking it back; and which updates wait at all.

A holding update, "No change", a correction, "Service restored" and what the desk says by itself never wait: people are
told in time, whoever is there to approve.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from core.accounts.permissions import Permission, require
from core.audit import edits
from core.common.actor import Actor
from core.common.errors import Invalid, NotAllowed
from core.common.vocabulary import Severity
from customers.models import Audience
from incidents import queries, rules
from incidents.models import ApprovalRule, PendingUpdate, Update
from incidents.operations import pending
from incidents.operations.informing import send_approved

State = PendingUpdate.State


@transaction.atomic
def approve(ref: str, *, waiting: int, by: Actor) -> Update:
    """Send the update that waits; it is its writer's. Never one's own. Of two who approve at once one sends."""
    found = _mine_to_decide(ref, waiting, by)
    pending.claim(found, State.SENT, "", by=by)
    update = send_approved(found, by=by)
    PendingUpdate.objects.filter(pk=found.pk).update(update_sent=update)
    return update


@transaction.atomic
def send_back(ref: str, *, waiting: int, note: str, by: Actor) -> PendingUpdate:
    """Say what must change; the writer is told and has the text as their draft again."""
    found = _mine_to_decide(ref, waiting, by)
    why = rules.needed(note, "note", "Say what must change.")
    pending.decide(found, State.SENT_BACK, why, by=by)
    return queries.pending(ref, waiting, by=by)


@transaction.atomic
def take_back(ref: str, *, waiting: int, by: Actor) -> PendingUpdate:
    """The writer takes it back, to go on with it."""
    queries.get_for(ref, by=by, held=True)  # the incident first, as every other writer
    found = queries.pending(ref, waiting, by=by, to=Permission.RUN_INCIDENT)
    if found.asked_by_id != by.user_id:
        raise NotAllowed(f"Only {found.asked_by_label} can take it back; it can be sent back instead.")
    pending.decide(found, State.WITHDRAWN, "Taken back by its writer.", by=by)
    return queries.pending(ref, waiting, by=by)


@transaction.atomic
def set_approval(audience: str, severities: Sequence[str], *, by: Actor) -> ApprovalRule:
    """At which severities an update that readers of an audience get must be approved; none: never."""
    require(by, Permission.MANAGE_UPDATES)
    wrong = [one for one in severities if one not in ("", *Severity.values)]
    if wrong or audience not in Audience.values:
        raise Invalid({"severities" if wrong else "audience": ["This is none of the desk's."]})
    kept = [one for one in ("", *Severity.values) if one in severities]
    rule, _ = ApprovalRule.objects.get_or_create(audience=audience)
    return edits.edit(rule, {"severities": kept}, version=None, event="approval_rule.edited", by=by)


def _mine_to_decide(ref: str, waiting: int, by: Actor) -> PendingUpdate:
    queries.get_for(ref, by=by, held=True)  # the incident first, as every other writer
    found = queries.pending(ref, waiting, by=by, to=Permission.APPROVE_UPDATE)
    if by.user_id is None or found.asked_by_id == by.user_id:
        raise NotAllowed("Somebody else approves what you wrote.")
    return found
