"""Swaps: a shift is offered, and one of those asked takes it; then the stand-ins are made."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import F

from core.accounts.models import User
from core.audit import trail
from core.common import clock
from core.common.actor import Actor, system
from core.common.errors import Conflict, NotAllowed, RuleBroken
from escalation import queries, schedules, swap_notices, swap_queries, swap_rules
from escalation.models import Rotation, Swap
from escalation.on_call import resolve
from escalation.operations import rosters
from escalation.operations.rotations import lay_over

State = Swap.State


@transaction.atomic
def ask_swap(
    *,
    rotation: Rotation,
    starts_at: datetime,
    ends_at: datetime,
    asked_of: User | None = None,
    return_starts_at: datetime | None = None,
    return_ends_at: datetime | None = None,
    note: str = "",
    by: Actor,
) -> Swap:
    """Offer a shift of one's own to somebody, or to anybody of the team; a shift in return only to somebody.

    Raises RuleBroken when one is not on call then, or the other not in what is wished in return.
    """
    rotation = queries.get_rotation(rotation.pk, by=by)
    now = clock.now()
    if by.user_id is None:
        raise NotAllowed("Only a person can give a shift away.")
    swap_rules.check_times(starts_at, ends_at, now)
    asker = User.objects.get(pk=by.user_id)
    _check_theirs(rotation, asker, max(starts_at, now), ends_at, "starts_at")
    if asked_of is not None and asked_of.pk == asker.pk:
        raise RuleBroken("Ask somebody else, or nobody in particular.", field="asked_of")
    if return_starts_at is not None or return_ends_at is not None:
        _check_return(rotation, asked_of, return_starts_at, return_ends_at, now)
    swap = Swap.objects.create(
        rotation=rotation, asked_by=asker, asked_of=asked_of, starts_at=max(starts_at, now), ends_at=ends_at,
        return_starts_at=return_starts_at, return_ends_at=return_ends_at, note=note, created_at=now,
        expires_at=swap_rules.expiry(starts_at, ends_at, now),
    )  # fmt: skip
    facts = {
        "starts_at": swap.starts_at,
        "ends_at": ends_at,
        "asked_of": asked_of.username if asked_of else None,
    }
    trail.record("swap.asked", on=swap, by=by, after=facts, rotation=rotation.pk)
    swap_notices.asked(swap, [asked_of] if asked_of else swap_queries.team_people(rotation.team_id, asker.pk))
    return queries.get_swap(swap.pk, by=by)


@transaction.atomic
def take_swap(pk: int | str, *, by: Actor) -> Swap:
    """Take an offered shift: of all who try, one gets it, the others hear Conflict."""
    swap = queries.get_swap(pk, by=by)
    team = swap_queries.team_people(swap.rotation.team_id, swap.asked_by_id)
    swap_rules.check_may_take(swap, by, {person.pk for person in team})
    now = clock.now()
    _decide(swap, State.TAKEN, now, by, taken_by_id=by.user_id)
    rotation, taker = swap.rotation, User.objects.get(pk=by.user_id)
    with rosters.changing(rotation.team_id, [rotation.step], now):
        rotation = queries.get_rotation(rotation.pk, by=by)
        _lay(swap, rotation, taker, swap.asked_by, swap.starts_at, swap.ends_at, now, by)
        if swap.return_starts_at is not None and swap.return_ends_at is not None:
            rotation = queries.get_rotation(rotation.pk, by=by)
            _lay(swap, rotation, swap.asked_by, taker, swap.return_starts_at, swap.return_ends_at, now, by)
    trail.record("swap.taken", on=swap, by=by, after={"taken_by": taker.username}, rotation=rotation.pk)
    taken = queries.get_swap(pk, by=by)
    swap_notices.taken(taken)
    return taken


@transaction.atomic
def withdraw_swap(pk: int | str, *, by: Actor) -> Swap:
    """Take an offer back, or decline it; what was taken is undone by ending its stand-in."""
    swap = queries.get_swap(pk, by=by)
    swap_rules.check_may_withdraw(swap, by)
    _decide(swap, State.WITHDRAWN, clock.now(), by)
    trail.record("swap.withdrawn", on=swap, by=by, rotation=swap.rotation_id)
    swap_notices.withdrawn(swap, by)
    return queries.get_swap(pk, by=by)


def expire(swap: Swap, now: datetime) -> None:
    """The sweep's act: nobody took it, so it stays with who offered it."""
    Swap.objects.filter(pk=swap.pk, state=State.ASKED).update(
        state=State.EXPIRED, decided_at=now, expires_at=None, version=F("version") + 1
    )
    trail.record("swap.expired", on=swap, by=system(), rotation=swap.rotation_id)
    swap_notices.expired(swap)


def _decide(swap: Swap, state: str, now: datetime, by: Actor, **more: int | None) -> None:
    """The conditional write: one of all who decide at once gets through, and none after it has expired.

    The others hear who was first: the row is read again, as it stands once the first has committed.
    """
    open_ones = Swap.objects.filter(pk=swap.pk, state=State.ASKED, expires_at__gt=now)
    if not open_ones.update(state=state, decided_at=now, expires_at=None, version=F("version") + 1, **more):
        raise Conflict(swap_rules.why_closed(queries.get_swap(swap.pk, by=by), by))


def _lay(
    swap: Swap, rotation: Rotation, user: User, instead_of: User, start: datetime, end: datetime, now: datetime,
    by: Actor,
) -> None:  # fmt: skip
    """One stand-in of a taken swap. Raises Conflict when the schedule has changed since it was offered."""
    start = max(start, now)
    if end <= start or not _on_call_throughout(rotation, instead_of, start, end):
        raise Conflict(f"{instead_of.display_name} is no longer on call for all of that time. Ask anew.")
    override = lay_over(rotation, user, instead_of, starts_at=start, ends_at=end, reason="Swap", by=by)
    swap.overrides.add(override)


def _check_return(
    rotation: Rotation, other: User | None, start: datetime | None, end: datetime | None, now: datetime
) -> None:
    if other is None:
        raise RuleBroken("Say of whom you take a shift in return.", field="asked_of")
    if start is None or end is None:
        raise RuleBroken("Say from when to when you take over in return.", field="return_starts_at")
    swap_rules.check_times(start, end, now, "return_")
    _check_theirs(rotation, other, max(start, now), end, "return_starts_at")


def _check_theirs(rotation: Rotation, person: User, start: datetime, end: datetime, field: str) -> None:
    if not _on_call_throughout(rotation, person, start, end):
        raise RuleBroken(
            f"{person.display_name} is not on call in this rotation for all of that time.", field=field
        )


def _on_call_throughout(rotation: Rotation, person: User, start: datetime, end: datetime) -> bool:
    """Whether the rotation alone has this person all the time."""
    return all(found.person == person.pk for found in resolve([schedules.layer_of(rotation)], start, end))
