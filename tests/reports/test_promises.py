"""How promised updates were kept, by team, month and incident: page, file, API."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from escalation.models import Team
from incidents.models import Incident, Promise
from tests.api.conftest import Api, token_for

pytestmark = [pytest.mark.django_db, pytest.mark.everywhere]
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ALL = "from=2026-09-01&to=2026-11-24T12:00:00Z"
OUTCOMES = ("kept", "covered", "late", "missed", "moved")


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(NOW, tick=False):
        yield


def fill(number, start=0):
    """So many incidents with five lines each, of two teams and of none; every tenth is an exercise."""
    teams = [
        Team.objects.get_or_create(
            slug=slug, defaults={"name": slug.title(), "tier": 2, "review_due": "2030-01-01"}
        )[0]
        for slug in ("ops", "pay")
    ]
    made = Incident.objects.bulk_create(
        Incident(
            title=f"Trouble {n}", status="restored", severity="SEV3", drill=n % 10 == 9,
            started_at=NOW, detected_at=NOW, declared_at=NOW, restored_at=NOW,
        )
        for n in range(start, start + number)
    )  # fmt: skip
    Promise.objects.bulk_create(
        Promise(
            incident=incident, due_at=NOW - timedelta(hours=1 + 7 * n % 1700, minutes=15 * k),
            outcome=OUTCOMES[(n * k + n) % 5], settled_at=NOW, team=[*teams, None][n % 3], late_seconds=0,
        )
        for n, incident in enumerate(made)
        for k in range(5)
    )  # fmt: skip
    return made


def plain(key):
    """The oracle: line by line in Python."""
    counts = {}
    for line in Promise.objects.select_related("incident", "team"):
        if not line.incident.drill:
            counts.setdefault(key(line), Counter())[line.outcome] += 1
    return counts


@pytest.mark.parametrize(
    ("group", "key"),
    [
        ("team", lambda line: line.team.slug if line.team else "none"),
        ("month", lambda line: f"{line.due_at:%Y-%m}"),
        ("incident", lambda line: line.incident.reference),
    ],
)
def test_the_figures_are_those_of_the_lines(group, key, ira):
    fill(60)
    answer = Api(token_for("ira")).get(f"/reports/promises/?{ALL}&group={group}").json()

    expected = plain(key)
    assert {row["key"] for row in answer["rows"]} == set(expected)
    for row in [*answer["rows"], {"key": None, "figures": answer["figures"]}]:
        counts = expected[row["key"]] if row["key"] else sum(expected.values(), Counter())
        figures = row["figures"]
        assert {name: figures[name] for name in OUTCOMES} == {name: counts[name] for name in OUTCOMES}
        decided = sum(counts.values()) - counts["moved"]
        assert (figures["percent"] is None) == (decided == 0)
        if decided:
            assert 0 <= 100 * (counts["kept"] + counts["covered"]) / decided - figures["percent"] < 0.1
            assert 0 <= 100 * counts["kept"] / decided - figures["percent_by_people"] < 0.1


def test_the_period_is_half_open_and_empty_is_no_data(ira, client):
    made = fill(1)[0]
    Promise.objects.all().delete()
    for due in (NOW - timedelta(days=7), NOW - timedelta(days=7, seconds=1), NOW):
        Promise.objects.create(incident=made, due_at=due, outcome="kept", settled_at=NOW)
    api = Api(token_for("ira"))
    week = api.get("/reports/promises/?from=2026-11-17T12:00:00Z&to=2026-11-24T12:00:00Z").json()
    assert week["figures"]["kept"] == 1
    nothing = api.get("/reports/promises/?from=2026-01-01&to=2026-01-02").json()
    assert nothing["rows"] == [] and nothing["figures"]["percent"] is None

    Promise.objects.update(outcome="moved")
    client.force_login(ira)
    page = client.get("/dashboard/promises/?period=7d").content.decode()
    assert "no data" in page and "100" not in page
    Promise.objects.all().delete()
    assert "No data" in client.get("/dashboard/promises/").content.decode()


def test_every_figure_leads_to_its_lines(ira, client):
    fill(60)
    client.force_login(ira)
    page = client.get("/dashboard/promises/?period=quarter").content.decode()
    shown = plain(lambda line: line.team.slug if line.team else "none")
    for team, counts in shown.items():
        for outcome, number in counts.items():
            link = f"?period=quarter&group=team&team={team}&outcome={outcome}"
            assert f'href="{link}">{number}</a>' in unescape(page)
            behind = client.get(f"/dashboard/promises/{link}&csv=1").getvalue().decode().splitlines()
            assert len(behind) == 1 + number
    month = client.get("/dashboard/promises/?period=quarter&month=2026-11&csv=1").getvalue().decode()
    assert len(month.splitlines()) == 1 + sum(plain(lambda line: f"{line.due_at:%Y-%m}")["2026-11"].values())


@pytest.mark.parametrize(
    "asked", ["month=2026-13", "month=x", "incident=TKT-1", "team=nobody", "outcome=lost", "group=x"]
)
def test_what_names_nothing_is_no_error(asked, ira, client):
    fill(3)
    client.force_login(ira)
    assert client.get(f"/dashboard/promises/?{asked}").status_code in (200, 404)


def test_a_thousand_incidents_cost_the_same(ira, client):
    def cost(group):
        with CaptureQueriesContext(connection) as queries:
            assert client.get(f"/dashboard/promises/?period=quarter&group={group}").status_code == 200
        return len(queries)

    client.force_login(ira)
    fill(20)
    few = {group: cost(group) for group in ("team", "month", "incident")}
    fill(980, 20)
    assert {group: cost(group) for group in few} == few
    assert max(few.values()) < 15


def test_customers_see_nothing_of_it(casey, client):
    client.force_login(casey)
    assert client.get("/dashboard/promises/").status_code == 404
