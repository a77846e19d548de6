"""Who is told about an incident."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q, QuerySet

from customers.models import Audience, Subscription
from incidents.models import Incident


@dataclass(frozen=True)
class Recipient:
    address: str
    staff: bool


def subscriptions(incident: Incident, audience: str = "") -> QuerySet[Subscription]:
    """The running subscriptions that an incident touches.

    By application (and, where one names an organisation too, only when the incident hits that one or names
    none), by organisation, by the incident itself; the default list when the incident names no application.
    """
    applications = [application.pk for application in incident.applications.all()]
    organisations = [organisation.pk for organisation in incident.organisations.all()]
    wanted = Q(incident_id=incident.pk) | Q(
        incident_id=None, application=None, organisation__in=organisations
    )
    if applications:
        hit = Q(organisation=None) | Q(organisation__in=organisations) if organisations else Q()
        wanted |= Q(incident_id=None, application__in=applications) & hit
    else:
        wanted |= Q(incident_id=None, application=None, organisation=None)
    found = Subscription.objects.filter(wanted, ended_at=None).exclude(user__is_active=False)
    return found.filter(audience=audience) if audience else found


def recipients(incident: Incident, audience: str = "") -> list[Recipient]:
    """Each address once, in the order of subscribing."""
    found: dict[str, Recipient] = {}
    for subscription in subscriptions(incident, audience).select_related("user").order_by("id"):
        address = subscription.address.strip()
        if address:
            staff = subscription.user_id is not None and subscription.audience != Audience.EXTERNAL
            found.setdefault(address.casefold(), Recipient(address, staff))
    return list(found.values())


def still_told(incident: Incident, address: str) -> bool:
    """False when the subscriber has gone since the message was queued."""
    mine = Q(user__email__iexact=address) | Q(user=None, email__iexact=address)
    return subscriptions(incident).filter(mine).exists()
