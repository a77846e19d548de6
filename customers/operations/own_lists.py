"""People outside the desk put themselves on lists: on the status page by an address, in the portal signed in."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from django.db import transaction

from catalogue.models import Application
from core.accounts.models import User
from core.accounts.permissions import Permission, require
from core.audit import trail
from core.common import clock, limits
from core.common.actor import Actor, Door, Kind
from core.common.errors import NotFound, RuleBroken, TooMany
from core.outbox import queue
from core.outbox.models import Lane
from customers import notices, queries
from customers.models import Audience, Contact, Subscription
from customers.operations.subscribing import close, facts

HOUR, DAY = 3600, 86_400
PER_NETWORK = 20  # an hour: a whole office may share one
PER_ADDRESS = 3  # mails a day
ALL_TOGETHER = 300  # mails an hour: more are no people
Source = Subscription.Source


@transaction.atomic
def ask(*, email: str, applications: Sequence[Application], network: str) -> None:
    """Somebody on the status page wants the news about public applications at an address.

    Whatever is known of the address, this answers the same, and the address gets a mail with a link: one an hour until
    it has confirmed, and three a day. The link confirms what was asked for in between, too. Nothing else goes there
    until somebody has opened the link and pressed the button. Raises TooMany by the network it comes from, and by all
    there are together, never by the address.
    """
    email = email.strip()
    if not email or not applications or not all(one.public for one in applications):
        raise RuleBroken("Choose one of the services of this page.", field="application")
    if not limits.within("status.ask.network", network, most=PER_NETWORK, seconds=HOUR):
        raise TooMany("That was asked for too often from your network. Try again in an hour.")
    if not limits.within("status.ask.address", email, most=PER_ADDRESS, seconds=DAY):
        return
    if not limits.within("status.ask.all", "", most=ALL_TOGETHER, seconds=HOUR):
        raise TooMany("Very many people ask for updates now. Try again in an hour.")
    _ask_to_confirm([_wanted(email, application) for application in applications])


def _wanted(email: str, application: Application) -> Subscription:
    """The row for an address and an application: the one there is, or a new one that waits."""
    running = queries.running(application=application, organisation=None, incident_id=None)
    found: Subscription | None = running.filter(source=Source.STATUS, email__iexact=email).first()
    if found is not None:
        return found
    now = clock.now()
    made = Subscription.objects.create(
        email=email, application=application, audience=Audience.EXTERNAL, source=Source.STATUS, created_at=now,
        unconfirmed_since=now,
    )  # fmt: skip
    reader = Actor(kind=Kind.PERSON, user_id=None, label="Somebody on the status page", door=Door.WEB)
    trail.record("subscription.started", on=made, by=reader, **facts(made))
    return made


def _ask_to_confirm(rows: Sequence[Subscription]) -> None:
    """One mail for all that was asked for; within the hour no other, unless the address has confirmed since."""
    email = rows[0].email
    gets = Subscription.objects.running().filter(
        source=Source.STATUS, email__iexact=email, unconfirmed_since=None
    )
    address = hashlib.sha256(email.casefold().encode()).hexdigest()[:24]
    subject, text = notices.asked_for(rows)
    queue.put(
        lane=Lane.REPLY,
        to=email,
        subject=subject,
        text=text,
        topic="subscription.confirm",
        about=rows[0],
        dedup_key=f"status-page-confirm-{address}-{clock.now():%Y%m%d%H}-{gets.count()}",
    )


@transaction.atomic
def follow(slug: str, *, by: Actor) -> Subscription:
    """A customer wants the news about an application that their organisation uses; again it changes nothing."""
    contact, application = _used(slug, by)
    person = contact.user
    if person is None or not person.email:
        raise RuleBroken("Your account has no e-mail address. Ask us to enter one.")
    already = _theirs(person, application)
    if already:
        return already[0]
    made = Subscription.objects.create(
        user=person, application=application, organisation=contact.organisation, audience=Audience.EXTERNAL,
        source=Source.PORTAL, created_at=clock.now(), created_by=person,
    )  # fmt: skip
    trail.record("subscription.started", on=made, by=by, **facts(made))
    return made


@transaction.atomic
def unfollow(slug: str, *, by: Actor) -> None:
    """A customer has enough of it; what the desk put them on stays with the desk. Again it changes nothing."""
    contact, application = _used(slug, by)
    assert contact.user is not None
    for found in _theirs(contact.user, application):
        close(found, by)


def _used(slug: str, by: Actor) -> tuple[Contact, Application]:
    require(by, Permission.VIEW_TICKETS)
    contact = queries.contact_of(by.user_id)
    if contact is None or contact.organisation is None:
        raise NotFound("There is no such application here.")
    application = contact.organisation.applications.filter(slug=slug).first()
    if application is None:
        raise NotFound("There is no such application here.")
    return contact, application


def _theirs(person: User, application: Application) -> list[Subscription]:
    return list(queries.followed(person.pk).filter(application=application))
