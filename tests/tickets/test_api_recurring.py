"""Recurring tickets through the API."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from core.audit.models import Event
from core.timers import sweeps
from tests.api.conftest import Api, problem, token_for
from tickets.models import Recurrence, Ticket

pytestmark = pytest.mark.django_db
BODY = {
    "name": "Certificates",
    "rule": "FREQ=WEEKLY",
    "zone": "Europe/Paris",
    "starts_at": "2026-03-16T08:00:00Z",
    "values": {"subject": "Check the certificates", "organisation": "acme", "tags": ["round"]},
}


@pytest.fixture
def analyst(desk):
    return Api(token_for("ana"))


@pytest.fixture
def sunday():
    with time_machine.travel(datetime(2026, 3, 15, 12, tzinfo=UTC), tick=False) as clock:
        yield clock


@pytest.fixture
def weekly(sunday, analyst):
    return analyst.post("/recurring-tickets/", BODY).json()


def test_it_is_made_and_opens_its_ticket(sunday, analyst, desk):
    answer = analyst.post("/recurring-tickets/", BODY)
    made = answer.json()
    assert (answer.status_code, answer["ETag"]) == (201, '"1"')
    assert (made["next_at"], made["owner"], made["active"]) == ("2026-03-16T08:00:00Z", "ana", True)
    assert made["values"] == BODY["values"]
    assert analyst.get(answer["Location"]).json() == made
    sunday.shift(timedelta(days=1))
    sweeps.run("tickets.recurring")
    assert Ticket.objects.get().organisation == desk.acme


def test_a_part_is_changed_and_the_rest_stays(sunday, analyst, weekly):
    at = f"/recurring-tickets/{weekly['id']}/"
    edited = analyst.patch(at, {"rule": "FREQ=DAILY"}, **{"If-Match": '"1"'})
    assert edited.json() == {**weekly, "rule": "FREQ=DAILY"}
    problem(analyst.patch(at, {"rule": "FREQ=WEEKLY"}, **{"If-Match": '"1"'}), 412)
    event = Event.objects.get(name="recurrence.changed")
    assert (event.before, event.after) == ({"rule": "FREQ=WEEKLY"}, {"rule": "FREQ=DAILY"})


def test_who_changes_it_owns_it(sunday, weekly):
    eli = Api(token_for("eli"))
    values = {"subject": "Look"}
    edited = eli.patch(f"/recurring-tickets/{weekly['id']}/", {"values": values}).json()
    assert (edited["owner"], edited["values"]) == ("eli", values)
    assert eli.get("/recurring-tickets/?owner=ana").json()["count"] == 0


def test_off_and_on(sunday, analyst, weekly):
    at = f"/recurring-tickets/{weekly['id']}/"
    off = analyst.post(f"{at}switch_off/").json()
    assert (off["active"], off["next_at"]) == (False, None)
    problem(analyst.post(f"{at}switch_off/"), 409)
    resting = analyst.patch(at, {"name": "Old certificates"}).json()
    assert (resting["active"], resting["next_at"]) == (False, None)  # a change wakes nothing
    assert analyst.post(f"{at}switch_on/").json()["next_at"] == "2026-03-16T08:00:00Z"
    assert "switch_on" in problem(analyst.patch(at, {"active": False}), 400)["errors"]["active"][0]
    assert analyst.get("/recurring-tickets/?active=false").json()["count"] == 0


def test_the_next_dates_of_one_and_of_a_rule_that_is_not_saved(sunday, analyst, weekly):
    wall = ["2026-03-16T08:00:00Z", "2026-03-23T08:00:00Z", "2026-03-30T07:00:00Z"]  # the clocks go forward
    assert analyst.get(f"/recurring-tickets/{weekly['id']}/dates/?count=3").json() == {"dates": wall}
    assert len(analyst.get(f"/recurring-tickets/{weekly['id']}/dates/").json()["dates"]) == 5
    asked = "zone=Europe/Paris&starts_at=2026-03-16T08:00:00Z&count=3"
    assert analyst.get(f"/recurring-tickets/preview/?rule=FREQ%3DWEEKLY&{asked}").json() == {"dates": wall}
    refused = problem(analyst.get(f"/recurring-tickets/preview/?rule=FREQ%3DHOURLY&{asked}"), 400)
    assert "begins with FREQ" in refused["errors"]["rule"][0]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"rule": "FREQ=SECONDLY"}, "rule"),
        ({"zone": "Mars/Base"}, "zone"),
        ({"values": {}}, "values.subject"),
        ({"values": {"subject": "s", "team": "none"}}, "values.team"),
        ({"values": {"subject": "s", "status": "closed"}}, "values.status"),
        ({"next_at": "2027-01-01"}, "next_at"),
    ],
)
def test_what_could_not_be_opened_is_refused_at_its_field(sunday, analyst, body, field):
    assert field in problem(analyst.post("/recurring-tickets/", {**BODY, **body}), 400)["errors"]
    assert not Recurrence.objects.exists()
