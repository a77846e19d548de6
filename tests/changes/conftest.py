"""A complete change, and a calendar with the holidays of the United States (26 November 2026 is one)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine

from catalogue.models import Application, Component
from changes import operations
from changes.models import Change
from core.accounts import actors
from core.accounts.models import User
from sla.models import Calendar

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
RISK = {"users": 2, "reversibility": 2, "testing": 2, "complexity": 2, "time_of_day": 2}


@pytest.fixture
def frozen() -> Any:
    """Monday 23 November 2026, 09:00 UTC."""
    with time_machine.travel(MONDAY, tick=False) as traveller:
        yield traveller


@pytest.fixture
def us_calendar(db: None) -> Calendar:
    return Calendar.objects.create(slug="changes", name="Changes", zone="UTC", holiday_country="US")


@pytest.fixture
def payments(db: None) -> Application:
    return Application.objects.create(slug="payments", name="Payments")


@pytest.fixture
def gateway(payments: Application) -> Component:
    return Component.objects.create(application=payments, slug="gateway", name="Gateway")


@pytest.fixture
def plan(eli: User, payments: Application) -> Callable[..., Change]:
    """A draft that could be submitted, written by eli who is responsible too."""

    def make(**values: Any) -> Change:
        by = values.pop("by", None) or actors.for_user(eli)
        whole: dict[str, Any] = {
            "title": "Bank adapter 2.4", "description": "Deploy 2.4.", "need": "Large batches are rejected.",
            "applications": [payments], "risk": RISK, "implementation_plan": "Deploy to one node, then the others.",
            "backout_plan": "Redeploy 2.3.", "validation_plan": "Send a test batch.", "responsible": eli,
            "planned_start": datetime(2026, 12, 1, 9, 0, tzinfo=UTC),
            "planned_end": datetime(2026, 12, 1, 11, 0, tzinfo=UTC),
        }  # fmt: skip
        return operations.draft(**(whole | values), by=by)

    return make


@pytest.fixture
def submitted(
    plan: Callable[..., Change], frozen: Any, us_calendar: Calendar, eli: User
) -> Callable[..., Change]:
    def make(**values: Any) -> Change:
        change = plan(**values)
        return operations.submit(change.reference, by=actors.for_user(eli))

    return make


@pytest.fixture
def scheduled(submitted: Callable[..., Change], eli: User, cho: User) -> Callable[..., Change]:
    def make(**values: Any) -> Change:
        change = submitted(**values)
        operations.approve(change.reference, by=actors.for_user(cho))
        return operations.schedule(change.reference, by=actors.for_user(eli))

    return make
