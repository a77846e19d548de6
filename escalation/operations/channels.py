"""By which ways a person or a team is paged. Addresses are kept sealed and shown to nobody again."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import IntegrityError, transaction

from core.accounts.models import User
from core.accounts.permissions import Permission, require
from core.audit import trail
from core.common import clock
from core.common.actor import Actor
from core.common.errors import Conflict, NotAllowed, NotFound, RuleBroken
from core.outbox import endpoints
from core.outbox.models import Endpoint
from escalation import paging_notices
from escalation import paging_queries as queries
from escalation.models import PagingChannel, Team
from escalation.reaching import Reached

MOST = 10


@dataclass(frozen=True)
class Added:
    """A new channel, and the secret that signs what goes there, shown this once ("" where there is none)."""

    channel: PagingChannel
    secret: str


@transaction.atomic
def add_channel(
    *,
    transport: str,
    person: User | None = None,
    team: Team | None = None,
    url: str = "",
    label: str = "",
    template: str = "",
    format: str = "json",
    authorization: str = "",
    by: Actor,
) -> Added:
    """Page `person`, or `team` as a whole, this way, too. Whoever had only mail by default keeps it.

    Raises RuleBroken for an address that the desk never calls, NotAllowed for somebody else's channels.
    """
    _check_may(by, person, team)
    if transport not in dict(PagingChannel.TRANSPORTS):
        raise RuleBroken("Choose how: e-mail, Teams, Slack or a webhook.", field="transport")
    before = list(queries.channels(person=person, team=team))
    if len(before) >= MOST:
        raise RuleBroken(f"Nobody is paged in more than {MOST} ways.", field="transport")
    endpoint, secret = _endpoint(transport, url, template, format, authorization)
    if person is not None and not before and endpoint is not None and person.email:
        _create(PagingChannel.EMAIL, person=person, team=team)
    made = _create(transport, person=person, team=team, label=" ".join(label.split())[:60], endpoint=endpoint)
    trail.record("paging_channel.added", on=made, by=by, owner=_owner(made), how=_how(made))
    return Added(made, secret)


@transaction.atomic
def remove_channel(pk: int | str, *, by: Actor) -> PagingChannel:
    """Page nobody this way any more; the address is forgotten. A person without any channel gets mail."""
    channel = get_channel(pk, by=by)
    if not PagingChannel.objects.filter(pk=channel.pk, removed_at=None).update(removed_at=clock.now()):
        raise Conflict("This way was removed already.")
    if channel.endpoint is not None:
        endpoints.remove(channel.endpoint)
    trail.record("paging_channel.removed", on=channel, by=by, owner=_owner(channel), how=_how(channel))
    return channel


@transaction.atomic
def try_channel(pk: int | str, *, by: Actor) -> PagingChannel:
    """Send a notice that asks for nothing."""
    channel = get_channel(pk, by=by)
    to = Reached(channel.person, channel.team, "a test")
    key = f"channel:{channel.pk}" if channel.endpoint else "email"
    now = clock.now()
    for way in to.ways:
        if way.key == key:
            paging_notices.send_test(to, way, key=f"page-test.{channel.pk}.{int(now.timestamp())}")
    trail.record("paging_channel.tested", on=channel, by=by, owner=_owner(channel), how=_how(channel))
    return channel


def get_channel(pk: int | str, *, by: Actor) -> PagingChannel:
    """A channel that the actor may set. Raises NotFound for any other: not even its host is shown."""
    found = PagingChannel.objects.filter(removed_at=None).select_related("person", "team", "endpoint")
    number = str(pk)
    channel = (
        found.filter(pk=int(number)).first()
        if number.isascii() and number.isdigit() and len(number) < 19
        else None
    )
    if channel is None or not queries.may_set_channels(by, person=channel.person, team=channel.team):
        raise NotFound("There is no such way here.")
    return channel


def _endpoint(
    transport: str, url: str, template: str, format: str, authorization: str
) -> tuple[Endpoint | None, str]:
    if transport != PagingChannel.EMAIL:
        return endpoints.add(transport, url, template=template, format=format, authorization=authorization)
    if url.strip():
        raise RuleBroken("Mail goes to the address in the directory; leave this empty.", field="url")
    return None, ""


def _create(
    transport: str,
    *,
    person: User | None,
    team: Team | None,
    label: str = "",
    endpoint: Endpoint | None = None,
) -> PagingChannel:
    try:
        with transaction.atomic():
            return PagingChannel.objects.create(
                person=person,
                team=team,
                transport=transport,
                label=label,
                endpoint=endpoint,
                created_at=clock.now(),
            )
    except IntegrityError as twice:
        raise Conflict("Mail is among the ways already.") from twice


def _check_may(by: Actor, person: User | None, team: Team | None) -> None:
    require(by, Permission.VIEW_DIRECTORY)
    if (person is None) == (team is None):
        raise RuleBroken("A channel belongs to one person or to one team.", field="team")
    if not queries.may_set_channels(by, person=person, team=team):
        raise NotAllowed(
            "You can set how you are paged yourself; a team's lead or manager sets how the team is."
        )


def _owner(channel: PagingChannel) -> str:
    return channel.person.display_name if channel.person else str(channel.team)


def _how(channel: PagingChannel) -> str:
    return str(channel.endpoint) if channel.endpoint else "e-mail"
