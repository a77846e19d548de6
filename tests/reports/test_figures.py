"""The dashboard's figures are those that one gets by looking at every ticket and every clock."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.common.actor import Actor
from reports import periods, queries
from reports.periods import Period
from sla.models import Calendar, Clock, Goal
from tests import world as worlds
from tickets import operations
from tickets.models import Ticket
from worklog.models import Watcher

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def ground() -> Any:
    with time_machine.travel(NOW - timedelta(days=20), tick=False):
        return worlds.ground()


def seen_flows(actor: Actor, period: Period) -> dict[str, tuple[int, int]]:
    tickets = list(Ticket.objects.visible_to(actor))
    done = ("resolved", "closed")

    def both(at: str, fits: Any = lambda ticket: True) -> tuple[int, int]:
        now, before = (
            sum(1 for t in tickets if getattr(t, at) and start <= getattr(t, at) < end and fits(t))
            for start, end in period.both
        )
        return now, before

    return {
        "Tickets opened": both("created_at"),
        "Service requests opened": both("created_at", lambda t: t.kind == "service_request"),
        "Tickets resolved": both("resolved_at", lambda t: t.status in done),
        "Tickets breached": both("breached_at"),
    }


def seen_attainment(actor: Actor, period: Period) -> dict[str, tuple[int, int]]:
    """(kept, decided) by goal, in the period; a breach is told apart by its ticket, goal and moment."""
    visible = set(Ticket.objects.visible_to(actor).values_list("pk", flat=True))
    start, end = period.both[0]
    found = {}
    for goal in Goal:
        clocks = [
            c for c in Clock.objects.filter(subject_kind="ticket", goal=goal) if c.subject_id in visible
        ]
        kept = sum(1 for c in clocks if c.breached_at is None and c.met_at and start <= c.met_at < end)
        missed = {
            (c.subject_id, c.breached_at) for c in clocks if c.breached_at and start <= c.breached_at < end
        }
        if kept or missed:
            found[goal.value] = (kept, kept + len(missed))
    return found


def same(actor: Actor, name: str) -> None:
    period = periods.period(name, NOW)
    flows = {f.name: (f.now.count, f.before.count) for f in queries.flows(actor, period)}
    expected = seen_flows(actor, period)
    assert {name: flows[name] for name in expected} == expected
    kept = {
        row.goal.value: (row.kept, row.decided) for row in queries.attainment(actor, period) if row.decided
    }
    assert kept == seen_attainment(actor, period)


def test_the_figures_of_a_long_history(ground: SimpleNamespace) -> None:
    """Tickets of all ages, some of them confidential, seen by who has them, watches them, or neither."""
    chance, people = random.Random(5), ground.people
    calendar = Calendar.objects.earliest("pk")
    for _ in range(150):
        opened = NOW - timedelta(hours=chance.randint(0, 24 * 250))
        ended = chance.choice([None, opened + timedelta(hours=chance.randint(1, 900))])
        ended = None if ended and ended > NOW else ended
        late = chance.choice([None, None, opened + timedelta(hours=5)])
        ticket = Ticket.objects.create(
            subject="x", priority="P2", created_at=opened, updated_at=opened, resolved_at=ended,
            status=chance.choice(["resolved", "closed"]) if ended else "open", breached_at=late,
            kind=chance.choice(["issue", "service_request"]), confidential=chance.random() < 0.3,
            assignee=chance.choice([None, people["max"], people["ana"]]),
        )  # fmt: skip
        Clock.objects.create(
            subject_kind="ticket", subject_id=ticket.pk, goal=chance.choice(Goal.values), target_minutes=60,
            state="met" if ended else "paused", calendar=calendar, policy_name="Gold", started_at=opened,
            met_at=ended, breached_at=late,
        )  # fmt: skip
        if chance.random() < 0.1:
            Watcher.objects.create(subject_kind="ticket", subject_id=ticket.pk, user=people["max"])

    for who in ("max", "kim"):
        for name in periods.LENGTHS:
            same(worlds.by(people[who]), name)


def test_reopening_merging_and_taking_back_change_the_figures_at_once(ground: SimpleNamespace) -> None:
    ana, max_ = worlds.by(ground.people["ana"]), worlds.by(ground.people["max"])
    with time_machine.travel(NOW - timedelta(days=9), tick=False) as at:
        first, second = (
            operations.create(subject=f"Export {n}", requester=ground.casey, by=ana) for n in range(2)
        )
        same(max_, "30d")
        at.shift(timedelta(days=6))  # both are late by now
        operations.resolve(first.reference, code="fixed", note="Done.", breach_cause="Late.", by=ana)
        same(max_, "30d")
        at.shift(timedelta(hours=30))
        operations.reopen(first.reference, reason="Again.", by=ana)
        same(max_, "30d")
        at.shift(timedelta(hours=1))
        operations.set_priority(first.reference, priority="P1", reason="Worse.", by=ana)
        same(max_, "30d")
        operations.merge(second.reference, into=first.reference, by=ana)
        same(max_, "30d")
        operations.undo_merge(second.reference, by=ana)
        same(max_, "30d")
    assert queries.attainment(max_, periods.period("30d", NOW))


def test_a_breach_that_goes_on_in_a_later_clock_counts_once(ground: SimpleNamespace) -> None:
    ana, max_ = worlds.by(ground.people["ana"]), worlds.by(ground.people["max"])
    with time_machine.travel(NOW - timedelta(days=9), tick=False) as at:
        ticket = operations.create(subject="Export", requester=ground.casey, by=ana)
        at.shift(timedelta(days=6))
        operations.resolve(ticket.reference, code="fixed", note="Done.", breach_cause="Late.", by=ana)
        at.shift(timedelta(hours=3))
        operations.reopen(ticket.reference, reason="Again.", by=ana)

    clocks = Clock.objects.filter(subject_id=ticket.pk, goal=Goal.RESOLUTION, breached_at__isnull=False)
    rows = queries.attainment(max_, periods.period("30d", NOW))
    assert clocks.count() == 2
    assert [(row.kept, row.decided) for row in rows if row.goal == Goal.RESOLUTION] == [(0, 1)]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL plans by statistics")
def test_each_count_is_a_range_of_an_index(ground: SimpleNamespace) -> None:
    with CaptureQueriesContext(connection) as done:
        queries.flows(worlds.by(ground.people["max"]), periods.period("quarter", NOW))
        queries.attainment(worlds.by(ground.people["max"]), periods.period("quarter", NOW))
    for statement in done.captured_queries:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN QUERY PLAN {statement['sql']}")
            steps = [row[-1] for row in cursor.fetchall()]
        counted = [step for step in steps if " tickets_ticket" in step or " sla_clock" in step]
        assert all("COVERING INDEX" in step or "tickets_confidential" in step for step in counted), counted
        assert not [step for step in steps if "TEMP B-TREE" in step]
