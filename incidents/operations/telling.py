"""Who is told, changed by people; and whether it arrives, watched by the desk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from core.accounts.models import User
from core.accounts.permissions import Permission
from core.audit import trail
from core.common import actor
from core.common.actor import Actor
from core.common.errors import RuleBroken
from core.outbox import queue
from core.outbox.models import Endpoint, Lane, OutgoingMessage
from customers import operations as customers
from customers import queries as subscriptions
from customers.models import Audience, Subscription
from incidents import mailing, notices, paging, queries
from incidents.models import Incident, Update
from incidents.operations import ledger

State = OutgoingMessage.State


@dataclass(frozen=True)
class Subscribed:
    """Who was put on the list of an incident, and the secret of a new webhook (shown this once)."""

    incident: Incident
    subscription: Subscription
    secret: str = ""


@transaction.atomic
def subscribe(
    ref: str,
    *,
    email: str = "",
    person: User | None = None,
    transport: str = "email",
    url: str = "",
    label: str = "",
    audience: str = Audience.BUSINESS,
    by: Actor,
) -> Incident:
    """Put somebody on this incident's list; a second time changes nothing. An outside address confirms it first.

    A drill is told to the desk alone.
    """
    made = _put_on_list(
        ref, email=email, person=person, transport=transport, url=url, label=label, audience=audience, by=by
    )
    return queries.fresh(made.incident)


@transaction.atomic
def add_webhook(
    ref: str, *, url: str, label: str = "", audience: str = Audience.TECHNICAL, by: Actor
) -> Subscribed:
    """Send the updates of this incident to a program, too; `secret` signs them and is shown this once.

    The same address again changes nothing and shows no secret. Raises RuleBroken for an address that the desk would
    never call.
    """
    return _put_on_list(
        ref, email="", person=None, transport=Endpoint.Transport.WEBHOOK, url=url, label=label,
        audience=audience, by=by,
    )  # fmt: skip


@transaction.atomic
def unsubscribe(
    ref: str, *, email: str = "", person: User | None = None, subscription: int | None = None, by: Actor
) -> Incident:
    """Take somebody off this incident's list. What they get by an application or a customer stays, and says so."""
    own = person is not None and person.pk == by.user_id
    incident = queries.get_for(
        ref, by=by, to=Permission.VIEW_INCIDENTS if own else Permission.RUN_INCIDENT, held=True
    )
    found = _theirs(incident, email, person, subscription).first()
    if found is None:
        raise RuleBroken(f"They are not on the list of {incident.reference}.", field="email")
    customers.end(found.pk, by=by)
    return queries.fresh(incident)


@transaction.atomic
def unsubscribed(incident_pk: int, who: str, *, at: datetime, by: Actor) -> None:
    """Somebody left this incident's list, by whatever door: its timeline says so."""
    incident = Incident.objects.filter(pk=incident_pk).first()
    if incident is not None:
        ledger.note(incident, f"{who} gets no more updates", by=by, happened_at=at)


@transaction.atomic
def check_delivery(update: Update, now: datetime) -> None:
    """Some minutes after an update: if it still waits for its server, tell the commander by every way there is.

    Once: until something goes out again, further updates that wait are no news.
    """
    rows = OutgoingMessage.objects.filter(
        about_kind=Incident.SUBJECT, about_id=update.incident_id, topic=mailing.TOPIC
    )
    waiting = rows.filter(about_version=update.number, state__in=(State.QUEUED, State.SENDING)).count()
    Update.objects.filter(pk=update.pk, check_at=update.check_at).update(check_at=None)
    incident = update.incident
    row = Incident.objects.filter(pk=incident.pk)
    if not waiting:
        row.exclude(undelivered_since=None).update(undelivered_since=None)
        return
    told_at = incident.undelivered_since
    if told_at is not None and not rows.filter(state=State.SENT, sent_at__gt=told_at).exists():
        return
    row.update(undelivered_since=now)
    desk = actor.system()
    _tell_commander(incident, update, waiting)
    paging.undelivered(incident, update, by=desk)
    ledger.note(
        incident,
        f"Update {update.number} waits for {waiting} of {update.recipients}: it does not go out",
        by=desk,
    )
    trail.record("incident.undelivered", on=incident, by=desk, number=update.number, waiting=waiting)


def _put_on_list(
    ref: str,
    *,
    email: str,
    person: User | None,
    transport: str,
    url: str,
    label: str,
    audience: str,
    by: Actor,
) -> Subscribed:
    own = person is not None and person.pk == by.user_id
    incident = queries.get_for(
        ref, by=by, to=Permission.VIEW_INCIDENTS if own else Permission.RUN_INCIDENT, held=True
    )
    if incident.drill and (person is None or not person.is_desk_staff):
        raise RuleBroken(
            "This is an exercise: only people of the desk are told.", field="person" if person else "email"
        )
    made = customers.subscribe(
        incident_id=incident.pk, email=email, person=person, transport=transport, url=url, label=label,
        audience=audience, by=by,
    )  # fmt: skip
    if made.new:
        waits = " once the address is confirmed" if made.subscription.unconfirmed_since else ""
        ledger.note(incident, f"{made.subscription.who} gets the updates{waits}", by=by)
        trail.record(
            "incident.subscribed", on=incident, by=by, address=made.subscription.who, audience=audience
        )
    return Subscribed(incident, made.subscription, made.secret)


def _tell_commander(incident: Incident, update: Update, waiting: int) -> None:
    who = incident.commander or incident.communications_lead or incident.declared_by
    if who is None:
        return
    subject, text = notices.undelivered(incident, update, waiting)
    for way in paging.ways(who):
        queue.put(
            lane=Lane.PAGE,
            to=way.to,
            subject=subject,
            text=text,
            topic="incident.undelivered",
            about=incident,
            dedup_key=mailing.dedup_key(incident, f"undelivered-{update.number}", f"{who.pk}-{way.key}"),
            endpoint=way.endpoint,
            data={
                "links": [[f"Open {incident.reference}", notices.address(incident)]],
                "values": {"reference": incident.reference, "person": who.display_name, "phone": who.phone},
            },
        )


def _theirs(
    incident: Incident, email: str, person: User | None, subscription: int | None
) -> QuerySet[Subscription]:
    here = subscriptions.running(application=None, organisation=None, incident_id=incident.pk)
    if subscription is not None:
        return here.filter(pk=subscription)
    if person is not None:
        return here.filter(user=person)
    return here.filter(email__iexact=email) | here.filter(user__email__iexact=email)
