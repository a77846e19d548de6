"""The only writers of the directory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import F
from django.utils.text import slugify

from catalogue.models import Component
from core.accounts.models import User
from core.accounts.permissions import Permission, require
from core.audit import trail
from core.common import clock
from core.common.actor import Actor
from core.common.errors import Conflict, Invalid, NotAllowed, Stale
from escalation import queries, rules, schedules
from escalation.models import Duty, Membership, Override, Rotation, RotationMember, Team
from escalation.on_call import Layer, resolve
from sla.business_time import instant

Row = TypeVar("Row", Team, Rotation)


@transaction.atomic
def create_team(
    *,
    name: str,
    slug: str = "",
    members: Sequence[User] = (),
    components: Sequence[Component] = (),
    by: Actor,
    **facts: Any,
) -> Team:
    """Enter a team; its first review is due after a quarter. Raises Invalid for facts that do not hold."""
    require(by, Permission.MANAGE_DIRECTORY)
    now = clock.now()
    facts.setdefault("review_due", rules.next_review(now.date()))
    team = Team(name=name, slug=slug or slugify(name)[:50], reviewed_at=now, **facts)
    _check(team)
    team.save(force_insert=True)
    _set_members(team, members)
    team.components.set(components)
    trail.record("team.created", on=team, by=by, after={"name": team.name, "tier": team.tier})
    return queries.get_team(team.slug, by=by)


@transaction.atomic
def edit_team(slug: str, *, changes: dict[str, Any], version: int | None = None, by: Actor) -> Team:
    """Change facts of a team. Raises Stale when `version` is no longer the team's."""
    team = queries.get_team(slug, by=by, to=Permission.MANAGE_DIRECTORY)
    changes = dict(changes)
    members, components = changes.pop("members", None), changes.pop("components", None)
    before, after = trail.changed(team, changes)
    _update(team, changes, version)
    if members is not None:
        before["members"], after["members"] = _names(team.members.all()), _names(members)
        _set_members(team, members)
    if components is not None:
        before["components"] = [component.slug for component in team.components.all()]
        after["components"] = [component.slug for component in components]
        team.components.set(components)
    trail.record("team.changed", on=team, by=by, before=before, after=after)
    return queries.get_team(changes.get("slug", slug), by=by)


@transaction.atomic
def review_team(slug: str, *, by: Actor) -> Team:
    """Say that the entry was checked and is right; the next check is due after a quarter.

    Managers of the directory may, and who owns, leads or manages the entry.
    """
    team = queries.get_team(slug, by=by)
    if not rules.may_review(by, {team.owner_id, team.lead_id, team.manager_id}):
        require(by, Permission.MANAGE_DIRECTORY)
    now = clock.now()
    values = {"reviewed_at": now, "review_due": rules.next_review(now.date())}
    before, after = trail.changed(team, values)
    _update(team, values, None)
    trail.record("team.reviewed", on=team, by=by, before=before, after=after)
    return queries.get_team(slug, by=by)


@transaction.atomic
def create_rotation(*, team: Team, name: str, people: Sequence[User], by: Actor, **rule: Any) -> Rotation:
    """Start a rotation; it begins on `start` with the first of `people`; by default in the team's zone."""
    require(by, Permission.MANAGE_DIRECTORY)
    rule.setdefault("zone", team.zone)
    rotation = Rotation(team=team, name=name, **rule)
    _check(rotation)
    rotation.save(force_insert=True)
    _set_turns(rotation, [person.pk for person in people])
    trail.record("rotation.created", on=rotation, by=by, after={"people": _names(people)}, team=team.slug)
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
    layer = schedules.layer_of(rotation)
    order = tuple(person.pk for person in people) if people is not None else layer.people
    if "start" not in changes:
        changes["start"], order = rules.carried_on(layer, order, now)
    before, after = trail.changed(rotation, changes)
    _update(rotation, changes, version, past_until=now)
    _keep_past(rotation, layer, now)
    if order != layer.people:
        before["people"], after["people"] = (
            _names(turn.user for turn in rotation.turns.all()),
            _usernames(order),
        )
        _set_turns(rotation, order)
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
    layer = schedules.layer_of(rotation)
    _update(rotation, {}, None, past_until=now)
    _keep_past(rotation, layer, now)
    override = Override.objects.create(
        rotation=rotation,
        user=user,
        instead_of=instead_of,
        starts_at=max(starts_at, now),
        ends_at=ends_at,
        reason=reason,
    )
    facts = {
        "user": user.username,
        "instead_of": instead_of.username if instead_of else None,
        "starts_at": override.starts_at,
        "ends_at": ends_at,
    }
    trail.record("override.added", on=override, by=by, after=facts, rotation=rotation.pk, reason=reason)
    return queries.get_override(override.pk, by=by)


