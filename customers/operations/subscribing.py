"""Who is told about incidents: putting people, addresses and chats on lists, and taking them off."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction

from catalogue.models import Application
from core.accounts.models import User
from core.accounts.permissions import Permission, require
from core.audit import trail
from core.common import clock
from core.common.actor import Actor, Door, Kind
from core.common.errors import NotAllowed, NotFound, RuleBroken
from core.outbox import bounces, endpoints, queue
from core.outbox.models import Lane
from customers import links, notices, queries
from customers.models import EMAIL, Audience, Contact, Organisation, Subscription

MOST_UNCONFIRMED = 5  # lists that an address nobody has confirmed may wait for


@dataclass(frozen=True)
class Subscribed:
    """The subscription, whether it is new, and the secret that signs what goes there (shown this once)."""

    subscription: Subscription
    new: bool
    secret: str = ""


@transaction.atomic
def subscribe(
    *,
    application: Application | None = None,
    organisation: Organisation | None = None,
    incident_id: int | None = None,
    person: User | None = None,
    email: str = "",
    transport: str = EMAIL,
    url: str = "",
    label: str = "",
    audience: str = Audience.BUSINESS,
    by: Actor,
) -> Subscribed:
    """Put a person, an address or a chat on a list; a second time changes nothing.

    The list is an application's, an organisation's (with both: what hits that customer there), one incident's, or
    with nothing named the default one. An outside address gets nothing but a link until somebody there has opened
    it. Raises NotAllowed for somebody else's subscriptions without the right to set lists.
    """
    check_may(by, person)
    who = _who(person, email.strip(), transport, url)
    lists: dict[str, Any] = {
        "application": application,
        "organisation": organisation,
        "incident_id": incident_id,
    }
    at_the_desk = queries.running(**lists).filter(source=Subscription.Source.DESK)
    found = at_the_desk.filter(**_same(who, transport, url)).first()
    if found is not None:
        if found.unconfirmed_since is not None:
            _ask_to_confirm(found)
        return Subscribed(found, new=False)
    outside = bool(who["email"]) and is_outside(who["email"])
    if outside:
        _check_patience(who["email"])
    endpoint, secret = endpoints.add(transport, url) if transport != EMAIL else (None, "")
    now = clock.now()
    made = Subscription.objects.create(
        **lists, **who, endpoint=endpoint, label=" ".join(label.split())[:60], audience=audience,
        created_at=now, created_by_id=by.user_id, unconfirmed_since=now if outside else None,
    )  # fmt: skip
    trail.record("subscription.started", on=made, by=by, **facts(made))
    if outside:
        _ask_to_confirm(made)
    return Subscribed(made, new=True, secret=secret)


@transaction.atomic
def keep_told(those: Iterable[Subscription], *, incident_id: int, by: Actor) -> list[Subscription]:
    """Put who is told by another list on that of one incident itself, by the same way and for the same audience."""
    kept = []
    for one in those:
        made = Subscription.objects.create(
            incident_id=incident_id, user=one.user, email=one.email, endpoint=one.endpoint, label=one.label,
            audience=one.audience, source=one.source, created_at=clock.now(), created_by_id=by.user_id,
        )  # fmt: skip
        trail.record("subscription.started", on=made, by=by, **facts(made))
        kept.append(made)
    return kept


@transaction.atomic
def confirm(token: str) -> Subscription:
    """Somebody at the address opened the link and pressed the button; again it changes nothing."""
    named = by_link(links.CONFIRM, token)
    for found in named:
        if found.ended_at is None and found.unconfirmed_since is not None:
            Subscription.objects.filter(pk=found.pk).update(unconfirmed_since=None)
            trail.record("subscription.confirmed", on=found, by=_mail_reader(found), **facts(found))
            found.refresh_from_db()
    return named[0]


@transaction.atomic
def unsubscribe(token: str) -> list[Subscription]:
    """End what a mail was sent for. Again, or when it was ended elsewhere, it changes nothing."""
    found = by_link(links.STOP, token)
    for subscription in found:
        close(subscription, _mail_reader(subscription))
    return found


@transaction.atomic
def end(pk: int, *, by: Actor) -> Subscription:
    """Take one off its list. Raises NotFound for what the actor may not see, NotAllowed for what is not theirs."""
    found = queries.subscription(pk, by=by)
    if found.user_id is None or found.user_id != by.user_id:
        check_may(by, None)
    close(found, by)
    found.refresh_from_db()
    return found


@transaction.atomic
def try_address_again(pk: int, *, by: Actor) -> Subscription:
    """The address behind a subscription takes mail again, somebody says: the next message is sent there."""
    found = queries.subscription(pk, by=by)
    check_may(by, found.user)
    bounces.clear(found.address, by=by)
    return found


def by_link(purpose: str, token: str) -> list[Subscription]:
    """What a keyed link names, ended or not. Raises NotFound for a link that is none of ours.

    One that confirms what was asked for on the status page names all that waits there for the same address: what was
    asked for a little later brought no second mail.
    """
    pks = links.read(purpose, token)
    found = list(queries.with_names(Subscription.objects.filter(pk__in=pks)).order_by("pk")) if pks else []
    if not found:
        raise NotFound("This link is not complete, or none of ours. Copy all of it from the mail.")
    asked = next((one for one in found if one.source == Subscription.Source.STATUS), None)
    if purpose != links.CONFIRM or asked is None:
        return found
    waits = Subscription.objects.running().filter(source=asked.source, email__iexact=asked.email)
    return [
        *found,
        *queries.with_names(waits.exclude(unconfirmed_since=None).exclude(pk__in=pks)).order_by("pk"),
    ]


def is_outside(email: str) -> bool:
    """Nobody whom the desk knows: neither a user nor a contact, nor somebody of the own house."""
    if email.rpartition("@")[2].lower() in settings.OWN_DOMAINS:
        return False
    known = User.objects.filter(email__iexact=email, is_active=True).exists()
    return not known and not Contact.objects.filter(email__iexact=email).exists()


def check_may(by: Actor, person: User | None) -> None:
    """One's own subscriptions are one's own; lists are set by who runs incidents or keeps customers."""
    require(by, Permission.VIEW_INCIDENTS)
    if person is not None and person.pk == by.user_id:
        return
    if not queries.may_set_lists(by):
        raise NotAllowed(
            "You can subscribe yourself; who runs incidents or manages customers sets the lists."
        )


def _who(person: User | None, email: str, transport: str, url: str) -> dict[str, Any]:
    if person is not None and email:
        raise RuleBroken("Name an e-mail address or a person, one of the two.", field="email")
    if transport != EMAIL:
        if not url.strip():
            raise RuleBroken("Paste the address of the workflow or webhook.", field="url")
        return {"user": person, "email": ""}
    if person is None and not email:
        raise RuleBroken("Name an e-mail address or a person, one of the two.", field="email")
    if person is not None and not person.email:
        raise RuleBroken(f"{person.display_name} has no e-mail address.", field="person")
    if email:
        users = list(User.objects.filter(email__iexact=email, is_active=True)[:2])
        person = users[0] if len(users) == 1 else None
    return {"user": person, "email": "" if person else email}


def _same(who: dict[str, Any], transport: str, url: str) -> dict[str, Any]:
    if transport != EMAIL:
        return {"endpoint__fingerprint": endpoints.fingerprint(transport, url)}
    if who["user"] is not None:
        return {"endpoint": None, "user": who["user"]}
    return {"endpoint": None, "user": None, "email__iexact": who["email"]}


def _check_patience(email: str) -> None:
    waiting = Subscription.objects.filter(email__iexact=email, ended_at=None).exclude(unconfirmed_since=None)
    if waiting.count() >= MOST_UNCONFIRMED:
        raise RuleBroken(
            f"{email} has not confirmed {MOST_UNCONFIRMED} lists yet; no more until then.", field="email"
        )


def _ask_to_confirm(subscription: Subscription) -> None:
    """At most one mail an hour for each subscription."""
    hour = clock.now().strftime("%Y%m%d%H")
    address = hashlib.sha256(subscription.email.casefold().encode()).hexdigest()[:24]
    subject, text = notices.confirmation(subscription)
    queue.put(
        lane=Lane.REPLY,
        to=subscription.email,
        subject=subject,
        text=text,
        topic="subscription.confirm",
        about=subscription,
        dedup_key=f"subscription-{subscription.pk}-confirm-{address}-{hour}",
    )


def close(subscription: Subscription, by: Actor) -> None:
    """Once; the address of a chat is forgotten with its last subscription."""
    if not Subscription.objects.filter(pk=subscription.pk, ended_at=None).update(ended_at=clock.now()):
        return
    trail.record("subscription.ended", on=subscription, by=by, **facts(subscription))
    if subscription.endpoint is not None:
        endpoints.remove(subscription.endpoint)


def facts(subscription: Subscription) -> dict[str, Any]:
    """What the trail keeps of a subscription."""
    return {
        "who": subscription.who, "of": subscription.what, "audience": subscription.audience,
        "incident_id": subscription.incident_id,
    }  # fmt: skip


def _mail_reader(subscription: Subscription) -> Actor:
    """Whoever reads mail at the address: not proven to be the person whose address it is."""
    return Actor(kind=Kind.PERSON, user_id=None, label=subscription.who, door=Door.MAIL)
