"""Calendar addresses: made, renewed, revoked. An address is a secret: only its digest is stored, it is shown once."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import Q

from core.accounts.authentication import digest_of
from core.accounts.models import User
from core.accounts.permissions import Permission, require
from core.audit import trail
from core.common import clock
from core.common.actor import Actor
from core.common.errors import Conflict, NotAllowed, RuleBroken
from escalation import feeds, queries
from escalation.models import CalendarFeed, Rotation, Team

MOST = 20
NOTED_EVERY = timedelta(minutes=5)


@dataclass(frozen=True)
class Made:
    """A feed and the token of its address, which nobody can be shown again."""

    feed: CalendarFeed
    token: str

    @property
    def address(self) -> str:
        return feeds.address(self.token)

    @property
    def subscribe(self) -> str:
        """The same with the scheme at which calendar programs offer to subscribe."""
        return "webcal:" + self.address.partition(":")[2]


@transaction.atomic
def create_feed(*, team: Team | None = None, rotation: Rotation | None = None, by: Actor) -> Made:
    """An address for the shifts of a team or a rotation, else for one's own.

    Raises NotFound for what the actor may not see, RuleBroken for both at once or too many.
    """
    require(by, Permission.VIEW_DIRECTORY)
    if by.user_id is None:
        raise NotAllowed("Only a person has calendar addresses.")
    if team is not None and rotation is not None:
        raise RuleBroken("Choose the team or one of its rotations, not both.", field="rotation")
    if team is not None:
        team = queries.get_team(team.slug, by=by)
    if rotation is not None:
        rotation = queries.get_rotation(rotation.pk, by=by)
    owner = User.objects.get(pk=by.user_id)
    if CalendarFeed.objects.filter(owner=owner, revoked_at=None).count() >= MOST:
        raise RuleBroken(f"You have {MOST} calendar addresses. Revoke one that you no longer use.")
    token = _new_token()
    feed = CalendarFeed.objects.create(
        owner=owner,
        team=team,
        rotation=rotation,
        person=owner if team is None and rotation is None else None,
        digest=digest_of(token),
        created_at=clock.now(),
    )
    trail.record("calendar_feed.created", on=feed, by=by, of=str(feed))
    return Made(feed, token)


@transaction.atomic
def renew_feed(pk: int | str, *, by: Actor) -> Made:
    """Another address for the same shifts; the old one ends at once. Raises NotFound or Conflict."""
    feed = feeds.get_feed(pk, by=by)
    token = _new_token()
    values = {"digest": digest_of(token), "created_at": clock.now(), "last_read_at": None}
    # The digest that was read goes into the condition: of two renewals at once one shows an address that works.
    if not CalendarFeed.objects.filter(pk=feed.pk, digest=feed.digest, revoked_at=None).update(**values):
        raise Conflict("This address was revoked or renewed already. Look again, or make a new one.")
    trail.record("calendar_feed.renewed", on=feed, by=by, of=str(feed))
    return Made(feeds.get_feed(pk, by=by), token)


@transaction.atomic
def revoke_feed(pk: int | str, *, by: Actor) -> CalendarFeed:
    """End an address for good: it answers as if it had never been. Raises NotFound or Conflict."""
    feed = feeds.get_feed(pk, by=by)
    now = clock.now()
    if not CalendarFeed.objects.filter(pk=feed.pk, revoked_at=None).update(revoked_at=now):
        raise Conflict("This address was revoked already.")
    trail.record("calendar_feed.revoked", on=feed, by=by, of=str(feed))
    feed.revoked_at = now
    return feed


def note_read(feed: CalendarFeed) -> None:
    """Note that the address was read; at most once every five minutes, so that reading stays cheap."""
    now = clock.now()
    if feed.last_read_at is None or feed.last_read_at <= now - NOTED_EVERY:
        stale = Q(last_read_at=None) | Q(last_read_at__lte=now - NOTED_EVERY)
        CalendarFeed.objects.filter(stale, pk=feed.pk, digest=feed.digest).update(last_read_at=now)


def _new_token() -> str:
    return secrets.token_urlsafe(32)