@transaction.atomic
def cancel_override(pk: int | str, *, by: Actor) -> Override:
    """End an override now; what it did until now stays. Raises Conflict when it is over already."""
    override = queries.get_override(pk, by=by)
    rotation = queries.get_rotation(override.rotation_id, by=by)
    _check_may_override(rotation, by)
    now = clock.now()
    layer = schedules.layer_of(rotation)
    _update(rotation, {}, None, past_until=now)
    _keep_past(rotation, layer, now)
    running = Override.objects.filter(pk=override.pk, cancelled_at=None, ends_at__gt=now)
    if not running.update(cancelled_at=now):
        raise Conflict("This override is over already.")
    trail.record("override.cancelled", on=override, by=by, rotation=rotation.pk)
    return queries.get_override(pk, by=by)


def _check_may_override(rotation: Rotation, by: Actor) -> None:
    leads = {rotation.team.lead_id, rotation.team.manager_id}
    if not rules.may_override(by, leads, {turn.user_id for turn in rotation.turns.all()}):
        raise NotAllowed("Only who takes turns here, the team's lead or a manager can arrange a stand-in.")


def _keep_past(rotation: Rotation, layer: Layer, now: datetime) -> None:
    """Store who was on call until now by the rule that held until now."""
    first = instant(layer.zone, layer.start, layer.handoff_minute)
    since = layer.past_until or min([first, *(override.start for override in layer.overrides)])
    Duty.objects.bulk_create(
        Duty(
            rotation=rotation,
            starts_at=segment.start,
            ends_at=segment.end,
            user_id=segment.person,
            why=segment.why,
            instead_of_id=segment.instead_of,
        )
        for segment in resolve([layer], since, now)
        if segment.person is not None
    )


def _update(row: Row, values: dict[str, Any], version: int | None, **silent: Any) -> None:
    """The conditional write: nobody else may have written since `row` was read."""
    if version is not None and version != row.version:
        differing = trail.changed(row, values)[0]
        raise Stale(f"{row} was changed since you read it.", fields=differing)
    for name, value in values.items():
        setattr(row, name, value)
    _check(row)
    untouched = type(row).objects.filter(pk=row.pk, version=row.version)
    if not untouched.update(version=F("version") + 1, **values, **silent):
        raise Conflict(f"Somebody else changed {row} just now. Look again.")


def _check(row: models.Model) -> None:
    try:
        row.full_clean()
    except ValidationError as error:
        raise Invalid(error.message_dict) from error
    if isinstance(row, Rotation):
        rules.parse_restrictions(row.restrictions)


def _set_members(team: Team, members: Sequence[User]) -> None:
    team.memberships.exclude(user__in=members).delete()
    Membership.objects.bulk_create(
        [Membership(team=team, user=user) for user in members], ignore_conflicts=True
    )


def _set_turns(rotation: Rotation, order: Sequence[int]) -> None:
    rotation.turns.all().delete()
    RotationMember.objects.bulk_create(
        RotationMember(rotation=rotation, user_id=person, position=position)
        for position, person in enumerate(order)
    )


def _names(people: Any) -> list[str]:
    return [person.username for person in people]


def _usernames(order: Sequence[int]) -> list[str]:
    names = dict(User.objects.filter(pk__in=order).values_list("pk", "username"))
    return [names[person] for person in order]
