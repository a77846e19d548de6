"""What calendars read by a secret address: who may read it, and the shifts that it shows."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db.models import Q, QuerySet
from django.urls import reverse

from core.accounts import actors
from core.accounts.authentication import digest_of
from core.accounts.permissions import Permission, can
from core.common import clock, ical
from core.common.actor import Actor
from core.common.errors import NotFound
from escalation.models import CalendarFeed, Rotation, Shift, Team

KEPT = timedelta(days=31)  # how long past shifts and cancellations stay in a calendar
MOST_SHIFTS = 2_000
LONGEST_TOKEN = 100


@dataclass(frozen=True)
class Calendar:
    """All that the file is made of, so that a reader who has it already is answered without making it."""

    name: str
    entries: tuple[ical.Entry, ...]

    @property
    def etag(self) -> str:
        return f'"{hashlib.sha256(repr(self).encode()).hexdigest()[:32]}"'

    def file(self) -> bytes:
        return ical.write(self.name, self.entries)


def feeds(by: Actor) -> QuerySet[CalendarFeed]:
    """One's own addresses, those revoked too; nobody sees another person's."""
    found = CalendarFeed.objects.filter(owner=by.user_id)
    if by.user_id is None or not can(by, Permission.VIEW_DIRECTORY):
        found = found.none()
    return found.select_related("team", "rotation__team", "person")


def get_feed(pk: int | str, *, by: Actor) -> CalendarFeed:
    """One of one's own addresses by its number; raises NotFound for any other."""
    number = str(pk)
    valid = number.isascii() and number.isdigit() and len(number) < 19
    feed = feeds(by).filter(pk=int(number)).first() if valid else None
    if feed is None:
        raise NotFound("There is no such calendar address here.")
    return feed


def behind(token: str) -> CalendarFeed:
    """The feed behind a secret address. Four queries.

    Raises NotFound when it is unknown or revoked, and when its owner is out or may no longer see what it shows.
    """
    feed = None
    if token.isascii() and token.isprintable() and len(token) <= LONGEST_TOKEN:
        live = CalendarFeed.objects.filter(digest=digest_of(token), revoked_at=None, owner__is_active=True)
        feed = live.select_related("owner", "team", "rotation__team", "person").first()
    if feed is None or not _sees(actors.for_user(feed.owner), feed):
        raise NotFound("There is no calendar here.")
    return feed


def calendar(feed: CalendarFeed) -> Calendar:
    """The announced shifts, with those cancelled of late, each under the UID that it had from the start. One query.

    The file names people and no number: it lies on servers that are none of ours.
    """
    since = clock.now() - KEPT
    shifts = (
        _shifts(feed)
        .filter(Q(cancelled_at=None) | Q(cancelled_at__gt=since), ends_at__gt=since)
        .select_related("user", "instead_of", "rotation", "roster__team")
        .order_by("starts_at", "id")[:MOST_SHIFTS]
    )
    own = feed.person_id is not None
    return Calendar(_name(feed), tuple(_entry(shift, own=own) for shift in shifts))


def address(token: str) -> str:
    """The whole address to subscribe to."""
    return settings.BASE_URL.rstrip("/") + reverse("escalation:calendar", args=[token])


def _sees(by: Actor, feed: CalendarFeed) -> bool:
    if feed.team_id is not None:
        return Team.objects.visible_to(by).filter(pk=feed.team_id).exists()
    if feed.rotation_id is not None:
        return Rotation.objects.visible_to(by).filter(pk=feed.rotation_id).exists()
    return feed.person_id == by.user_id and can(by, Permission.VIEW_DIRECTORY)


def _shifts(feed: CalendarFeed) -> QuerySet[Shift]:
    if feed.team_id is not None:
        return Shift.objects.filter(roster__team=feed.team_id)
    if feed.rotation_id is not None:
        return Shift.objects.filter(rotation=feed.rotation_id)
    return Shift.objects.filter(user=feed.person_id)


def _name(feed: CalendarFeed) -> str:
    return "My shifts on call" if feed.person_id is not None else f"On call: {feed.team or feed.rotation}"


def _entry(shift: Shift, *, own: bool) -> ical.Entry:
    team = shift.roster.team
    step = f", step {shift.roster.step}" if shift.roster.step > 1 else ""
    who = "On call" if own else f"{shift.user.display_name} on call"
    return ical.Entry(
        key=f"shift-{shift.pk}",
        sequence=shift.sequence,
        stamp=shift.changed_at,
        start=shift.starts_at,
        end=shift.ends_at,
        summary=f"{who}: {team.name}{step}",
        description=" ".join(_sentences(shift)),
        path=reverse("escalation:detail", args=[team.slug]),
        status=ical.CANCELLED if shift.cancelled_at else ical.CONFIRMED,
        busy=False,
    )


def _sentences(shift: Shift) -> Iterator[str]:
    yield f"Rotation {shift.rotation.name}."
    if shift.instead_of is not None:
        yield f"{shift.user.display_name} stands in for {shift.instead_of.display_name}."
