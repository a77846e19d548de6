"""A breaker for each way out: who does not answer is asked again by one message now and then, not by all.

While a circuit is open its messages wait in the queue, untouched and not failed; nobody spends ten seconds on each.
The state is a row, so that every worker and every page knows it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce

from core.common import clock
from core.outbox.models import Circuit, OutgoingMessage
from core.timers import sweeps

log = structlog.get_logger(__name__)

OPENS_AFTER = 5  # failures in a row
FIRST_PROBE = timedelta(seconds=15)
LONGEST_PROBE = timedelta(seconds=60)
LONGEST_PATIENT_PROBE = timedelta(minutes=10)  # where nobody waits for the message within minutes
MAIL = "mail"


@dataclass(frozen=True)
class Outage:
    """A way out that is closed to traffic, in words."""

    route: str
    since: datetime
    next_try: datetime
    error: str

    @property
    def sentence(self) -> str:
        who = "The mail server" if self.route == MAIL else "The address"
        return (
            f"{who} has not taken anything since {self.since:%H:%M} UTC; next try {self.next_try:%H:%M:%S}."
        )


def leave_out_blocked(rows: QuerySet[OutgoingMessage], now: datetime) -> QuerySet[OutgoingMessage]:
    """Without the messages whose way is blocked until its next probe."""
    routes = Circuit.objects.filter(probe_at__gt=now).values_list("route", flat=True)
    for route in routes:
        rows = rows.exclude(on(route))
    return rows


def on(route: str) -> Q:
    """The messages that take this way."""
    return Q(endpoint=None) if route == MAIL else Q(endpoint_id=int(route.partition("-")[2]))


def enter(route: str, now: datetime, *, patient: bool = False) -> None:
    """Pass, when the circuit is closed or this is its probe. Raises sweeps.Later otherwise.

    Of all that come when a probe is due, the first takes it and the time of the next.
    """
    circuit = Circuit.objects.filter(route=route).exclude(probe_at=None).first()
    if circuit is None:
        return
    assert circuit.probe_at is not None
    longest = LONGEST_PATIENT_PROBE if patient else LONGEST_PROBE
    wait = min(FIRST_PROBE * 2 ** min(circuit.probes, 10), longest)
    mine = Circuit.objects.filter(pk=circuit.pk, probe_at=circuit.probe_at)
    if circuit.probe_at > now or not mine.update(probe_at=now + wait, probes=F("probes") + 1):
        raise sweeps.Later


def failed(route: str, error: str) -> None:
    """Nobody answered there. After some failures in a row the circuit opens."""
    now = clock.now()
    Circuit.objects.get_or_create(route=route)
    row = Circuit.objects.filter(route=route)
    row.update(failures=F("failures") + 1, failing_since=Coalesce("failing_since", now), error=error[:2000])
    if row.filter(failures__gte=OPENS_AFTER, opened_at=None).update(
        opened_at=now, probe_at=now + FIRST_PROBE
    ):
        log.warning("outbox.circuit_open", route=route, error=error)


def worked(route: str) -> None:
    """Somebody answered: all that waited may go."""
    row = Circuit.objects.filter(route=route).exclude(failures=0)
    if not row.exists():
        return
    was_open = row.exclude(opened_at=None).exists()
    row.update(failures=0, failing_since=None, opened_at=None, probe_at=None, probes=0, error="")
    if was_open:
        log.info("outbox.circuit_closed", route=route)
        sweeps.poke("outbox")


def outages() -> dict[str, Outage]:
    """The ways that are blocked now, by route."""
    return {
        circuit.route: Outage(
            circuit.route, circuit.failing_since or circuit.opened_at, circuit.probe_at, circuit.error
        )
        for circuit in Circuit.objects.exclude(opened_at=None)
        if circuit.opened_at is not None and circuit.probe_at is not None
    }


def held_up(lane: str, before: datetime) -> list[str]:
    """What of a lane has waited since then behind a closed way, one sentence for each way."""
    found = []
    for outage in outages().values():
        waiting = OutgoingMessage.objects.filter(on(outage.route), lane=lane, due_at__lt=before).count()
        if waiting:
            found.append(f"{outage.sentence} {waiting:,} messages of the {lane} lane wait.")
    return found
