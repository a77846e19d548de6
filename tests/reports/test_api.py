"""Reports by name: the bill of hand-offs, what has no SOP, what was missed and why."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from catalogue.models import Application
from escalation.models import Team
from sla.defaults import ensure_defaults
from sla.models import Breach, Clock
from tests.api.conftest import Api, token_for
from tests.world import HANDOFF
from tickets import operations
from tickets.models import Ticket

pytestmark = [pytest.mark.django_db, pytest.mark.everywhere]
START = datetime(2026, 11, 23, 9, tzinfo=UTC)
DAY = "from=2026-11-23&to=2026-11-24"


@pytest.fixture
def api(ana):
    return Api(token_for("ana"))


@pytest.fixture
def handed(ana, eli, by):
    """Three tickets go up without an SOP; two lie for two hours and come back untouched, one is worked on."""
    for slug, name, tier in (("front", "Front line", 1), ("payments", "Payments", 2)):
        Team.objects.create(slug=slug, name=name, tier=tier, review_due="2030-01-01")
    ensure_defaults()
    shop = Application.objects.create(slug="shop", name="Web shop")
    with time_machine.travel(START, tick=False) as machine:
        refs = [
            operations.create(
                subject=f"No {n}", application=shop if n else None, areas=["network"], by=by(ana)
            ).reference
            for n in range(3)
        ]
        for ref in refs:
            operations.escalate(ref, from_tier=1, handoff=HANDOFF, by=by(ana))
        machine.shift(timedelta(hours=2))
        operations.reply(refs[2], body="Looked.", public=False, by=by(eli))
        for ref in refs:
            operations.hand_back(ref, from_tier=2, reason="Not ours", next="Ask", by=by(eli))
        yield refs


def test_the_bill_by_pair_by_giver_and_by_holder(api, handed):
    bill = api.get(f"/reports/hand-offs/?{DAY}").json()
    row = {
        "giver": "front", "holder": "payments", "name": "Front line to Payments", "hand_offs": 2, "tickets": 2,
        "minutes_lost": 240,
    }  # fmt: skip
    assert bill == {
        "from": "2026-11-23T00:00:00Z", "to": "2026-11-24T00:00:00Z", "group": "pair", "minutes_lost": 240,
        "rows": [row],
    }  # fmt: skip
    by_holder = api.get(f"/reports/hand-offs/?{DAY}&group=holder").json()["rows"]
    assert by_holder == [{**row, "giver": None, "name": "Payments"}]
    by_giver = api.get(f"/reports/hand-offs/?{DAY}&group=giver").json()["rows"]
    assert by_giver == [{**row, "holder": None, "name": "Front line"}]


def test_a_day_without_hand_offs_is_an_empty_bill(api, handed):
    bill = api.get("/reports/hand-offs/?from=2026-11-24&to=2026-11-25").json()
    assert (bill["minutes_lost"], bill["rows"]) == (0, [])


def test_the_bill_counts_more_than_the_list_shows(api, handed, monkeypatch):
    monkeypatch.setattr("reports.handing.MOST_ROWS", 1)
    assert api.get(f"/reports/hand-offs/?{DAY}").json()["minutes_lost"] == 240
    assert api.get(f"/reports/no-sop/?{DAY}").json()["hand_offs"] == 3


def test_what_has_no_sop_by_application_area_and_team(api, handed):
    by_application = api.get(f"/reports/no-sop/?{DAY}").json()
    assert (by_application["hand_offs"], by_application["rows"]) == (3, [
        {"key": "shop", "name": "Web shop", "hand_offs": 2}, {"key": "none", "name": "No application", "hand_offs": 1},
    ])  # fmt: skip
    rows = api.get(f"/reports/no-sop/?{DAY}&group=area").json()["rows"]
    assert rows == [{"key": "network", "name": "Network", "hand_offs": 3}]
    rows = api.get(f"/reports/no-sop/?{DAY}&group=team").json()["rows"]
    assert rows == [{"key": "payments", "name": "Payments", "hand_offs": 3}]


@pytest.fixture
def missed(handed, by, ana):
    """Two misses of one ticket, one of another; one explained."""
    first, second, _ = Ticket.objects.order_by("pk")
    for ticket, goal, over, cause in (
        (first, "resolution", 600, ""), (first, "first_response", 60, "staffing"), (second, "resolution", 1200, ""),
    ):  # fmt: skip
        clock = ticket_clock(ticket, goal)
        Breach.objects.create(
            subject_kind="ticket", subject_id=ticket.pk, goal=goal, clock=clock, breached_at=START,
            target_minutes=60, policy_name="Standard", over_seconds=over, cause=cause, owner_label="Ana Adler",
            team_label="Front line",
        )  # fmt: skip


def ticket_clock(ticket, goal):
    return Clock.objects.filter(subject_kind="ticket", subject_id=ticket.pk, goal=goal).first()


def test_what_was_missed_by_cause_goal_and_who_had_it(api, missed):
    by_cause = api.get(f"/reports/breaches/?{DAY}").json()
    assert {name: by_cause[name] for name in ("breaches", "unexplained", "rows")} == {
        "breaches": 3, "unexplained": 2, "rows": [
            {"key": "", "name": "Not explained yet", "breaches": 2, "unexplained": 2, "over_minutes": 30},
            {"key": "staffing", "name": "Not enough people on shift", "breaches": 1, "unexplained": 0,
             "over_minutes": 1},
        ],
    }  # fmt: skip
    by_goal = api.get(f"/reports/breaches/?{DAY}&group=goal").json()["rows"]
    assert [(row["key"], row["breaches"]) for row in by_goal] == [("resolution", 2), ("first_response", 1)]
    assert api.get(f"/reports/breaches/?{DAY}&group=team").json()["rows"][0]["name"] == "Front line"


def test_what_one_may_not_see_is_in_no_figure(missed, lea, handed):
    Ticket.objects.filter(pk=Ticket.objects.order_by("pk").first().pk).update(confidential=True)
    other = Api(token_for("lea"))
    assert other.get(f"/reports/breaches/?{DAY}").json()["breaches"] == 1
    assert other.get(f"/reports/hand-offs/?{DAY}").json()["minutes_lost"] == 120
    assert other.get(f"/reports/no-sop/?{DAY}").json()["hand_offs"] == 2


@pytest.mark.parametrize(
    "asked",
    [
        "from=2026-11-24&to=2026-11-23", "from=2024-01-01&to=2026-11-23", "group=colour", "from=yesterday", "name=x",
        "from=2026-11-23&to=2026-11-23",
    ],
)  # fmt: skip
def test_a_question_that_says_nothing_is_refused(api, asked):
    assert api.get(f"/reports/hand-offs/?{asked}").status_code == 400


def test_without_a_stretch_it_is_the_last_30_days(api):
    answer = api.get("/reports/breaches/").json()
    begin, end = (datetime.fromisoformat(answer[name]) for name in ("from", "to"))
    assert end - begin == timedelta(days=30)


def test_there_is_no_other_report(api):
    assert api.get("/reports/gossip/").status_code == 404
