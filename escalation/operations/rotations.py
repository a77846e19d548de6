"""Rotations and stand-ins; who was on call until now stays stored."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from core.accounts.models import User
from core.accounts.permissions import Permission, require
from core.audit import trail
from core.common import clock
from core.common.actor import Actor
from core.common.errors import Conflict, NotAllowed
from escalation import planning, queries, rules
from escalation.models import Override, Rotation, RotationMember, Team
from escalation.operations import rosters
from escalation.operations.shared import check, checked, names, update


@transaction.atomic
def create_rotation(*, team: Team, name: str, people: Sequence[User], by: Actor, **rule: Any) -> Rotation:
    """Start a rotation; it begins on `start` with the first of `people`; by default in the team's zone.

    One that begins in the past counts from now on: what was until now stays what it was.
    """
    require(by, Permission.MANAGE_DIRECTORY)
    rule.setdefault("zone", team.zone)
    rotation = Rotation(team=team, name=name, **rule)
    check(rotation)
    planning.started(rotation, people)
    with rosters.changing(team.pk, [rotation.step], clock.now()):
        rotation.save(force_insert=True)
        _set_turns(rotation, [person.pk for person in people])
    trail.record("rotation.created", on=rotation, by=by, after={"people": names(people)}, team=team.slug)
    return queries.get_rotation(rotation.pk, by=by)


@transaction.atomic
def edit_rotation(
    pk: int | str, *, changes: dict[str, Any], version: int | None = None, by: Actor
) -> Rotation:
    """Change a rotation from now on; who was on call stays stored.

    Who is on call now keeps the turn to its end, unless removed or `start` is set.
    """
    rotation = queries.get_rotation(pk, by=by, to=Permission.MANAGE_DIRECTORY)
    changes, now = dict(changes), clock.now()
    people = changes.pop("people", None)
    checked(rotation, changes)
    with rosters.changing(rotation.team_id, [rotation.step, changes.get("step", rotation.step)], now):
        rotation = _unmoved(rotation, by)
        plan = planning.edited(rotation, changes, people, now)
        before, after = trail.changed(rotation, plan.values)
        old_order = [turn.user for turn in rotation.turns.all()]
        update(rotation, plan.values, version)
        if plan.order != tuple(person.pk for person in old_order):
            before["people"], after["people"] = names(old_order), _usernames(plan.order)
            _set_turns(rotation, plan.order)
    trail.record("rotation.changed", on=rotation, by=by, before=before, after=after, team=rotation.team.slug)
    return queries.get_rotation(pk, by=by)


@transaction.atomic
def add_override(
    *,
    rotation: Rotation,
    user: User,
    starts_at: datetime,
    ends_at: datetime,
    instead_of: User | None = None,
    reason: str = "",
    by: Actor,
) -> Override:
    """Let `user` stand in for `instead_of`, or for whoever is on call; a start in the past means from now."""
    rotation = queries.get_rotation(rotation.pk, by=by)
    _check_may_override(rotation, by)
    now = clock.now()
    rules.check_override(starts_at, ends_at, now)
    with rosters.changing(rotation.team_id, [rotation.step], now):
        rotation = _unmoved(rotation, by)
        override = lay_over(
            rotation, user, instead_of, starts_at=max(starts_at, now), ends_at=ends_at, reason=reason, by=by
        )
    return queries.get_override(override.pk, by=by)


def lay_over(
    rotation: Rotation,
    user: User,
    instead_of: User | None,
    *,
    starts_at: datetime,
    ends_at: datetime,
    reason: str,
    by: Actor,
) -> Override:
    """Write one stand-in; the caller holds the roster and has checked who may."""
    update(rotation, {}, None)  # so that who edits the rotation meanwhile looks at it again
    override = Override.objects.create(
        rotation=rotation,
        user=user,
        instead_of=instead_of,
        starts_at=starts_at,
        ends_at=ends_at,
        reason=reason,
    )
    facts = {
        "user": user.username,
        "instead_of": instead_of.username if instead_of else None,
        "starts_at": starts_at,
        "ends_at": ends_at,
    }
    trail.record("override.added", on=override, by=by, after=facts, rotation=rotation.pk, reason=reason)
    return override


@transaction.atomic
def cancel_override(pk: int | str, *, by: Actor) -> Override:
    """End an override now; what it did until now stays. Raises Conflict when it is over already."""
    override = queries.get_override(pk, by=by)
    rotation = queries.get_rotation(override.rotation_id, by=by)
    _check_may_override(rotation, by)
    now = clock.now()
    with rosters.changing(rotation.team_id, [rotation.step], now):
        update(_unmoved(rotation, by), {}, None)
        running = Override.objects.filter(pk=override.pk, cancelled_at=None, ends_at__gt=now)
        if not running.update(cancelled_at=now):
            raise Conflict("This override is over already.")
    trail.record("override.cancelled", on=override, by=by, rotation=rotation.pk)
    return queries.get_override(pk, by=by)


def _unmoved(rotation: Rotation, by: Actor) -> Rotation:
    """The rotation as it is now that its roster is held. Raises Conflict when it moved to another step meanwhile."""
    fresh = queries.get_rotation(rotation.pk, by=by)
    if (fresh.team_id, fresh.step) != (rotation.team_id, rotation.step):
        raise Conflict(f"Somebody else changed {rotation} just now. Look again.")
    return fresh


def _check_may_override(rotation: Rotation, by: Actor) -> None:
    leads = {rotation.team.lead_id, rotation.team.manager_id}
    if not rules.may_override(by, leads, {turn.user_id for turn in rotation.turns.all()}):
        raise NotAllowed(rules.WHO_MAY_OVERRIDE)


def _set_turns(rotation: Rotation, order: Sequence[int]) -> None:
    rotation.turns.all().delete()
    RotationMember.objects.bulk_create(
        RotationMember(rotation=rotation, user_id=person, position=position)
        for position, person in enumerate(order)
    )


def _usernames(order: Sequence[int]) -> list[str]:
    names = dict(User.objects.filter(pk__in=order).values_list("pk", "username"))
    return [names[person] for person in order]
