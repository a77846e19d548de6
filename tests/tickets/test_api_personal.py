"""Watching, drafts, tags, time and families of tickets through the API."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.api.conftest import Api, problem, token_for
from tickets import operations
from tickets.models import Ticket
from worklog.models import RunningTimer, TimeEntry

pytestmark = pytest.mark.django_db
NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)


@pytest.fixture
def api(desk):
    return lambda name: Api(token_for(name))


@pytest.fixture
def at(ticket):
    return f"/tickets/{ticket.reference}/"


# --- watching ------------------------------------------------------------------------------------------------


def test_watching_oneself_and_others(api, at):
    ana = api("ana")
    assert ana.get(at).json()["watchers"] == []
    assert ana.post(f"{at}watch/").json()["watchers"] == ["ana"]
    assert ana.post(f"{at}watch/", {"person": "eli"}).json()["watchers"] == ["ana", "eli"]
    assert ana.post(f"{at}watch/", {"person": "ana"}).json()["watchers"] == ["ana", "eli"]
    assert ana.post(f"{at}unwatch/", {"person": "eli"}).json()["watchers"] == ["ana"]
    assert ana.post(f"{at}unwatch/").json()["watchers"] == []
    assert "person" in problem(ana.post(f"{at}unwatch/", {"person": "eli"}), 400)["errors"]
    for nobody in ("casey", "nobody"):
        assert "person" in problem(ana.post(f"{at}watch/", {"person": nobody}), 400)["errors"]
    assert "watch" in problem(ana.patch(at, {"watchers": ["eli"]}), 400)["errors"]["watchers"][0]


def test_who_is_made_a_watcher_of_a_confidential_ticket_sees_it(desk, api, eli, by):
    secret = operations.create(subject="Merger", confidential=True, by=by(eli))
    at, ana = f"/tickets/{secret.reference}/", api("ana")
    problem(ana.post(f"{at}watch/"), 404)
    api("eli").post(f"{at}watch/", {"person": "ana"})
    assert ana.get(at).json()["watchers"] == ["ana", "eli"]


def test_the_watchers_of_a_page_are_read_at_once(desk, api, ana, by):
    client = api("ana")

    def cost(rows):
        while Ticket.objects.count() < rows:
            operations.watch(operations.create(subject="s", by=by(ana)).reference, by=by(ana))
        client.get("/tickets/")
        with CaptureQueriesContext(connection) as queries:
            found = client.get("/tickets/").json()["results"]
        assert [row["watchers"] for row in found] == [["ana"]] * rows
        return len(queries)

    assert cost(1) == cost(12)


# --- drafts and tags -----------------------------------------------------------------------------------------


def test_a_draft_is_kept_read_and_dropped(api, at):
    ana = api("ana")
    nothing = {"form": None, "text": "", "updated_at": None}
    assert ana.get(f"{at}draft/").json() == nothing
    kept = ana.post(f"{at}keep_draft/", {"form": "note", "text": "Half a"}).json()
    assert (kept["form"], kept["text"]) == ("note", "Half a")
    assert ana.get(f"{at}draft/").json() == kept
    assert api("eli").get(f"{at}draft/").json() == nothing  # one's own alone
    assert ana.post(f"{at}keep_draft/", {"text": ""}).json() == nothing


def test_tags_are_added_and_taken_away(api, at):
    ana = api("ana")
    ana.patch(at, {"tags": ["old", "kept"]})
    answer = ana.post(f"{at}tag/", {"add": ["new", "kept"], "remove": ["old", "never"]})
    assert answer.json()["tags"] == ["kept", "new"]
    assert answer["ETag"] == f'"{Ticket.objects.get().version}"'
    assert "add" in problem(ana.post(f"{at}tag/", {"add": []}), 400)["errors"]
    many = [f"tag {number}" for number in range(20)]
    assert "tags" in problem(ana.post(f"{at}tag/", {"add": many}), 400)["errors"]


# --- families ------------------------------------------------------------------------------------------------


def test_closing_with_the_children(api, desk, ticket, ana, by):
    done, still_open = (operations.create(subject=f"Child {n}", by=by(ana)).reference for n in range(2))
    for child in (done, still_open):
        operations.set_parent(child, parent=ticket.reference, by=by(ana))
    for ref in (ticket.reference, done):
        operations.resolve(ref, code="fixed", note="Done.", by=by(ana))
    client = api("ana")
    answer = client.post(f"/tickets/{ticket.reference}/close_with_children/")
    assert answer.status_code == 200
    assert answer.json()["results"] == [
        {"reference": ref, "done": True, "why": ""} for ref in (ticket.reference, done)
    ]
    assert Ticket.objects.get(subject="Child 1").status == "new"
    problem(client.post(f"/tickets/{ticket.reference}/close_with_children/"), 409)


# --- time ----------------------------------------------------------------------------------------------------


@pytest.fixture
def clock(desk):
    with time_machine.travel(NINE, tick=False) as moving:
        yield moving


def test_the_timer_runs_stops_and_logs(ticket, clock, api, at):
    ana = api("ana")
    none = {"subject": None, "started_at": None, "minutes": None}
    assert ana.get("/me/timer/").json() == none
    started = ana.post(f"{at}timer_start/").json()
    assert started == {
        "subject": ticket.reference, "started_at": "2026-11-23T09:00:00Z", "minutes": 5, "ended": None
    }  # fmt: skip
    clock.shift(timedelta(minutes=12))
    assert ana.get("/me/timer/").json()["minutes"] == 15
    assert api("eli").get("/me/timer/").json() == none
    stopped = ana.post(f"{at}timer_stop/", {"activity": "fix", "note": "Logs"})
    assert (stopped.status_code, stopped.json()["minutes"], stopped.json()["activity"]) == (201, 15, "fix")
    assert ana.get("/me/timer/").json() == none
    problem(ana.post(f"{at}timer_stop/"), 409)
    problem(ana.post(f"{at}timer_stop/", {"minutes": 5}), 409)
    assert TimeEntry.objects.count() == 1


def test_starting_elsewhere_names_what_ended(ticket, clock, api, at, ana, by):
    client = api("ana")
    client.post(f"{at}timer_start/")
    other = operations.create(subject="Other", by=by(ana)).reference
    clock.shift(timedelta(minutes=12))
    started = client.post(f"/tickets/{other}/timer_start/").json()
    assert (started["subject"], started["ended"]) == (other, {"subject": ticket.reference, "minutes": 15})
    problem(client.post(f"{at}timer_discard/"), 409)
    assert client.post(f"/tickets/{other}/timer_discard/").json()["started_at"] is None
    assert not RunningTimer.objects.exists() and not TimeEntry.objects.exists()


def test_one_key_stops_the_timer_once(ticket, clock, api, at):
    ana = api("ana")
    ana.post(f"{at}timer_start/")
    answers = [ana.post(f"{at}timer_stop/", {"minutes": 7}, **{"Idempotency-Key": "k"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert TimeEntry.objects.get().minutes == 7


def test_a_timer_on_what_one_sees_no_longer_names_nothing(ticket, clock, api, at):
    ana = api("ana")
    ana.post(f"{at}timer_start/")
    Ticket.objects.update(confidential=True)
    found = ana.get("/me/timer/").json()
    assert (found["subject"], found["minutes"]) == (None, 5)


def test_time_is_logged_in_the_list_of_times(ticket, api, at):
    ana = api("ana")
    answer = ana.post("/time-entries/", {"ticket": ticket.reference, "minutes": 20, "activity": "fix"})
    assert (answer.status_code, answer.json()["subject"]) == (201, ticket.reference)
    assert ana.get(answer["Location"]).json() == answer.json()
    problem(ana.post("/time-entries/", {"ticket": "TKT-99999", "minutes": 20}), 404)
    assert (
        "minutes"
        in problem(ana.post("/time-entries/", {"ticket": ticket.reference, "minutes": 0}), 400)["errors"]
    )
    Ticket.objects.update(confidential=True)
    problem(ana.get(answer["Location"]), 404)
