"""A promise was missed: who had the work, by how much, and, once somebody says it, why."""

from __future__ import annotations

from django.db import transaction
from django.db.models import F

from core.accounts.permissions import Permission
from core.audit import trail
from core.common import clock as wall
from core.common.actor import Actor
from core.common.errors import Conflict, Stale
from sla import causes, queries, subjects
from sla.models import Breach, Clock
from sla.operations import telling


def note(clock: Clock, by: Actor) -> None:
    """The clock ran out at its `breached_at`. The event's data is what the apps above react to."""
    info = subjects.of(clock.subject_kind)
    subject = info.model._base_manager.select_related(*info.related).filter(pk=clock.subject_id).first()
    owner = info.owner(subject) if subject is not None else subjects.Owner()
    breach, new = Breach.objects.get_or_create(
        subject_kind=clock.subject_kind,
        subject_id=clock.subject_id,
        goal=clock.goal,
        breached_at=clock.breached_at,
        defaults={
            "clock": clock,
            "target_minutes": clock.target_minutes,
            "policy_name": clock.policy_name,
            "owner_id": owner.user_id,
            "owner_label": owner.name[:150],
            "team_label": owner.team[:150],
        },
    )
    if new:
        telling.record(
            "sla.breached", clock.subject_kind, clock.subject_id, [clock], by,
            breached_at=clock.breached_at, breach=breach.pk,
        )  # fmt: skip


def count(clock: Clock, *, over: int) -> None:
    """So many seconds beyond the target, as the clock stops or ends; a breach never shrinks."""
    Breach.objects.filter(clock=clock, over_seconds__lt=over).update(over_seconds=over)


def hand_over(old: Clock, new: Clock) -> None:
    """Another clock of the same subject carries the breach on."""
    Breach.objects.filter(clock=old).update(clock=new)


@transaction.atomic
def explain_all(subject_kind: str, subject_id: int, *, cause: str, note: str = "", by: Actor) -> int:
    """Say why the promises of a subject were missed, all that nobody has explained yet. Returns how many.

    The caller has checked that the actor may. Raises Invalid for a cause that says nothing.
    """
    cause, note = causes.checked(cause, note)
    waiting = queries.breaches_of(subject_kind, subject_id).unexplained()
    explained = waiting.update(
        cause=cause,
        cause_note=note,
        explained_at=wall.now(),
        explained_by=by.label[:150],
        version=F("version") + 1,
    )
    if explained:
        trail.record(
            "sla.explained", on=subjects.mention(subject_kind, subject_id), by=by, cause=cause, note=note
        )
    return explained


@transaction.atomic
def explain(pk: int, *, cause: str, note: str = "", by: Actor, if_version: int | None = None) -> Breach:
    """Say, or say better, why one promise was missed."""
    breach = queries.get_breach(pk, by=by, to=Permission.RESOLVE_TICKET)
    cause, note = causes.checked(cause, note)
    before = causes.in_words(breach.cause, breach.cause_note)
    if if_version is not None and if_version != breach.version:
        raise Stale("Somebody else explained this breach meanwhile.", {"cause": before})
    values = {"cause": cause, "cause_note": note, "explained_at": wall.now(), "explained_by": by.label[:150]}
    if not Breach.objects.filter(pk=pk, version=breach.version).update(version=F("version") + 1, **values):
        raise Conflict("Somebody else explained this breach a moment ago. Look again.")
    on = subjects.mention(breach.subject_kind, breach.subject_id)
    trail.record("sla.explained", on=on, by=by, before={"cause": before}, cause=cause, note=note)
    return queries.get_breach(pk, by=by)
