import json
from datetime import UTC, datetime
from typing import Any

import icalendar
import pytest

from changes.models import Change, Freeze

pytestmark = pytest.mark.django_db
ROOT = "/api/v1/changes/"
BODY = {
    "title": "Bank adapter 2.4", "description": "Deploy 2.4.", "need": "Large batches are rejected.", "type": "normal",
    "applications": ["payments"], "planned_start": "2026-12-01T09:00:00Z", "planned_end": "2026-12-01T11:00:00Z",
    "risk": {"users": 2, "reversibility": 2, "testing": 2, "complexity": "medium", "time_of_day": 2},
    "implementation_plan": "Deploy.", "backout_plan": "Redeploy.", "validation_plan": "Look.", "responsible": "eli",
}  # fmt: skip


@pytest.fixture
def call(client):
    def send(user: Any, method: str, path: str, body: Any = None, **headers: str) -> Any:
        client.force_login(user)
        data = None if body is None else json.dumps(body)
        return client.generic(
            method, ROOT + path, data or "", content_type="application/json", headers=headers
        )

    return send


def test_a_change_is_made_carried_out_and_closed_by_api(call, frozen, us_calendar, payments, eli, cho, ana):
    made = call(eli, "POST", "", BODY)
    ref = made.json()["reference"]
    assert (made.status_code, made.json()["risk_score"], made.json()["risk_level"]) == (201, 11, "medium")
    assert made.headers["Location"].endswith(f"/api/v1/changes/{ref}/")

    assert call(eli, "POST", f"{ref}/submit/").json()["approvals"][0]["role"] == "production_support"
    assert call(cho, "POST", f"{ref}/approve/", {"note": "Fine."}).json()["status"] == "approved"
    assert call(eli, "POST", f"{ref}/schedule/").json()["status"] == "scheduled"
    assert call(eli, "GET", f"{ref}/may-start/").json() == {
        "may_start": False, "reason": "Its window opens Tue 1 Dec 09:00 UTC.",
    }  # fmt: skip
    frozen.move_to(datetime(2026, 12, 1, 9, 30, tzinfo=UTC))
    assert call(eli, "POST", f"{ref}/start/").json()["status"] == "implementing"
    assert (
        call(ana, "POST", f"{ref}/validate/", {"result": "passed", "note": "ok"}).json()["validated_by"]
        == "ana"
    )
    assert call(eli, "POST", f"{ref}/close/", {"outcome": "successful"}).json()["outcome"] == "successful"
    assert [row["name"] for row in call(eli, "GET", f"{ref}/history/").json()["results"]][
        -1
    ] == "change.closed"


def test_a_refused_submission_names_each_field(call, frozen, us_calendar, payments, eli):
    ref = call(eli, "POST", "", BODY | {"backout_plan": "", "type": "bau", "touches_sql": True}).json()[
        "reference"
    ]

    refused = call(eli, "POST", f"{ref}/submit/")

    assert refused.status_code == 400
    assert set(refused.json()["errors"]) == {"backout_plan", "touches_sql"}
    assert "BAU never touches SQL" in refused.json()["detail"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "title"), ({"title": "T", "status": "approved"}, "status"),
        ({"title": "T", "risk_score": 3}, "risk_score"),
        ({"title": "T", "risk": {"users": 9}}, "risk.users"), ({"title": "T", "risk": {"size": 1}}, "risk"),
        ({"title": "T", "commit_links": ["javascript:1"]}, "commit_links"), ({"title": "T", "colour": 1}, "colour"),
        ({"title": "T", "responsible": "casey"}, "responsible"), ({"title": "T", "incident": "INC-99"}, "incident"),
        ({"title": "T", "planned_start": "2026-12-01T09:00Z", "planned_end": "2026-12-01T09:00Z"}, "planned_end"),
    ],
)  # fmt: skip
def test_bad_input_is_answered_at_its_field(call, eli, casey, body, field):
    answer = call(eli, "POST", "", body)

    assert answer.status_code == 400, answer.content
    assert field in answer.json()["errors"]


def test_patch_of_the_status_names_the_action(call, plan, eli):
    answer = call(eli, "PATCH", f"{plan().reference}/", {"status": "approved"})

    assert answer.status_code == 400
    assert "approve" in answer.json()["errors"]["status"][0]


def test_a_stale_patch_is_412_with_the_field(call, plan, eli):
    change = plan()
    assert (
        call(eli, "PATCH", f"{change.reference}/", {"title": "New"}, **{"If-Match": '"1"'}).status_code == 200
    )

    stale = call(eli, "PATCH", f"{change.reference}/", {"title": "Newer"}, **{"If-Match": '"1"'})

    assert (stale.status_code, stale.json()["fields"]) == (412, {"title": "New"})


@pytest.mark.parametrize("path", ["", "CHG-1/", "CHG-1/may-start/", "collisions/", "calendar.ics"])
def test_for_customers_there_are_no_changes(call, plan, casey, path):
    plan()

    assert call(casey, "GET", path).status_code == 404


def test_collisions_of_a_period_of_a_change_and_of_a_plan(call, plan, payments, eli, lea):
    one, two = plan(), plan(title="Till SDK", responsible=lea)
    Freeze.objects.create(
        name="Year end", starts_at=datetime(2026, 12, 1, tzinfo=UTC), ends_at=one.planned_start
    )

    period = call(eli, "GET", "collisions/?start=2026-12-01T00:00:00Z&end=2026-12-02T00:00:00Z").json()
    assert [(row["change"], row["hardness"], row["collides_with"]) for row in period] == [
        (one.reference, "hard", two.reference)
    ]
    Change.objects.filter(pk=one.pk).update(status="submitted")
    assert [row["kind"] for row in call(eli, "GET", f"collisions/?change={two.reference}").json()] == [
        "same_component"
    ]
    window = "start=2026-12-01T08:00:00Z&end=2026-12-01T09:00:01Z"
    kinds = [row["kind"] for row in call(eli, "GET", f"collisions/?{window}&application=payments").json()]
    assert kinds == ["same_component", "freeze"]
    assert call(eli, "GET", "collisions/?application=payments").status_code == 400


def test_the_feed_has_a_stable_uid_and_leaves_drafts_out(call, submitted, plan, eli):
    change = submitted()
    plan(title="Only a draft")

    answer = call(eli, "GET", "calendar.ics", Accept="text/calendar")

    entries = icalendar.Calendar.from_ical(answer.content).walk("VEVENT")
    assert answer.headers["Content-Type"].startswith("text/calendar")
    assert [str(entry["uid"]).split("@")[0] for entry in entries] == [change.reference.lower()]


def test_lists_filter_and_refuse_unknown_values(call, submitted, plan, eli):
    change = submitted()
    plan(title="Only a draft")

    found = call(eli, "GET", "?status=submitted&application=payments&planned_after=2026-12-01").json()

    assert [row["reference"] for row in found["results"]] == [change.reference]
    assert call(eli, "GET", "?status=odd").status_code == 400


def test_the_list_takes_few_queries_for_many(client, plan, eli, django_assert_num_queries):
    for number in range(12):
        plan(title=f"Change {number}")
    client.force_login(eli)

    with django_assert_num_queries(8):
        assert len(client.get(ROOT).json()["results"]) == 12
