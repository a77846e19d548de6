"""The bar of the live incident: one query, the gravest first, nothing when all is quiet."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from core.accounts.models import User
from core.common.clock import now
from incidents.models import Incident, Status
from servicedesk.live import live_incident

pytestmark = pytest.mark.django_db


def declared(title: str, **facts: Any) -> Incident:
    at = now()
    return Incident.objects.create(title=title, started_at=at, detected_at=at, declared_at=at, **facts)


def test_the_gravest_open_incident_is_shown_with_the_number_of_others(
    ana: User, by: Callable[..., Any], django_assert_num_queries: Any
) -> None:
    declared("Search slow", severity="SEV3")
    gravest = declared("Cards fail", severity="SEV1", next_update_due_at=now() + timedelta(minutes=4))
    declared("Over", severity="SEV1", status=Status.RESTORED, restored_at=now())
    actor = by(ana)
    with django_assert_num_queries(1):
        shown = live_incident(actor)
    assert shown is not None
    assert (shown.reference, shown.others, shown.major) == (gravest.reference, 1, True)


def test_a_small_incident_is_not_called_major(ana: User, by: Callable[..., Any]) -> None:
    declared("Search slow", severity="SEV3")
    shown = live_incident(by(ana))
    assert shown is not None
    assert not shown.major


def test_an_incident_without_severity_counts_as_major(ana: User, by: Callable[..., Any]) -> None:
    declared("Something is wrong")
    shown = live_incident(by(ana))
    assert shown is not None
    assert shown.major


def test_nothing_is_shown_to_customers_or_on_a_quiet_day(
    ana: User, casey: User, by: Callable[..., Any]
) -> None:
    assert live_incident(by(ana)) is None
    declared("Cards fail", severity="SEV1")
    assert live_incident(by(casey)) is None
