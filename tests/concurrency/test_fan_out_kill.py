"""Promise 3 on a small scale: 300 people, five due moments, workers killed in the middle of each; none is lost.

A death leaves in doubt what was on its way: one message for each connection. With one connection there are no more
repeats than deaths; with twelve, no more than twelve for each.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from catalogue.models import Application
from core.common import clock
from core.outbox.models import OutgoingMessage
from core.timers import sweeps
from customers.models import Subscription
from incidents import operations
from incidents.models import Incident, Update
from tests.concurrency.workers import KILLED, tick
from tests.relays import relay

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
State = OutgoingMessage.State
PEOPLE = 300
DEATHS = [
    "outbox.before_claim:120",
    "outbox.after_claim:150",
    "outbox.after_send:130",
    "outbox.after_mark:140",
]
SLOTS = len(DEATHS) + 1


@pytest.fixture
def incident(ira: Any, by: Any) -> Incident:
    """Declared when nobody had subscribed yet; from the next update on it is told to 300 people."""
    payments = Application.objects.create(slug="payments", name="Payments")
    declared = operations.declare(title="Card payments fail", applications=[payments], by=by(ira))
    Subscription.objects.bulk_create(
        Subscription(email=f"p{number}@firm.example", application=payments) for number in range(PEOPLE)
    )
    return declared


def fall_due(incident: Incident) -> None:
    """A due moment: the ledger has its line and the outbox 300 rows."""
    Incident.objects.filter(pk=incident.pk).update(next_update_due_at=clock.now() - timedelta(seconds=1))
    assert sweeps.run("incidents.updates").done == 1


def leases_run_out() -> None:
    OutgoingMessage.objects.filter(state=State.SENDING).update(due_at=clock.now())


@pytest.mark.parametrize("connections", [1, 12])
def test_every_moment_reaches_everybody_whatever_dies(connections, incident):
    with relay() as server:
        for fault in DEATHS:
            fall_due(incident)
            assert tick(fault, port=server.port, connections=connections, patience=120) == KILLED
            leases_run_out()
        fall_due(incident)
        assert tick(port=server.port, connections=connections, patience=120) == 0

    assert list(incident.updates.order_by("number").values_list("number", "kind")) == [
        (1, Update.Kind.ACKNOWLEDGEMENT), *((number, Update.Kind.HOLDING) for number in range(2, SLOTS + 2)),
    ]  # fmt: skip
    rows = OutgoingMessage.objects.filter(topic="incident.update")
    assert Counter(rows.values_list("state", "note")) == {(State.SENT, ""): PEOPLE * SLOTS}
    assert rows.values("about_version", "to").distinct().count() == PEOPLE * SLOTS

    got = Counter((one.to, one.message_id) for one in server.received)
    assert len(got) == PEOPLE * SLOTS  # nothing lost; and a repeat carries the same Message-ID
    assert set(Counter(to for to, _ in got).values()) == {SLOTS}
    assert server.repeated <= len(DEATHS) * connections
    in_doubt = sum(rows.values_list("repeats", flat=True))
    assert server.repeated <= in_doubt <= len(DEATHS) * (connections + 2)  # each is counted, and shown
