"""The change calendar and a change in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from catalogue.models import Application
from changes import operations
from changes.models import Change, Freeze
from core.accounts import actors
from core.accounts.models import User
from core.common import clock
from tests.conftest import person

NARROW = {"width": 375, "height": 800}
PAGES = ["/changes/", "/changes/all/", "/changes/new/", "/changes/{ref}/", "/changes/{ref}/edit/"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def planned(transactional_db: None) -> Change:
    """Two changes that collide this week, a freeze, and a BAU change that waits for cho."""
    eli, lea, _ = (person(name) for name in ("eli", "lea", "cho"))
    payments = Application.objects.create(slug="payments", name="Card payments")
    reports = Application.objects.create(slug="reports", name="Reporting")
    now = clock.now()
    start = (now - timedelta(days=now.weekday())).replace(hour=13, minute=0, second=0, microsecond=0)
    whole: dict[str, Any] = {
        "description": "Version 2.4 splits large batches.", "need": "The bank rejects more than 5,000 lines.",
        "risk": dict.fromkeys(("users", "reversibility", "testing", "complexity", "time_of_day"), 3),
        "implementation_plan": "Pause the queue\nDeploy to one node\nDeploy to the others", "responsible": eli,
        "backout_plan": "Redeploy 2.3\nResume the queue", "validation_plan": "Send a batch of 5,200 lines",
    }  # fmt: skip
    by = actors.for_user(eli)
    made = []
    for title, application, days, person_ in [
        ("Bank adapter 2.4 for Settlement", payments, 2, eli), ("Till SDK 5.9", payments, 2, lea),
        ("Index rebuild", reports, 1, eli),
    ]:  # fmt: skip
        first = start + timedelta(days=days)
        window = {"planned_start": first, "planned_end": first + timedelta(hours=2)}
        more = {"applications": [application], "responsible": person_}
        made.append(operations.draft(title=title, **(whole | window | more), by=by))
    Freeze.objects.create(
        name="Sale",
        starts_at=start + timedelta(days=4, hours=-13),
        ends_at=start + timedelta(days=5, hours=-13),
    ).applications.set([payments])
    late = {"planned_start": now + timedelta(hours=1), "planned_end": now + timedelta(hours=3)}
    bau = operations.draft(title="Archive runs", type="bau", applications=[reports], **(whole | late), by=by)
    operations.submit(bau.reference, collision_comment="Agreed.", by=by)
    return made[0]


@pytest.mark.parametrize("dark", [False, True], ids=["day", "night"])
@pytest.mark.parametrize("size", [None, NARROW], ids=["desk", "phone"])
@pytest.mark.parametrize("path", PAGES)
def test_nothing_serious_for_axe_and_nothing_scrolls_sideways(
    open_page: Callable[..., Any],
    login: Callable[[Any, Any], None],
    axe: Callable[[Any], list[str]],
    overflow: Callable[[Any], int],
    picture: Callable[[Any], None],
    planned: Change,
    path: str,
    size: Any,
    dark: bool,
) -> None:
    page = open_page(size, dark=dark)
    login(page, User.objects.get(username="cho"))
    page.goto(path.format(ref=planned.reference))
    picture(page)
    assert axe(page) == []
    assert overflow(page) == 0


def test_the_plans_are_tabs(
    open_page: Callable[..., Any], login: Callable[[Any, Any], None], planned: Change
) -> None:
    page = open_page()
    login(page, planned.author)
    page.goto(f"/changes/{planned.reference}/")
    assert page.get_by_text("Pause the queue").is_visible()
    page.locator(".plans label", has_text="Back out").click()
    assert page.get_by_text("Redeploy 2.3").is_visible()
    assert not page.get_by_text("Pause the queue").is_visible()
