"""Who is told about an incident, and by which way."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db.models import Q, QuerySet

from core.outbox.models import Endpoint, OutgoingMessage
from customers.models import Audience, Subscription, SubscriptionQuerySet
from incidents import queries
from incidents.models import Incident, Update

TOPIC = "incident.update"


@dataclass
class Recipient:
    """One way to one who is told: a mail address or an endpoint, however many subscriptions lead there.

    `closest` says for whom it is written: the incident's own subscription, else the oldest.
    """

    key: str
    closest: Subscription
    subscriptions: list[Subscription] = field(default_factory=list)

    @property
    def to(self) -> str:
        return self.closest.address or self.closest.who

    @property
    def endpoint(self) -> Endpoint | None:
        return self.closest.endpoint

    @property
    def address(self) -> str:
        """The mail address; empty for an endpoint."""
        return self.closest.address

    @property
    def audience(self) -> str:
        return self.closest.audience

    @property
    def staff(self) -> bool:
        """May open the incident: the desk's own people and chats, never an external audience."""
        row = self.closest
        if row.audience == Audience.EXTERNAL:
            return False
        return row.endpoint is not None or (row.user is not None and row.user.is_desk_staff)


def subscriptions(incident: Incident, audience: str = "") -> QuerySet[Subscription]:
    """The running subscriptions that an incident touches, those that wait for a confirmation left out."""
    found = listed(incident).told()
    return found.filter(audience=audience) if audience else found


def listed(incident: Incident) -> SubscriptionQuerySet:
    """Everybody on the lists of an incident, the unconfirmed too.

    By application (and, where one names an organisation too, only when the incident hits that one or names
    none), by organisation, by the incident itself; the default list when the incident names no application.
    """
    found: SubscriptionQuerySet = Subscription.objects.filter(touching(incident)).running()
    found = found.exclude(_not_theirs(incident))
    if incident.drill:  # nobody outside the desk hears of an exercise
        found = found.filter(user__in=queries.staff()).exclude(audience=Audience.EXTERNAL)
    return found


def _not_theirs(incident: Incident) -> Q:
    """Who put themselves on a list from outside hears what the status page shows, or what hits their own company."""
    by_status = Q(source=Subscription.Source.STATUS)
    by_portal = Q(source=Subscription.Source.PORTAL)
    if incident.public:
        return by_status & Q(application__public=False)
    organisations = [organisation.pk for organisation in incident.organisations.all()]
    return by_status | by_portal & ~Q(organisation__in=organisations)


def may_stay(incident: Incident, row: Subscription) -> bool:
    """Whether who is on none of its lists any more may go on hearing of it: from outside, while it is shown there."""
    if row.source == Subscription.Source.DESK:
        return True
    return incident.public and incident.applications.filter(public=True).exists()


def touching(incident: Incident) -> Q:
    """The lists that an incident belongs to."""
    applications = [application.pk for application in incident.applications.all()]
    organisations = [organisation.pk for organisation in incident.organisations.all()]
    wanted = Q(incident_id=incident.pk) | Q(
        incident_id=None, application=None, organisation__in=organisations
    )
    if applications:
        hit = Q(organisation=None) | Q(organisation__in=organisations) if organisations else Q()
        return wanted | Q(incident_id=None, application__in=applications) & hit
    return wanted | Q(incident_id=None, application=None, organisation=None)


def recipients(incident: Incident, audience: str = "") -> list[Recipient]:
    """Each address and each endpoint once, in the order of subscribing, with what `staff` needs."""
    found = subscriptions(incident, audience).select_related("user", "endpoint")
    return gathered(found.prefetch_related("user__role_grants").order_by("id"))


def reaches_outside(incident: Incident, audience: str = "") -> bool:
    """Whether an update is read outside: by an external subscriber, or on the public status page."""
    if audience not in ("", Audience.EXTERNAL) or incident.drill:
        return False
    if incident.public and incident.applications.filter(public=True).exists():
        return True
    return any(one.audience == Audience.EXTERNAL for one in recipients(incident, audience))


def told(incident: Incident) -> list[Recipient]:
    """The same in one query, for who asks no more than who they are."""
    return gathered(subscriptions(incident).select_related("user", "endpoint").order_by("id"))


def gathered(rows: QuerySet[Subscription]) -> list[Recipient]:
    """Subscriptions put together by where they lead."""
    found: dict[str, Recipient] = {}
    for row in rows:
        key = key_of(row)
        if not key:
            continue
        known = found.setdefault(key, Recipient(key, row))
        if row.incident_id is not None and known.closest.incident_id is None:
            known.closest = row
        known.subscriptions.append(row)
    return list(found.values())


def is_told(incident: Incident, among: list[Recipient], user_id: int | None) -> bool:
    """Whether somebody has subscribed to this one incident."""
    rows = [row for one in among for row in one.subscriptions]
    return user_id is not None and any(
        row.incident_id == incident.pk and row.user_id == user_id for row in rows
    )


def key_of(row: Subscription) -> str:
    """The same for subscriptions that reach the same place; empty for a person without an address."""
    if row.endpoint is not None:
        return f"endpoint:{row.endpoint.fingerprint or row.endpoint.pk}"
    return row.address.strip().casefold()


def key_of_message(message: OutgoingMessage) -> str:
    """The key of the recipient that a queued message goes to."""
    if message.endpoint is not None:
        return f"endpoint:{message.endpoint.fingerprint or message.endpoint.pk}"
    return message.to.strip().casefold()


def keys_sent(update: Update) -> frozenset[str]:
    """The keys of all to whom an update went, or waits to go."""
    sent = OutgoingMessage.objects.filter(
        about_kind=Incident.SUBJECT,
        about_id=update.incident_id,
        topic=TOPIC,
        about_version=update.number,
    )
    return frozenset(key_of_message(message) for message in sent.select_related("endpoint"))


def keys_told(incident: Incident) -> frozenset[str]:
    """The keys of all who are told now; of a merged incident those too whose subscriptions went along."""
    mine = frozenset(one.key for one in told(incident))
    return mine if incident.merged_into is None else mine | keys_told(incident.merged_into)
