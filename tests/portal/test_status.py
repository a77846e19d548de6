"""The status pages: what they tell whom, without a session, and that they live when the rest does not."""

from __future__ import annotations

import json
import threading
import xml.etree.ElementTree as ElementTree
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from django.core.cache import caches
from django.db import DatabaseError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from catalogue.models import Application
from changes.models import Change
from incidents import operations
from incidents.models import Incident, Update
from portal import kept, status, status_views
from tests import world as worlds

pytestmark = pytest.mark.django_db
NOW = datetime(2027, 3, 10, 14, 30, tzinfo=UTC)
ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def w() -> SimpleNamespace:
    world = worlds.ground()
    Application.objects.filter(pk=world.payments.pk).update(public=True)
    world.ledger = Application.objects.create(slug="ledger", name="Ledger")
    world.ira = worlds.by(world.people["ira"])
    return world


@pytest.fixture(autouse=True)
def _a_still_clock() -> Any:
    with time_machine.travel(NOW, tick=False) as machine:
        yield machine


def declare(w: SimpleNamespace, *applications: Application, **facts: Any) -> Incident:
    facts = {"title": "Cards are declined", "severity": "SEV1"} | facts
    return operations.declare(applications=applications or [w.payments], by=w.ira, **facts)


def send(w: SimpleNamespace, incident: Incident, what: str, **facts: Any) -> None:
    operations.send_update(incident.reference, what=what, affected="Shops.", by=w.ira, **facts)


def read(path: str = "/status/") -> str:
    caches["local"].clear()
    return Client().get(path).content.decode()


def test_a_quiet_day_says_so(w):
    page = read()
    assert "Everything works" in page
    assert "Payments" in page
    assert "Ledger" not in page  # not marked as public


def test_trouble_stands_on_top_with_what_was_told_and_the_next_time(w):
    incident = declare(w)
    send(w, incident, "One of three gateways fails.")
    send(w, incident, "Gateway gw-3, rack 9.", audience="technical")
    page = read()
    assert "Cards are declined" in page
    assert "Partly down" in page
    assert "One of three gateways fails." in page
    assert "next update by 14:45" in page
    assert "rack 9" not in page


def test_which_customers_are_hit_is_not_told(w):
    incident = declare(w)
    operations.edit(incident.reference, changes={"organisations": [w.acme]}, by=w.ira)
    assert "Cards are declined" in read()
    assert w.acme.name not in read() + read("/status/data.json")


def test_what_is_declared_about_customers_is_not_public_until_somebody_says_so(w):
    incident = declare(w, title="Acme cannot pay since their certificate ran out", organisations=[w.acme])
    paths = ("/status/", "/status/history/", "/status/data.json", "/status/feed.atom")
    assert not [path for path in paths if "Acme" in read(path)]
    operations.edit(incident.reference, changes={"public": True, "title": "Some cannot pay"}, by=w.ira)
    assert all("Some cannot pay" in read(path) for path in paths)


def test_what_is_kept_off_or_hits_no_public_application_is_not_public(w):
    one = declare(w, title="Acme alone")
    operations.edit(one.reference, changes={"public": False}, by=w.ira)
    declare(w, w.ledger, title="The ledger")
    public, internal = read(), read(f"/status/internal/{status_views.secret()}/")
    for title in ("Acme alone", "The ledger"):
        assert title not in public
        assert title in internal
    assert "Acme alone" not in read("/status/history/") + read("/status/data.json") + read(
        "/status/feed.atom"
    )


def test_an_exercise_is_on_no_page(w):
    declare(w, drill=True, title="Fire practice")
    for path in ("/status/", "/status/history/", f"/status/internal/{status_views.secret()}/"):
        assert "Fire practice" not in read(path), path


def test_an_application_that_is_not_public_is_not_named_beside_one_that_is(w):
    declare(w, w.payments, w.ledger)
    for path in ("/status/", "/status/history/", "/status/data.json", "/status/feed.atom"):
        assert "Ledger" not in read(path), path


