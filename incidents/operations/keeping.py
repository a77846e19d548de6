"""Who was promised the next update gets it, whatever becomes of the lists on which they stand."""

from __future__ import annotations

from core.common.actor import Actor
from customers import operations as customers
from incidents import audience
from incidents.audience import Recipient
from incidents.models import Incident
from incidents.operations import ledger


def keep(incident: Incident, before: list[Recipient], *, by: Actor) -> list[int]:
    """Put who was told before and is on no list of the incident any more on its own; answers those subscriptions.

    Who put themselves on a list from outside stays only while the incident is shown outside.
    """
    if not incident.is_open:
        return []
    now = {one.key for one in audience.told(incident)}
    lost = [one.closest for one in before if one.key not in now]
    lost = [row for row in lost if audience.may_stay(incident, row)]
    if not lost:
        return []
    ledger.note(incident, f"{_people(len(lost))} by another list before, and still told of this one", by=by)
    return [made.pk for made in customers.keep_told(lost, incident_id=incident.pk, by=by)]


def _people(count: int) -> str:
    return "One was told" if count == 1 else f"{count} were told"
