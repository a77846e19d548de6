"""One's coming shifts, and the offers that one may take or take back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q, QuerySet

from core.accounts.models import User
from core.accounts.permissions import Permission, require
from core.common.actor import Actor
from core.common.errors import NotAllowed, NotFound
from escalation import queries
from escalation.models import Rotation, Shift, Swap

MOST_SHIFTS, MOST_DECIDED = 30, 5


def shifts_of(user_id: int | None, now: datetime) -> QuerySet[Shift]:
    """The announced shifts of a person that are not over, the nearest first."""
    found = Shift.objects.filter(user_id=user_id, cancelled_at=None, ends_at__gt=now)
    return found.select_related("roster__team", "rotation__team", "instead_of").order_by("starts_at", "id")


def get_shift(pk: int, now: datetime, *, by: Actor) -> Shift:
    """A coming shift of one's own, to give away.

    Raises NotFound for one that is over, cancelled or in no sight, NotAllowed for another person's.
    """
    require(by, Permission.VIEW_DIRECTORY)
    visible = Rotation.objects.visible_to(by).values("pk")
    coming = Shift.objects.filter(rotation__in=visible, cancelled_at=None, ends_at__gt=now)
    shift = coming.select_related("roster__team", "rotation__team", "user").filter(pk=pk).first()
    if shift is None:
        raise NotFound("There is no such shift to come.")
    if shift.user_id != by.user_id:
        raise NotAllowed(f"This is a shift of {shift.user.display_name}, who alone can offer it.")
    return shift


def to_return(shift: Shift, now: datetime) -> QuerySet[Shift]:
    """The coming shifts of others in the same rotation: what can be wished for in return."""
    others = Shift.objects.filter(
        rotation=shift.rotation_id, cancelled_at=None, ends_at__gt=now, user__is_active=True
    )
    found = others.exclude(user=shift.user_id).select_related("user").order_by("starts_at", "id")
    return found[:MOST_SHIFTS]


def team_people(team_id: int, besides: int) -> QuerySet[User]:
    """Who works in a team or takes turns for it: who is asked when nobody is named."""
    mine = Q(memberships__team=team_id) | Q(rotation_turns__rotation__team=team_id)
    return User.objects.filter(mine, is_active=True).exclude(pk=besides).distinct().order_by("pk")


def on_offer(by: Actor, now: datetime) -> QuerySet[Swap]:
    """Every offer that stands, the nearest shift first."""
    found = queries.swaps(by).filter(state=Swap.State.ASKED, expires_at__gt=now)
    return found.order_by("starts_at", "id")


def asked_of(by: Actor, now: datetime) -> QuerySet[Swap]:
    """The offers that the actor may take: to them by name, or to a team that is theirs."""
    if by.user_id is None:
        return on_offer(by, now).none()
    me = User.objects.filter(pk=by.user_id)
    team = Q(rotation__team__memberships__user__in=me) | Q(rotation__team__rotations__turns__user__in=me)
    mine = on_offer(by, now).filter(Q(asked_of=by.user_id) | Q(asked_of=None) & team)
    return mine.exclude(asked_by=by.user_id).distinct()


def offered_by(by: Actor, now: datetime) -> QuerySet[Swap]:
    return on_offer(by, now).filter(asked_by=by.user_id)


def decided(by: Actor) -> Iterable[Swap]:
    """What became of the last offers in which the actor had a part."""
    part = Q(asked_by=by.user_id) | Q(asked_of=by.user_id) | Q(taken_by=by.user_id)
    found = queries.swaps(by).filter(part).exclude(state=Swap.State.ASKED)
    return found.order_by("-decided_at", "-id")[:MOST_DECIDED]