def test_the_bars_show_the_worst_of_each_day(w):
    for back, hours, severity in ((3, 30, "SEV3"), (3, 2, "SEV1"), (80, 1, "SEV2"), (95, 24, "SEV1")):
        began = NOW - timedelta(days=back)
        one = declare(w, severity=severity, started_at=began)
        Incident.objects.filter(pk=one.pk).update(
            status="restored",
            restored_at=began + timedelta(hours=hours),
            next_update_due_at=None,
            next_reminder_due_at=None,
        )
    (line,) = status.board(NOW, internal=False).lines
    bad = {(NOW.date() - day.date).days: day.letter for day in line.days if day.letter != "g"}
    assert bad == {3: "r", 2: "a", 80: "r"}
    assert (len(line.days), line.letter, line.finding) == (90, "g", "Trouble on 3 of 90 days")


def test_a_repair_that_is_being_watched_is_amber_and_what_is_over_stays_a_day(w, _a_still_clock):
    incident = declare(w)
    operations.set_status(incident.reference, status="monitoring", note="Holds", by=w.ira)
    assert status.board(NOW, internal=False).lines[0].letter == "a"
    operations.declare_restored(incident.reference, body="It works again.", by=w.ira)
    page = read()
    assert "Everything works" in page
    assert "Over: Cards are declined" in page
    _a_still_clock.move_to(NOW + timedelta(hours=25))
    assert "Cards are declined" not in read()
    assert "Cards are declined" in read("/status/history/")


def test_planned_work_that_users_notice(w):
    for title, application, hours, state in (
        ("Swap gw-3", w.payments, 30, "scheduled"),
        ("Running now", w.payments, -1, "implementing"),
        ("Only an idea", w.payments, 30, "draft"),
        ("Not public", w.ledger, 30, "scheduled"),
    ):
        change = Change.objects.create(
            title=title,
            downtime=True,
            status=state,
            created_at=NOW,
            planned_start=NOW + timedelta(hours=hours),
            planned_end=NOW + timedelta(hours=hours + 2),
        )
        change.applications.add(application)
    board = status.board(NOW, internal=False)
    assert [(one.names, one.running) for one in board.planned] == [("Payments", True), ("Payments", False)]
    assert board.lines[0].letter == "m"
    page = read()
    assert "Thursday 11 March, 20:30" in page
    assert "Swap gw-3" not in page  # how it is done is the desk's own matter
    assert "Swap gw-3" in read(f"/status/internal/{status_views.secret()}/")


def test_the_internal_page_is_at_an_address_that_staff_find_and_nobody_guesses(w):
    visitor, ana = Client(), Client()
    ana.force_login(w.people["ana"])
    assert visitor.get("/status/internal/").status_code == 302
    assert visitor.get("/status/internal/guess/").status_code == 404
    address = ana.get("/status/internal/").url
    answer = visitor.get(address)
    assert answer.status_code == 200
    assert answer["Cache-Control"].startswith("private")
    assert "Ledger" in answer.content.decode()


@pytest.mark.parametrize("path", ["/status/", "/status/history/", "/status/data.json", "/status/feed.atom"])
def test_it_is_kept_for_ten_seconds_and_asks_for_no_session(w, path, _a_still_clock):
    client = Client()
    client.force_login(w.people["ana"])  # a session cookie is sent and not looked at
    first = client.get(path)
    with CaptureQueriesContext(connection) as queries:
        again = client.get(path, headers={"if-none-match": first["ETag"]})
    assert (again.status_code, len(queries)) == (304, 0)
    assert first["Cache-Control"].startswith("public, max-age=10")
    assert not first.cookies
    assert "Vary" not in first or "Cookie" not in first["Vary"]
    declare(w)
    assert client.get(path)["ETag"] == first["ETag"]
    _a_still_clock.shift(timedelta(seconds=11))
    assert client.get(path)["ETag"] != first["ETag"]


