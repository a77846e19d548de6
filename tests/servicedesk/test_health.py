"""Workers that stand still are seen: by the probe, on every page of staff, in the figures, and from outside."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from prometheus_client.parser import text_string_to_metric_families

from core.accounts import operations as accounts
from core.common.actor import Door, system
from core.outbox.models import OutgoingMessage
from core.timers import sweeps
from incidents import operations as incidents
from incidents.models import Incident
from servicedesk import health, heartbeat
from tests import receivers
from tests import world as worlds

pytestmark = pytest.mark.django_db
NOW = datetime(2027, 3, 10, 14, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _a_fresh_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_memory", health._Memory())


@pytest.fixture(autouse=True)
def clock() -> Any:
    with time_machine.travel(NOW, tick=False) as machine:
        yield machine


@pytest.fixture
def w() -> SimpleNamespace:
    return worlds.ground()


def page_of(w: SimpleNamespace, path: str = "/tickets/") -> str:
    client = Client()
    client.force_login(w.people["ana"])
    return client.get(path).content.decode()


def test_a_desk_that_works_is_ready_and_shows_no_banner(w):
    call_command("tick", verbosity=0)
    assert Client().get("/readyz").status_code == 200
    assert page_of(w, "/health/banner/").strip() == ""
    assert "does not do its work" not in page_of(w)


def test_a_missed_update_turns_the_probe_and_the_pages_red_with_the_web_process_alone(w, clock):
    call_command("tick", verbosity=0)
    incidents.declare(title="Cards are declined", by=worlds.by(w.people["ira"]))  # due at 14:45
    clock.move_to(NOW + timedelta(minutes=17, seconds=30))  # and no worker since: within three minutes of it
    answer = Client().get("/readyz")
    assert answer.status_code == 503
    assert any("has work more than two minutes late" in said for said in answer.json()["problems"])
    assert "does not do its work" in page_of(w)


def test_the_page_that_is_open_hears_of_it_and_asks_little(w, clock):
    call_command("tick", verbosity=0)
    client = Client()
    client.force_login(w.people["ana"])
    assert client.get("/health/banner/").content.strip() == b""
    clock.shift(timedelta(minutes=2))
    assert b"timers last ran at 2027-03-10 14:30:00 UTC" in client.get("/health/banner/").content
    with CaptureQueriesContext(connection) as queries:
        client.get("/health/banner/")
    assert len(queries) <= 3  # who asks; what is wrong is remembered


def test_a_page_asks_nothing_for_its_banner(w, clock):
    with CaptureQueriesContext(connection) as before:
        page_of(w)
    health.looked_again(timedelta(0))
    with CaptureQueriesContext(connection) as after:
        assert "does not do its work" in page_of(w)  # the timers have never run
    assert len(after) == len(before)


def test_updates_that_do_not_go_out_are_on_the_banner_until_they_did(w, clock, settings):
    """The flag alone is not enough: what was delivered late ends it, without another update."""
    settings.UNDELIVERED_MINUTES = 2
    call_command("tick", verbosity=0)
    made = incidents.declare(title="Cards are declined", by=worlds.by(w.people["ira"]))
    drill = incidents.declare(title="Drill", drill=True, by=worlds.by(w.people["ira"]))
    said = f"Updates of {made.reference} do not reach everybody since 14:33 UTC."
    for one in (made, drill):
        OutgoingMessage.objects.create(
            lane="incident", transport="email", to="a@x.example", topic="incident.update", about_kind="incident",
            about_id=one.pk, about_version=1, dedup_key=f"x{one.pk}", created_at=NOW, state="queued",
        )  # fmt: skip
    Incident.objects.update(undelivered_since=NOW + timedelta(minutes=3))
    health.looked_again(timedelta(0))
    assert said not in page_of(w)  # what has just been queued does not wait yet

    clock.shift(timedelta(minutes=3))
    ready = Client().get(
        "/readyz"
    )  # it looks again, and what is sent by somebody else's server does not fail it
    assert "reach" not in str(ready.json()["problems"])
    page = page_of(w)
    assert said in page and drill.reference not in page[page.index(said) : page.index(said) + 200]

    OutgoingMessage.objects.filter(topic="incident.update").update(state="sent")
    clock.shift(health.LOOK_AGAIN_AFTER)
    assert said not in page_of(w, "/health/banner/") and said not in page_of(w)


def test_what_was_seen_long_ago_is_no_news(w, clock):
    health.looked_again(timedelta(0))
    clock.shift(timedelta(minutes=6))
    assert health.remembered() == []


def test_customers_are_not_troubled_with_it(w):
    client = Client()
    client.force_login(w.people["casey"])
    health.looked_again(timedelta(0))
    assert client.get("/health/banner/").status_code == 404
    assert "does not do its work" not in client.get("/portal/").content.decode()


# --- figures ------------------------------------------------------------------------------------------------
def figures(token: str | None) -> Any:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return Client().get("/metrics", headers=headers)


def token_of(name: str) -> str:
    return accounts.create_token(name, "prometheus", scopes=("read",), by=system("tests", Door.CLI))[1]


def test_figures_are_for_a_token_that_may_read_them(w):
    assert figures(None).status_code == 401
    assert figures("desk_wrong").status_code == 401
    assert figures(token_of("casey")).status_code == 403
    assert figures(token_of("max")).status_code == 200


def test_what_is_late_waits_and_is_open_is_read_by_the_parser_of_prometheus(w, clock):
    call_command("tick", verbosity=0)
    incidents.declare(
        title="Cards", severity="SEV1", applications=[w.payments], by=worlds.by(w.people["ira"])
    )
    clock.shift(timedelta(minutes=20))
    text = figures(token_of("max")).content.decode()
    found = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert found["desk_ready",] == 0
    assert found["desk_timers_age_seconds",] == 1200
    assert found["desk_incidents_open", "SEV1"] == 1
    assert found["desk_update_overdue_seconds",] == 300
    assert found["desk_messages_waiting", "incident"] >= 1
    assert found["desk_messages_oldest_seconds", "incident"] == 1200
    assert {labels[1] for labels in found if labels[0] == "desk_sweep_late"} == set(sweeps.names())


# --- the sign of life -----------------------------------------------------------------------------------------
@pytest.fixture
def outside(settings: Any) -> Any:
    with receivers.receiver() as there:
        settings.ALLOWED_TARGETS = frozenset({there.name})
        settings.HEARTBEAT_URL = there.url
        yield there


def test_the_desk_calls_once_a_minute_while_nothing_is_late(w, clock, outside):
    sweeps.run_due()
    assert [heartbeat.beat(), heartbeat.beat()] == [True, False]
    clock.shift(timedelta(seconds=59))
    assert not heartbeat.beat()
    clock.shift(timedelta(seconds=2))
    sweeps.run_due()
    assert heartbeat.beat()
    assert [got.path for got in outside.got] == ["/secret-path", "/secret-path"]


def test_it_is_silent_while_something_is_wrong(w, clock, outside, monkeypatch):
    assert not heartbeat.beat()  # the timers have never run
    sweeps.run_due()
    monkeypatch.setattr(sweeps, "late", lambda: ["outbox"])
    assert not heartbeat.beat()
    assert outside.got == []


def test_a_monitor_that_is_away_stops_nothing(w, outside):
    sweeps.run_due()
    outside.then = (500, {}, b"")
    assert not heartbeat.beat()


def test_nowhere_is_nowhere(w, settings):
    settings.HEARTBEAT_URL = ""
    sweeps.run_due()
    assert not heartbeat.beat()


def test_without_a_database_the_probe_says_so(monkeypatch):
    def away(*args: Any, **kwargs: Any) -> Any:
        raise DatabaseError("gone")

    monkeypatch.setattr(sweeps, "late", away)
    assert Client().get("/readyz").json()["problems"] == ["The database does not answer."]
