"""Changes when several people act at the same moment."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from catalogue.models import Application
from changes import operations, queries
from changes.models import Approval, Change
from core.accounts import actors
from core.common import clock
from core.common.errors import RuleBroken
from tests.conftest import person

pytestmark = pytest.mark.django_db(transaction=True)
HIGH = dict.fromkeys(("users", "reversibility", "testing", "complexity", "time_of_day"), 5)


@pytest.fixture
def drafts(transactional_db: None) -> list[Change]:
    """Two drafts for the same application at the same time, both of high risk, by different people."""
    payments = Application.objects.create(slug="payments", name="Payments")
    start = clock.now() + timedelta(days=30)
    made = []
    for name in ("eli", "lea"):
        user = person(name)
        values: dict[str, Any] = {
            "title": f"By {name}", "description": "D", "need": "N", "applications": [payments], "risk": HIGH,
            "implementation_plan": "I", "backout_plan": "B", "validation_plan": "V", "responsible": user,
            "planned_start": start, "planned_end": start + timedelta(hours=1),
        }  # fmt: skip
        made.append(operations.draft(**values, by=actors.for_user(user)))
    return made


def at_once(works: list[Callable[[], Change]]) -> list[str]:
    """Run them together; the new status of each, or the name of what refused it."""
    ready = Barrier(len(works))

    def one(work: Callable[[], Change]) -> str:
        try:
            ready.wait(10)
            return work().status
        except RuleBroken as refused:
            return refused.title
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        return sorted(pool.map(one, works))


def test_of_two_that_collide_and_are_submitted_at_once_one_passes(drafts):
    submits = [
        lambda change=change: operations.submit(change.reference, by=actors.for_user(change.author))
        for change in drafts
    ]

    assert at_once(submits) == ["Conflict", "submitted"]


def test_eight_submissions_of_one_draft_make_one_round(drafts):
    change = drafts[0]
    by = actors.for_user(change.author)

    results = at_once([lambda: operations.submit(change.reference, by=by)] * 8)

    assert results == ["Conflict"] * 7 + ["submitted"]
    assert Approval.objects.filter(change=change).count() == 2


def test_two_approvers_at_once_never_leave_it_half_approved(drafts):
    change = drafts[0]
    operations.submit(change.reference, by=actors.for_user(change.author))
    approvers = [actors.for_user(person(name)) for name in ("cho", "max")]

    at_once([lambda by=by: operations.approve(change.reference, by=by) for by in approvers])

    waiting = Approval.objects.filter(change=change, decision="pending").count()
    assert (queries.fresh(change).status == "approved") == (waiting == 0)
