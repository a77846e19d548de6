"""Incident updates at full size: many people, servers that are slow or silent, workers that die. Prints figures."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection

from catalogue.models import Application
from core.common import clock
from core.outbox import circuits, endpoints, queue
from core.outbox.models import Lane, OutgoingMessage
from core.timers import sweeps
from core.timers.models import Pulse
from customers.models import Subscription
from escalation import operations as escalation
from incidents import operations
from incidents.models import Incident
from tests.concurrency.workers import KILLED, tick
from tests.receivers import receiver
from tests.relays import Relay, relay

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.drill]
State = OutgoingMessage.State
CHANCE = random.Random(20261121)
POINTS = ["outbox.before_claim", "outbox.after_claim", "outbox.after_send", "outbox.after_mark"]


@pytest.fixture
def declared(ira: Any, by: Any) -> Callable[[int], Incident]:
    """An incident that so many hear of from its next update on, with Ira in command."""

    def make(people: int) -> Incident:
        payments = Application.objects.create(slug="payments", name="Payments")
        incident = operations.declare(title="Card payments fail", applications=[payments], by=by(ira))
        operations.take_role(incident.reference, role="commander", by=by(ira))
        Subscription.objects.bulk_create(
            Subscription(email=f"p{number}@firm.example", application=payments) for number in range(people)
        )
        return incident

    return make


@pytest.fixture
def say(capfd: Any) -> Callable[[str], None]:
    """Print figures past pytest."""

    def write(text: str) -> None:
        with capfd.disabled():
            sys.stderr.write(f"\n  {text}\n")

    return write


def test_three_thousand_people_and_twenty_moments(declared, say):
    people, slots, connections = 3_000, int(os.environ.get("DRILL_MOMENTS", "20")), 12
    incident, kills, started = declared(people), 0, time.monotonic()
    with relay() as server:
        for _ in range(slots):
            Incident.objects.filter(pk=incident.pk).update(
                next_update_due_at=clock.now() - timedelta(seconds=1)
            )
            assert sweeps.run("incidents.updates").done == 1
            fault = f"{CHANCE.choice(POINTS)}:{CHANCE.randint(1, people - 1)}"
            kills += tick(fault, port=server.port, connections=connections, patience=900) == KILLED
            OutgoingMessage.objects.filter(state=State.SENDING).update(due_at=clock.now())
        assert tick(port=server.port, connections=connections, patience=900) == 0
    took = time.monotonic() - started
    rows = OutgoingMessage.objects.filter(topic="incident.update")
    to_people = {(one.to, one.message_id) for one in server.received if one.to.endswith("@firm.example")}
    lost = people * slots - len(to_people)  # the desk writes to its own people as well meanwhile
    say(
        f"{people:,} people x {slots} moments, {kills} kills: {took:.0f} s, {people * slots / took:.0f} mails/s; "
        f"lost {lost}, repeated {server.repeated} (at most {kills * connections}), "
        f"shown as doubtful {sum(rows.values_list('repeats', flat=True))}"
    )
    assert (rows.count(), rows.exclude(state=State.SENT).count(), lost) == (people * slots, 0, 0)
    assert server.repeated <= kills * connections


def test_a_thousand_people_over_a_slow_relay(declared, desk, ira, by, say):
    incident = declared(1_000)
    with relay(delay=0.1) as server, receiver() as chat, desk(server, chat.name):
        begin = time.monotonic()
        operations.send_update(incident.reference, what="News", affected="Shops.", by=by(ira))
        others = keep_asking_others(chat, until=lambda: len(server.received) >= 1_000)
        took = time.monotonic() - begin
        first = server.first_at - begin
        until_everybody(incident, 2)
    say(
        f"1,000 people over a relay that answers in 100 ms: {took - first:.1f} s after {first:.1f} s until the first; "
        f"at most {server.most_at_once} at once, {server.connections} connections; other lanes {others}"
    )
    assert took - first < 1_000 * 0.1 / 3  # one connection would need a hundred seconds
    assert server.most_at_once >= 10
    assert server.repeated == 0


def test_a_thousand_people_over_a_relay_that_hangs(declared, desk, ira, by, say):
    incident = declared(1_000)
    with relay(hangs=True) as server, receiver() as chat, desk(server, chat.name):
        django_settings.ALLOWED_TARGETS = frozenset({chat.name})
        escalation.add_channel(transport="slack", url=chat.url, label="Ira", person=ira, by=by(ira))
        begin = time.monotonic()
        operations.send_update(incident.reference, what="News", affected="Shops.", by=by(ira))
        Update = incident.updates.model
        others = keep_asking_others(chat, until=lambda: time.monotonic() - begin > 150)
        paged = OutgoingMessage.objects.filter(topic="incident.undelivered", transport="slack")
        [page] = paged
        rows = OutgoingMessage.objects.filter(topic="incident.update", about_version=2)
        tried = rows.exclude(attempts=0).count()
        outage = circuits.outages()["mail"].sentence
        assert rows.filter(state=State.FAILED).count() == 0
        server.hangs, back = False, time.monotonic()
        while rows.exclude(state=State.SENT).exists() and time.monotonic() - back < 180:
            time.sleep(0.5)
        recovered = time.monotonic() - back
        left = rows.exclude(state=State.SENT).count()
    update = Update.objects.get(incident=incident, number=2)
    after = (page.sent_at - update.sent_at).total_seconds()
    say(
        f"1,000 people over a relay that hangs for 150 s: {tried} tried, none failed, “{outage}”; commander told "
        f"{paged.count()} time by chat after {after:.0f} s; other lanes {others}; "
        f"all sent {recovered:.0f} s after it was back"
    )
    assert (left, server.repeated) == (0, 0)
    assert after < 180


@pytest.fixture
def desk(tmp_path: Path) -> Callable[[Relay, str], Any]:
    """The desk's own process with its worker and beat, on the test's database."""

    @contextmanager
    def run(server: Relay, target: str) -> Iterator[None]:
        database = connection.settings_dict
        url = f"sqlite:///{database['NAME']}"
        if connection.vendor == "postgresql":
            where = f"{database['HOST']}:{database['PORT'] or 5432}"
            url = f"postgres://{database['USER']}:{database['PASSWORD']}@{where}/{database['NAME']}"
        environment = {
            **os.environ, "DATABASE_URL": url, "DESK_DATA_DIR": str(tmp_path), "DESK_DEMO": "0", "DESK_PORT": "8799",
            "DESK_SECRET_KEY": django_settings.SECRET_KEY, "DESK_ALLOWED_TARGETS": target,
            "DESK_LOG_LEVEL": "WARNING", "EMAIL_URL": f"smtp://127.0.0.1:{server.port}",
        }  # fmt: skip
        Pulse.objects.all().delete()
        process = subprocess.Popen(
            [sys.executable, "manage.py", "desk"], cwd=django_settings.BASE_DIR, env=environment,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            limit = time.monotonic() + 60
            while not Pulse.objects.exists():
                assert time.monotonic() < limit and process.poll() is None, "the desk did not come up"
                time.sleep(0.2)
            yield
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()

    return run


def keep_asking_others(chat: Any, until: Callable[[], bool]) -> str:
    """Put a page for a chat into its lane every two seconds; how long each took, in words."""
    django_settings.ALLOWED_TARGETS = frozenset({chat.name})
    endpoint, _ = endpoints.add("webhook", chat.url)
    asked, limit = [], time.monotonic() + 240
    while not until() and time.monotonic() < limit:
        key = f"other-{len(asked)}"
        asked.append(
            queue.put(
                lane=Lane.PAGE,
                to="chat",
                subject="Other",
                text="x",
                topic="test",
                dedup_key=key,
                endpoint=endpoint,
            ).pk
        )
        time.sleep(2)
    time.sleep(15)
    sent = OutgoingMessage.objects.filter(pk__in=asked, state=State.SENT)
    waits = sorted((row.sent_at - row.created_at).total_seconds() for row in sent)
    assert len(waits) == len(asked)
    return f"sent all {len(waits)}, each within {waits[-1]:.1f} s (the tick comes every 10 s)"


def until_everybody(incident: Incident, number: int) -> None:
    rows = OutgoingMessage.objects.filter(topic="incident.update", about_version=number)
    limit = time.monotonic() + 60
    while rows.exclude(state=State.SENT).exists():
        assert time.monotonic() < limit
        time.sleep(0.5)
