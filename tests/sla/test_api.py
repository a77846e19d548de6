"""Policies, calendars, breaches and the simulation over the API."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from sla import defaults
from sla.models import Calendar, Policy

pytestmark = pytest.mark.django_db
API = "/api/v1"


@pytest.fixture
def boss(client: Client, max) -> Client:
    defaults.ensure_defaults()
    client.force_login(max)
    return client


def send(client: Client, method: str, path: str, body: object, **headers: str):
    return client.generic(
        method, f"{API}{path}", json.dumps(body), content_type="application/json", headers=headers
    )


def test_a_calendar_is_made_read_and_changed_with_its_version(boss) -> None:
    week = {"mon": [["09:00", "12:00"], ["13:00", "17:00"]]}
    made = send(
        boss,
        "POST",
        "/calendars/",
        {"slug": "paris", "name": "Paris", "zone": "Europe/Paris", "weekly": week},
    )
    assert (made.status_code, made["ETag"]) == (201, '"1"')
    assert made["Location"].endswith("/api/v1/calendars/paris/")

    stale = send(boss, "PATCH", "/calendars/paris/", {"zone": "UTC"}, **{"If-Match": '"7"'})
    changed = send(boss, "PATCH", "/calendars/paris/", {"zone": "UTC"}, **{"If-Match": '"1"'})

    assert (stale.status_code, stale.json()["errors"]) == (412, {"zone": ["Now: Europe/Paris"]})
    assert (changed.status_code, changed["ETag"], changed.json()["zone"]) == (200, '"2"', "UTC")
    versions = boss.get(f"{API}/calendars/paris/versions/").json()["results"]
    assert [(row["number"], row["zone"]) for row in versions] == [(2, "UTC"), (1, "Europe/Paris")]
    assert boss.get(f"{API}/calendars/?search=pari").json()["count"] == 1


@pytest.mark.parametrize(
    ("body", "field", "words"),
    [
        ({"weekly": {}}, "weekly", "no opening hours"),
        ({"weekly": {"mon": [["09:00", "12:00"], ["11:00", "17:00"]]}}, "weekly", "must not overlap"),
        ({"weekly": []}, "weekly", "written by day"),
        ({"weekly": None}, "weekly", "null"),
        ({"zone": "Europe/Londinium"}, "zone", "not a time zone"),
        ({"holiday_country": "XX"}, "holiday_country", "No public holidays"),
        ({"extra_days": {"Christmas": []}}, "extra_days", "not a date"),
        ({"extra_days": {"2027-12-24": [["12:00", "09:00"]]}}, "extra_days", "end after they begin"),
        ({"always": True}, "always", "no such field"),
        ({"slug": "other"}, "slug", "read-only"),
    ],
)
def test_hours_that_cannot_be_are_refused_at_their_field(boss, body, field, words) -> None:
    answer = send(boss, "PATCH", "/calendars/business-hours/", body)

    assert answer.status_code == 400
    assert words in answer.json()["errors"][field][0]
    assert Calendar.objects.get(slug="business-hours").version == 1


def test_a_policy_is_made_read_and_changed_with_its_version(boss) -> None:
    body = {
        "name": "P1 key",
        "priority": "P1",
        "customer_tier": "key",
        "calendar": "24x7",
        "resolution_minutes": 300,
    }
    made = send(boss, "POST", "/policies/", body)
    assert (made.status_code, made["ETag"]) == (201, '"1"')
    path = f"/policies/{made.json()['id']}/"

    stale = send(boss, "PATCH", path, {"resolution_minutes": 200}, **{"If-Match": '"7"'})
    changed = send(boss, "PATCH", path, {"resolution_minutes": 200, "follow": False}, **{"If-Match": '"1"'})

    assert stale.status_code == 412
    assert (changed["ETag"], changed.json()["resolution_minutes"]) == ('"2"', 200)
    assert boss.get(f"{API}{path}").json()["kind"] is None
    listed = boss.get(f"{API}/policies/?customer_tier=key&priority=P1,P2").json()["results"]
    assert [row["name"] for row in listed] == ["P1 key"]


@pytest.mark.parametrize(
    ("body", "field", "words"),
    [
        ({"resolution_minutes": 10}, "resolution_minutes", "before the first response"),
        (
            {"first_response_minutes": None, "next_response_minutes": None, "resolution_minutes": None},
            "resolution_minutes",
            "promises nothing",
        ),
        ({"pause_reasons": ["open"]}, "pause_reasons", "where they start"),
        ({"pause_reasons": ["lunch"]}, "pause_reasons", "not a reason"),
        ({"calendar": "none"}, "calendar", "There is no calendar"),
        ({"priority": "P9"}, "priority", "not a valid choice"),
        ({"name": "P1 standard"}, "name", "already exists"),
    ],
)
def test_a_policy_that_contradicts_itself_is_refused_at_its_field(boss, body, field, words) -> None:
    policy = Policy.objects.get(name="P2 standard")

    answer = send(boss, "PATCH", f"/policies/{policy.pk}/", body)

    assert answer.status_code == 400
    assert words in answer.json()["errors"][field][0]
    assert Policy.objects.get(pk=policy.pk).version == 1


def test_what_would_be_due_if(boss) -> None:
    asked = "priority=P2&customer_tier=strategic&at=2027-02-05T16:30:00Z"

    found = boss.get(f"{API}/service-levels/simulate/?{asked}").json()

    assert (found["policy"], found["calendar"], found["zone"]) == (
        "P2 strategic",
        "business-hours",
        "Europe/London",
    )
    assert found["matched"] == ["customer_tier", "priority"]
    assert found["lost"][0]["policy"] == "P2 standard"
    assert [(goal["goal"], goal["due_at"]) for goal in found["goals"]] == [
        ("first_response", "2027-02-08T10:30:00Z"),
        ("next_response", "2027-02-08T10:30:00Z"),
        ("resolution", "2027-02-08T16:30:00Z"),
    ]
    assert found["goals"][2]["alarms"][3] == {
        "percent": 100,
        "at": "2027-02-08T16:30:00Z",
        "who": ["assignee", "team lead", "manager"],
    }


def test_pauses_another_policy_and_another_calendar(boss) -> None:
    policy = Policy.objects.get(name="P3 standard").pk
    asked = f"priority=P2&at=2027-02-04T13:00Z&policy={policy}&calendar=24x7&pauses=2027-02-04T15:00Z/2027-02-05T15:00Z"

    found = boss.get(f"{API}/service-levels/simulate/?{asked}").json()

    assert (found["policy"], found["goals"][0]["due_at"]) == ("P3 standard", "2027-02-05T21:00:00Z")


def test_where_no_policy_fits_nothing_would_be_promised(boss) -> None:
    Policy.objects.update(active=False)

    found = boss.get(f"{API}/service-levels/simulate/?priority=P2").json()

    assert (found["policy"], found["policy_id"], found["calendar"], found["goals"]) == (None, None, None, [])


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 400),
        ("priority=P9", 400),
        ("priority=P2&moon=full", 400),
        ("priority=P2&pauses=soon", 400),
        ("priority=P2&at=2027-02-05T16:30:00Z&pauses=2027-02-01T09:00Z/2027-02-02T09:00Z", 400),
        ("priority=P2&organisation=none", 400),
        ("priority=P2&policy=999", 404),
    ],
)
def test_a_question_that_cannot_be_answered_says_why(boss, query, status) -> None:
    answer = boss.get(f"{API}/service-levels/simulate/?{query}")

    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
