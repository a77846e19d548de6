"""How SQLite finds what a list asks for: open work by the indexes over open work, history by those that have its order.

SQLite keeps no statistics here, so its plans depend on the schema alone and are the same on an empty desk
and on a full one. PostgreSQL decides by its statistics, which an empty table does not have.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from core.accounts import actors
from core.common import clock, paging
from core.common.actor import Actor, Door
from tickets import listing, queries
from tickets.filters import TicketFilter
from tickets.models import Ticket
from tickets.models.ticket import IS_OPEN

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL plans by statistics"),
]
EXAMPLES = {
    "status": "open,waiting", "kind": "issue", "channel": "email", "exposure": "internal", "impact": "high",
    "urgency": "low", "priority": "P1,P2", "severity": "none", "hold_reason": "vendor", "resolution_code": "fixed",
    "tier": "2", "team": "team-1", "assignee": "ana", "organisation": "acme", "requester": "1",
    "application": "payments", "component": "gateway", "confidential": "true", "created_after": "2026-11-01",
    "created_before": "2026-11-01", "updated_after": "2026-11-01", "updated_before": "2026-11-01",
    "due_after": "2026-11-01", "due_before": "2026-11-01", "resolved_after": "2026-11-01",
    "resolved_before": "2026-11-01", "breached_after": "2026-11-01", "breached_before": "2026-11-01",
    "reopened_min": "1", "handoffs_min": "1", "breached": "true", "passed_around": "true",
}  # fmt: skip
LISTS = [
    *(f"{name}={value}" for name, value in EXAMPLES.items()),
    *(f"view={view}" for view in ("triage", "mine", "waiting", "breaching", "all")),
    *(f"{name}=none" for name in ("team", "assignee", "organisation", "application", "component")),
    "priority=P1&organisation=acme",
    "application=payments,payments&tier=1",
]
BY_THEIR_OWN = {"search", "external_id"}  # these name single tickets
OF_OPEN_WORK = {index.name for index in Ticket._meta.indexes if index.condition == IS_OPEN}
REFS = ("organisation", "application", "component", "team", "assignee", "requester")


@pytest.fixture
def actor(desk: Any, ana: Any) -> Actor:
    return actors.for_user(ana, door=Door.WEB)


def plans(run: Callable[[], Any]) -> list[str]:
    """How SQLite would run each statement on tickets that `run` makes."""
    with CaptureQueriesContext(connection) as done:
        run()
    found = []
    for statement in done.captured_queries:
        if 'FROM "tickets_ticket"' in statement["sql"]:
            with connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN QUERY PLAN {statement['sql']}")
                found.append("\n".join(row[-1] for row in cursor.fetchall()))
    assert found
    return found


def ways(plan: str) -> set[str]:
    """The indexes by which a plan comes to its tickets; "" where it walks through all of them."""
    steps = re.findall(r"(?:SEARCH|SCAN) tickets_ticket(?: USING (?:COVERING )?INDEX (\w+))?", plan)
    return set(steps)


def test_every_filter_has_an_example() -> None:
    assert set(TicketFilter.base_filters) == set(EXAMPLES) | BY_THEIR_OWN


@pytest.mark.parametrize("query", LISTS)
def test_open_work_is_found_without_a_look_at_history(query: str, actor: Actor) -> None:
    now, params = clock.now(), QueryDict(query)

    def page() -> None:
        found = listing.read(params, actor, now)
        assert not found.wrong
        listing.rows(found, None, now)

    def count() -> None:
        queries.count_up_to(listing.read(params, actor, now).tickets)

    for plan in [*plans(page), *plans(count)]:
        assert ways(plan) <= OF_OPEN_WORK, plan


@pytest.mark.parametrize("name", REFS)
def test_a_page_of_history_is_read_in_order(name: str, actor: Actor) -> None:
    found = TicketFilter({name: EXAMPLES[name]}, queryset=Ticket.objects.visible_to(actor)).qs

    [plan] = plans(lambda: paging.page(found, ordering=["-created_at"], counted=False))

    word = "customer" if name == "organisation" else name
    assert ways(plan) == {f"tickets_by_{word}"}
    assert "ORDER BY" not in plan, plan


@pytest.mark.parametrize(
    "query", ["status=closed", "status=closed,open&team=team-1", "status=resolved&assignee=ana"]
)
def test_history_comes_newest_first_and_unsorted(query: str, actor: Actor) -> None:
    found = listing.read(QueryDict(query), actor, clock.now())
    assert found.ordering == "-created_at" and "" not in found.orders
    for plan in plans(lambda: listing.rows(found, None, clock.now())):
        assert "ORDER BY" not in plan, plan


def test_one_ticket_of_another_desk_is_found_by_its_number_there(actor: Actor) -> None:
    [plan] = plans(lambda: list(Ticket.objects.filter(external_id="JIRA-1")))
    assert ways(plan) == {"tickets_by_external"}
