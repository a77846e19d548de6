"""The one door to a single entry of the directory."""

from __future__ import annotations

from datetime import date, datetime

from django.db.models import Count, Prefetch, Q, QuerySet
from django.db.models.functions import Coalesce

from core.accounts.models import User
from core.accounts.permissions import Permission, can, require
from core.common.actor import Actor
from core.common.errors import NotAllowed, NotFound
from core.common.vocabulary import Role
from escalation import rules
from escalation.models import Override, Rotation, RotationMember, Swap, Team, Tier


def get_team(slug: str, *, by: Actor, to: Permission = Permission.VIEW_DIRECTORY) -> Team:
    """The team, for who may do `to`. Raises NotFound when invisible, NotAllowed when not permitted."""
    return _team(teams(by), slug, by, to)


def team_to_edit(slug: str, *, by: Actor) -> Team:
    """The team, for managers of the directory and who keeps the entry right; raises like `get_team`."""
    team = get_team(slug, by=by)
    if not rules.may_review(by, {team.owner_id, team.lead_id, team.manager_id}):
        require(by, Permission.MANAGE_DIRECTORY)
    return team


def person_to_edit(username: str, *, by: Actor) -> User:
    """The person, for themselves and managers of the directory; raises NotFound or NotAllowed."""
    person = get_person(username, by=by)
    if by.user_id != person.pk and not can(by, Permission.MANAGE_DIRECTORY):
        raise NotAllowed("Only the person and managers of the directory can change this entry.")
    return person


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


def team_alone(slug: str, *, by: Actor, to: Permission = Permission.VIEW_DIRECTORY) -> Team:
    """The team without its members and components, one query; raises like `get_team`."""
    return _team(teams(by).prefetch_related(None), slug, by, to)


def _team(found: QuerySet[Team], slug: str, by: Actor, to: Permission) -> Team:
    team = found.filter(slug=slug).first()
    if team is None:
        raise NotFound(f"There is no team {slug[:60]} here.")
    require(by, to)
    return team


def team_to_cover(slug: str, *, by: Actor) -> Team:
    """The team, for who may arrange stand-ins there; raises like `get_team`."""
    team = team_alone(slug, by=by)
    if not may_override(team, by=by):
        raise NotAllowed(rules.WHO_MAY_OVERRIDE)
    return team


def may_override(team: Team, *, by: Actor) -> bool:
    """Whether the actor may arrange a stand-in on some rotation of the team."""
    return rules.may_override(by, {team.lead_id, team.manager_id}, _turning(team))


def rotations_to_cover(team: Team, *, by: Actor) -> QuerySet[Rotation]:
    """The rotations in use on which the actor may arrange a stand-in."""
    found = rotations(by).filter(team=team, active=True).prefetch_related(None)
    if rules.may_override(by, {team.lead_id, team.manager_id}, set()):
        return found
    return found.filter(pk__in=RotationMember.objects.filter(user=by.user_id).values("rotation"))


def _turning(team: Team) -> set[int]:
    """Who takes turns in the team's rotations."""
    return set(RotationMember.objects.filter(rotation__team=team).values_list("user_id", flat=True))


def rotation_of(
    slug: str, pk: int | str, *, by: Actor, to: Permission = Permission.VIEW_DIRECTORY
) -> Rotation:
    """The rotation of that team with its turns and stand-ins, three queries; raises like `get_team`."""
    turns = Prefetch("turns", RotationMember.objects.select_related("user"))
    found = rotations(by).prefetch_related(None).prefetch_related(turns, "overrides")
    rotation = found.filter(pk=_number(pk), team__slug=slug).first()
    if rotation is None:
        raise NotFound("There is no such rotation here.")
    require(by, to)
    return rotation


def override_to_end(pk: int | str, slug: str, *, by: Actor) -> Override:
    """The stand-in of that team, for who may end it; raises NotFound or NotAllowed."""
    override = get_override(pk, by=by)
    team = override.rotation.team
    if team.slug != slug:
        raise NotFound("There is no such override here.")
    people = set(override.rotation.turns.values_list("user_id", flat=True))
    if not rules.may_override(by, {team.lead_id, team.manager_id}, people):
        raise NotAllowed(rules.WHO_MAY_OVERRIDE)
    return override


def stand_ins(team: Team, now: datetime, *, by: Actor) -> tuple[QuerySet[Override], QuerySet[Override]]:
    """The team's stand-ins: those that run or come, the next first, and those that are over or were ended early."""
    found = overrides(by).filter(rotation__team=team)
    ahead = Q(ends_at__gt=now, cancelled_at=None)
    return found.filter(ahead).order_by("starts_at", "pk"), found.exclude(ahead)


def get_swap(pk: int | str, *, by: Actor) -> Swap:
    """The swap by its number; raises NotFound when invisible."""
    swap = swaps(by).filter(pk=_number(pk)).first()
    if swap is None:
        raise NotFound("There is no such swap here.")
    return swap


def swaps(by: Actor) -> QuerySet[Swap]:
    people = ("asked_by", "asked_of", "taken_by")
    return Swap.objects.visible_to(by).select_related("rotation__team__lead", *people)


def get_person(username: str, *, by: Actor) -> User:
    """Somebody who works on the desk; raises NotFound for anybody else."""
    person = people(by).filter(username=username).first()
    if person is None:
        raise NotFound(f"There is nobody called {username[:60]} here.")
    return person


def get_tier(number: int | str, *, by: Actor, to: Permission = Permission.VIEW_DIRECTORY) -> Tier:
    """The tier by its number, also one that was taken away; raises like `get_team`."""
    tier = Tier.objects.visible_to(by).filter(number=_number(number) if len(str(number)) < 3 else 0).first()
    if tier is None:
        raise NotFound("There is no such tier here.")
    require(by, to)
    return tier


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
    """Everybody who works on the desk: who holds a role beyond customer, belongs to a team, or has a card.

    `version` is that of the card.
    """
    if not can(by, Permission.VIEW_DIRECTORY):
        return User.objects.none()
    staff = [role for role in Role if role is not Role.CUSTOMER]
    listed = User.objects.filter(
        Q(role_grants__role__in=staff) | Q(memberships__isnull=False) | Q(card__isnull=False), is_active=True
    )
    found = User.objects.filter(pk__in=listed.values("pk")).select_related("card")
    return found.annotate(version=Coalesce("card__version", 1)).prefetch_related("teams", "role_grants")


def count_people(by: Actor, today: date) -> tuple[int, int]:
    """(everybody listed, whose entry nobody checked in time). One query."""
    late = Count("pk", filter=Q(card__review_due__lt=today))
    found = people(by).order_by().aggregate(everybody=Count("pk"), late=late)
    return found["everybody"], found["late"]


def team_of(user_id: int) -> Team | None:
    """The team that a person works in; of several the one that they joined first."""
    return Team.objects.filter(memberships__user=user_id).order_by("memberships__id").first()


def _number(pk: int | str) -> int:
    text = str(pk)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
