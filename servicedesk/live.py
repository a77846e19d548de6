"""The incident that everybody must know of, for the bar on top of every staff page."""

from __future__ import annotations

from datetime import timedelta

from core.common.actor import Actor
from core.common.vocabulary import Severity
from incidents import queries
from servicedesk.navigation import LiveIncident, address

MAJOR = (Severity.SEV1, Severity.SEV2)


def live_incident(actor: Actor) -> LiveIncident | None:
    """The most serious open incident in one query; not assessed yet counts as major, an exercise comes last."""
    found = sorted(
        queries.live(actor), key=lambda incident: (incident.drill, incident.severity or Severity.SEV2)
    )
    if not found:
        return None
    first = found[0]
    every = timedelta(minutes=first.cadence_minutes) if first.cadence_minutes else None
    return LiveIncident(
        reference=first.reference,
        title=first.shown_title,
        url=address("incidents:detail", first.reference),
        next_update_due_at=first.next_update_due_at,
        update_every=every,
        bridge_url=first.bridge_link,
        others=len(found) - 1,
        drill=first.drill,
        major=not first.drill and (first.severity or Severity.SEV1) in MAJOR,
    )
