import re
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine

from changes.models import Change
from escalation import tiers
from incidents import operations as incidents
from problems import follow_up
from problems import operations as problems
from reports import periods, queries
from sla.models import Calendar, Clock, Goal
from tickets import operations as tickets
from tickets.models import Ticket

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def ticket(ana, by):
    """Make a ticket that was opened some days ago."""

    def make(days: float = 0, **values) -> Ticket:
        made = tickets.create(subject="Export fails", by=by(ana))
        at = NOW - timedelta(days=days)
        Ticket.objects.filter(pk=made.pk).update(
            **{"created_at": at, "updated_at": NOW, "due_at": None, **values}
        )
        return made

    return make


@pytest.fixture
def clock(db):
    """A clock that was met, or breached, some days ago."""
    calendar = Calendar.objects.create(name="Always", zone="UTC")

    def make(ticket: Ticket, *, met: float | None = None, breached: float | None = None) -> None:
        Clock.objects.filter(subject_kind="ticket", subject_id=ticket.pk).delete()
        Clock.objects.create(
            subject_kind="ticket",
            subject_id=ticket.pk,
            goal=Goal.RESOLUTION,
            state="met",
            target_minutes=60,
            calendar=calendar,
            policy_name="Gold",
            started_at=NOW - timedelta(days=90),
            met_at=None if met is None else NOW - timedelta(days=met),
            breached_at=None if breached is None else NOW - timedelta(days=breached),
        )

    return make


def shown(client, url: str) -> int:
    """How many rows the list behind a figure has."""
    answer = client.get(url)
    assert answer.status_code == 200
    return answer.content.decode().count("data-row ")


def test_the_backlog_by_tier_and_age(ticket, max, by):
    ticket(0.5)
    ticket(61, tier=2)
    ticket(200, tier=2)
    ticket(200, tier=2, status="closed")

    found = queries.backlog(by(max), NOW)

    assert [(tier, [cell.count for cell in cells], all.count) for tier, cells, all in found.rows] == [
        (1, [1, 0, 0, 0, 0, 0], 1),
        (2, [0, 0, 0, 0, 1, 1], 2),
    ]
    assert (found.open.count, found.older_than_60.count, found.older_than_180.count) == (3, 2, 1)


def test_overdue_reopened_and_passed_around(ticket, max, by):
    ticket(due_at=NOW - timedelta(minutes=1))
    ticket(reopened_count=2)
    ticket(handoff_count=4, passed_around=True)
    ticket(handoff_count=3)

    found = queries.backlog(by(max), NOW)

    assert (found.overdue.count, found.reopened.count, found.passed_around.count) == (1, 1, 1)


def test_what_one_may_not_see_is_not_counted(ticket, clock, max, by):
    hidden = ticket(confidential=True)
    clock(hidden, met=1)

    assert queries.backlog(by(max), NOW).open.count == 0
    assert queries.attainment(by(max), periods.period("7d", NOW)) == []


def test_promises_kept_in_the_period_and_before(ticket, clock, max, by):
    for values in (
        {"met": 1},
        {"met": 1, "breached": 2},
        {"breached": 3},
        {"met": 6},
        {"met": 8},
        {"met": 15},
    ):
        clock(ticket(), **values)

    (row,) = queries.attainment(by(max), periods.period("7d", NOW))

    assert (row.kept, row.decided, row.percent, row.percent_before) == (2, 4, 50, 100)


def test_what_came_and_went(ticket, max, ira, by):
    ticket(1, kind="service_request")
    ticket(8)
    ticket(20, status="resolved", resolved_at=NOW - timedelta(days=2))
    with time_machine.travel(NOW - timedelta(hours=1), tick=False):
        incidents.declare(title="Payments fail", by=by(ira))
    Change.objects.create(title="Renew", created_at=NOW - timedelta(days=9))

    found = {
        flow.name: (flow.now.count, flow.before.count)
        for flow in queries.flows(by(max), periods.period("7d", NOW))
    }

    assert found == {
        "Tickets opened": (1, 1),
        "Service requests opened": (1, 0),
        "Tickets resolved": (1, 0),
        "Tickets breached": (0, 0),
        "Incidents declared": (1, 0),
        "Changes opened": (0, 1),
    }


def test_every_figure_opens_the_list_behind_it(ticket, max, by, client):
    for days in (0.5, 3, 3, 61, 200):
        ticket(days, reopened_count=1, handoff_count=5, due_at=NOW - timedelta(hours=1))
    ticket(3, status="resolved", resolved_at=NOW - timedelta(days=1), breached_at=NOW - timedelta(days=2))
    client.force_login(max)
    found = queries.backlog(by(max), NOW)
    cells = [cell for _, cells, all in found.rows for cell in [*cells, all]]
    cells += [
        found.open,
        found.overdue,
        found.older_than_60,
        found.older_than_180,
        found.reopened,
        found.passed_around,
    ]
    flows = [
        flow for flow in queries.flows(by(max), periods.period("7d", NOW)) if flow.name.startswith("Ticket")
    ]
    cells += [cell for flow in flows for cell in (flow.now, flow.before)]

    for cell in cells:
        assert shown(client, cell.url) == cell.count, cell.url


def test_the_page_for_each_period_and_who_sees_it(client, ticket, clock, max, kim, casey, pia, by):
    clock(ticket(), met=1)
    problem = problems.open_problem(title="Ledger lags", by=by(pia))
    follow_up.add_action(problem.reference, title="Look", due=date(2026, 11, 1), by=by(pia))
    client.force_login(max)
    for period in ("7d", "30d", "quarter", "nonsense"):
        page = client.get(f"/dashboard/?period={period}")
        assert page.status_code == 200
    assert "Late actions" in page.content.decode()
    assert re.search(r"1 of 1", page.content.decode())

    client.force_login(kim)
    assert "Late actions" not in client.get("/dashboard/").content.decode()
    client.force_login(casey)
    assert client.get("/dashboard/").status_code == 404


def test_it_answers_on_an_empty_desk_and_asks_no_more_when_full(
    client, max, ticket, clock, django_assert_max_num_queries
):
    client.force_login(max)
    tiers.ladder()  # a page may find the names remembered

    def asked() -> int:
        with django_assert_max_num_queries(25) as done:
            assert client.get("/dashboard/").status_code == 200
        return len(done)

    empty = asked()
    for number in range(20):
        clock(ticket(number * 10, tier=number % 3 + 1), met=number)
    assert asked() == empty