def test_without_a_database_the_last_page_stays(w, _a_still_clock, monkeypatch):
    before = Client().get("/status/").content
    _a_still_clock.shift(timedelta(seconds=60))

    def away(*args: Any, **kwargs: Any) -> Any:
        raise DatabaseError("gone")

    monkeypatch.setattr(status, "board", away)
    assert Client().get("/status/").content == before
    _a_still_clock.shift(timedelta(hours=2))
    with pytest.raises(DatabaseError):
        Client().get("/status/")


def test_one_makes_it_and_the_others_get_the_one_before(w, _a_still_clock):
    caches["local"].clear()
    made, go = threading.Event(), threading.Event()
    assert kept.page("k", lambda: "first").body == b"first"
    _a_still_clock.shift(timedelta(seconds=11))

    def slowly() -> str:
        made.set()
        go.wait(5)
        return "second"

    slow = threading.Thread(target=kept.page, args=("k", slowly))
    slow.start()
    assert made.wait(5)
    assert kept.page("k", lambda: pytest.fail("two make it at once")).body == b"first"
    go.set()
    slow.join()
    assert kept.page("k", lambda: "third").body == b"second"


def test_a_page_costs_the_same_however_much_happened(w):
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            status.board(NOW, internal=True)
        return len(queries)

    declare(w)
    first = cost()
    for number in range(5):
        declare(w, title=f"More {number}")
    assert cost() == first <= 8


def test_programs_read_the_same(w):
    incident = declare(w)
    facts = json.loads(read("/status/data.json"))
    assert facts["applications"] == [
        {"slug": "payments", "name": "Payments", "status": "r", "word": "Partly down"}
    ]
    assert facts["incidents"][0]["reference"] == incident.reference
    assert facts["incidents"][0]["next_update_due_at"] == "2027-03-10T14:45:00Z"
    feed = read("/status/feed.atom")
    assert feed.count("<entry>") == Update.objects.count()


def test_nothing_a_person_wrote_is_markup(w):
    declare(w, title="<script>alert(1)</script>")
    for path in ("/status/", "/status/history/", "/status/feed.atom"):
        assert "<script>alert" not in read(path)


@pytest.mark.parametrize(
    "text", ["\x1b[31mERROR\x1b[0m node 3", "Pasted\x0bfrom Word", "half \ufffe a letter"]
)
def test_no_character_of_an_update_ends_the_feed(w, text):
    """Rows with characters that no XML holds may exist; the feed stays readable for 90 days all the same."""
    send(w, declare(w), text)
    ElementTree.fromstring(read("/status/feed.atom"))


def test_the_feed_says_what_was_written_not_what_it_looks_like_as_html(w):
    send(w, declare(w), "If a<b then <img src=x> & wait")
    texts = [
        one.text or "" for one in ElementTree.fromstring(read("/status/feed.atom")).iter(f"{ATOM}summary")
    ]
    assert any("If a&lt;b then &lt;img src=x&gt; &amp; wait" in text for text in texts)


def test_two_updates_of_one_second_are_two_entries_of_the_feed(w):
    send(w, declare(w), "One of three gateways fails.")
    ids = [one.text for one in ElementTree.fromstring(read("/status/feed.atom")).iter(f"{ATOM}id")]
    assert len(ids) == len(set(ids)) == 3


def test_a_form_takes_control_characters_out_of_what_is_pasted(w):
    incident = declare(w)
    client = Client()
    client.force_login(w.people["ira"])
    place = f"/incidents/{incident.reference}/update/"
    what = "\x1b[31mERROR\x1b[0m\x0bnode 3\n\ttab"
    asked = {"number": 2, "status": "identified", "what": what, "affected": "Shops."}
    assert client.post(place, asked).status_code == 302
    assert Update.objects.get(number=2).what == "[31mERROR[0m node 3\n\ttab"
