"""kill -9 at the worst moments: the ledger shows one update, and no mail goes out twice but at one honest point.

A real worker process, a real SMTP server, a real database file (or PostgreSQL).
"""

from __future__ import annotations

import signal
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from catalogue.models import Application
from core.common import clock
from core.outbox.models import OutgoingMessage
from core.timers import sweeps
from customers.models import Subscription
from incidents import operations
from incidents.models import Incident, Update
from tests.concurrency.workers import tick, worker

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
State = OutgoingMessage.State
ADDRESSES = ["boss@firm.example", "shop@firm.example", "till@firm.example"]


@pytest.fixture
def due(ira: Any, by: Any) -> Incident:
    """Declared 16 minutes ago and acknowledged to three people; its first holding update is due."""
    payments = Application.objects.create(slug="payments", name="Payments")
    for address in ADDRESSES:
        Subscription.objects.create(email=address, application=payments)
    with time_machine.travel(clock.now() - timedelta(minutes=16), tick=False):
        incident = operations.declare(title="Card payments fail", applications=[payments], by=by(ira))
        sweeps.run("outbox")
    return incident


def leases_run_out() -> None:
    OutgoingMessage.objects.filter(state=State.SENDING).update(due_at=clock.now())


def check_ledger(incident: Incident) -> None:
    """One holding update, and one final outbox row for each recipient."""
    assert list(incident.updates.order_by("number").values_list("number", "kind")) == [
        (1, Update.Kind.ACKNOWLEDGEMENT), (2, Update.Kind.HOLDING),
    ]  # fmt: skip
    rows = OutgoingMessage.objects.filter(topic="incident.update", about_version=2)
    assert sorted(rows.values_list("to", "state", "note")) == [(to, State.SENT, "") for to in ADDRESSES]


@pytest.mark.parametrize(
    ("point", "repeated"),
    [
        ("incidents.after_claim", 0),
        ("outbox.after_claim", 0),
        ("outbox.after_send", 1),  # the server has accepted, we have not marked: the one honest repeat
        ("outbox.after_mark", 0),
    ],
)
def test_a_killed_worker_loses_nothing_and_doubles_nothing(point, repeated, due, smtp):
    sink, port = smtp

    assert tick(point, port=port) == -signal.SIGKILL
    leases_run_out()
    assert tick(port=port) == 0

    check_ledger(due)
    received = Counter(sink.accepted)
    assert sorted({to for to, _ in received}) == ADDRESSES
    assert sum(received.values()) == len(ADDRESSES) + repeated
    assert len({message_id for _, message_id in received}) == len(ADDRESSES)  # a repeat carries the same id
    counted = OutgoingMessage.objects.filter(about_version=2, repeats__gt=0).count()
    assert counted == (1 if point in ("outbox.after_claim", "outbox.after_send") else 0)


def test_a_worker_killed_between_claim_and_ledger_leaves_the_incident_due(due, smtp):
    _, port = smtp

    tick("incidents.after_claim", port=port)

    assert due.updates.count() == 1
    assert Incident.objects.get(pk=due.pk).next_update_due_at == due.next_update_due_at


def test_three_workers_at_once_send_one_update(due, smtp):
    sink, port = smtp

    workers = [worker(port=port) for _ in range(3)]
    for process in workers:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors.decode()

    check_ledger(due)
    assert sorted(to for to, _ in sink.accepted) == ADDRESSES
