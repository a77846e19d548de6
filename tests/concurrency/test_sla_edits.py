"""A clock that starts while somebody edits the calendar or the policy that it is promised by.

On PostgreSQL neither sees the other before both have committed; SQLite lets one writer in at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest
from django.db import connection, transaction

from catalogue.models import Application
from core.accounts import actors
from core.accounts.models import User
from core.common import clock as wall
from core.common.actor import system
from core.timers import sweeps
from sla import operations, subjects
from sla.models import Calendar, Clock, Policy, Rollout
from sla.operations.following import SWEEP
from sla.rules import Facts, Part
from sla.subjects import Owed, Owner, Person, SubjectInfo

pytestmark = pytest.mark.django_db(transaction=True)
FACTS = Facts("P1")


@pytest.fixture
def pk() -> Iterator[int]:
    """A thing with a promise of an hour by a calendar that is always open; nothing is owed by a clock yet."""
    calendar = Calendar.objects.create(slug="always", name="Always", zone="UTC", always_open=True)
    Policy.objects.create(name="All", calendar=calendar, resolution_minutes=60)
    pk = Application.objects.create(slug="pricing", name="Pricing").pk
    subjects.register(
        "thing",
        SubjectInfo(
            model=Application,
            reference=lambda pk: f"THG-{pk}",
            label=lambda row: row.name,
            path=lambda row: "/",
            recipients=lambda row: {Part.ASSIGNEE: [Person("Ana", "ana@desk.example")]},
            nearest_changed=lambda pk, nearest: None,
            visible_to=lambda actor: Application.objects.all(),
            owner=lambda row: Owner(),
            owed=lambda row: Owed(FACTS),
        ),
    )
    yield pk
    del subjects._kinds["thing"]


def beside(start: Callable[[], object], edit: Callable[[], object]) -> None:
    """`start` has written and not committed while `edit` runs from its begin to its end."""
    written, edited = Event(), Event()

    def starter() -> None:
        try:
            with transaction.atomic():
                start()
                written.set()
                assert edited.wait(20)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        starting = pool.submit(starter)
        assert written.wait(20)
        edit()
        edited.set()
        starting.result()


def start(pk: int) -> None:
    operations.start_clocks("thing", pk, FACTS, at=wall.now(), by=system(), goals=["resolution"])


def admin():
    person, _ = User.objects.get_or_create(username="root", defaults={"is_superuser": True})
    person.role_grants.get_or_create(role="admin")
    return actors.for_user(User.objects.get(pk=person.pk))


def close_mornings() -> None:
    """Hours that are far from now, so that what is due moves by days."""
    weekly = {day: [["03:00", "03:30"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
    operations.edit_calendar("always", values={"always_open": False, "weekly": weekly}, by=admin())


def promise_less() -> None:
    operations.edit_policy(Policy.objects.get().pk, values={"resolution_minutes": 30}, by=admin())


def later() -> None:
    sweeps.run(SWEEP.name, now=datetime.now(UTC) + timedelta(minutes=5))


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite lets one writer in at a time")
@pytest.mark.parametrize("edit", [close_mornings, promise_less])
def test_a_clock_that_was_being_started_follows_the_edit(pk: int, edit: Callable[[], None]) -> None:
    beside(lambda: start(pk), edit)
    later()
    assert_as_promised_now()


@pytest.mark.parametrize("edit", [close_mornings, promise_less])
def test_however_they_come_the_clock_is_as_promised_now(pk: int, edit: Callable[[], None]) -> None:
    """Eight starts and one edit at once, as they fall."""

    def one(number: int) -> None:
        try:
            if number == 4:
                edit()
            else:
                made = Application.objects.create(slug=f"pricing-{number}", name=f"Pricing {number}")
                start(made.pk)
        finally:
            connection.close()

    admin()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, range(8)))
    later()
    assert Clock.objects.filter(state__in=Clock.OPEN).count() == 7
    assert_as_promised_now()


def assert_as_promised_now() -> None:
    """Every open clock is as one that would be started now: target, hours, and due by them."""
    policy, calendar = Policy.objects.get(), Calendar.objects.get()
    for clock in Clock.objects.filter(state__in=Clock.OPEN).select_related("calendar"):
        assert (clock.target_minutes, clock.calendar_version) == (policy.resolution_minutes, calendar.version)
        left = timedelta(seconds=clock.target_seconds - clock.elapsed_seconds)
        assert clock.due_at == calendar.hours().add(clock.running_since, left)
        assert clock.ledger.filter(to_at=None).get().calendar_version == calendar.version
    assert not Rollout.objects.exclude(next_at=None).exists()
