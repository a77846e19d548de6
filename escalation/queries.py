"""The one door to a single entry of the directory."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from core.accounts.models import User
from core.accounts.permissions import Permission, can, require
from core.common.actor import Actor
from core.common.errors import NotFound
from core.common.vocabulary import Role
from escalation.models import Override, Rotation, Team


def get_team(slug: str, *, by: Actor, to: Permission = Permission.VIEW_DIRECTORY) -> Team:
    """The team, for who may do `to`. Raises NotFound when invisible, NotAllowed when not permitted."""
    team = teams(by).filter(slug=slug).first()
    if team is None:
        raise NotFound(f"There is no team {slug[:60]} here.")
    require(by, to)
    return team


def get_rotation(pk: int | str, *, by: Actor, to: Permission = Permission.VIEW_DIRECTORY) -> Rotation:
    """The rotation by its number; raises like `get_team`."""
    rotation = rotations(by).filter(pk=_number(pk)).first()
    if rotation is None:
        raise NotFound("There is no such rotation here.")
    require(by, to)
    return rotation


def get_override(pk: int | str, *, by: Actor) -> Override:
    """The override by its number; raises NotFound when invisible."""
    override = overrides(by).filter(pk=_number(pk)).first()
    if override is None:
        raise NotFound("There is no such override here.")
    return override


def get_person(username: str, *, by: Actor) -> User:
    """Somebody who works on the desk; raises NotFound for anybody else."""
    person = people(by).filter(username=username).first()
    if person is None:
        raise NotFound(f"There is nobody called {username[:60]} here.")
    return person


def teams(by: Actor) -> QuerySet[Team]:
    """Every team the actor sees, with what a page or an answer shows of it."""
    return (
        Team.objects.visible_to(by)
        .select_related("lead", "manager", "owner")
        .prefetch_related("components__application", "members")
    )


def rotations(by: Actor) -> QuerySet[Rotation]:
    return Rotation.objects.visible_to(by).select_related("team").prefetch_related("turns__user")


def overrides(by: Actor) -> QuerySet[Override]:
    return Override.objects.visible_to(by).select_related("rotation__team", "user", "instead_of")


def people(by: Actor) -> QuerySet[User]:
    """Everybody who works on the desk: who holds a role beyond customer, or belongs to a team."""
    if not can(by, Permission.VIEW_DIRECTORY):
        return User.objects.none()
    staff = [role for role in Role if role is not Role.CUSTOMER]
    listed = User.objects.filter(
        Q(role_grants__role__in=staff) | Q(memberships__isnull=False), is_active=True
    )
    return User.objects.filter(pk__in=listed.values("pk")).prefetch_related("teams", "role_grants")


def _number(pk: int | str) -> int:
    text = str(pk)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
