"""Pages when several people, or people and workers, come at the same moment."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from core.accounts.models import User
from core.audit.models import Event
from core.common import clock
from core.common.actor import system
from core.common.errors import Conflict
from core.timers import sweeps
from escalation import operations
from escalation.models import Page, PageNotice, Team
from escalation.paging_rules import Step, Target
from tickets import operations as tickets

pytestmark = pytest.mark.django_db(transaction=True)
State = Page.State


@pytest.fixture
def team(eli: User, lea: User, max: User, by: Any) -> Team:
    made = operations.create_team(name="Payments", tier=2, lead=lea, manager=max, members=[eli], by=by(max))
    steps = [Step(5, (Target("person", person=person.pk),)) for person in (eli, lea, max)]
    operations.create_policy(team=made, name="Default", steps=steps, by=by(max))
    return made


@pytest.fixture
def running(team: Team, ana: User, by: Any) -> Page:
    return operations.page(team=team, reason="Cards fail.", by=by(ana))


def due() -> None:
    Page.objects.filter(next_step_at__isnull=False).update(next_step_at=clock.now() - timedelta(seconds=1))


def at_once(works: list[Callable[[], object]]) -> list[object]:
    """What each returned, or the conflict that it got."""
    ready = Barrier(len(works))

    def one(work: Callable[[], object]) -> object:
        try:
            ready.wait(10)
            return work()
        except Conflict as lost:
            return lost
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(one, works))


def test_of_eight_who_acknowledge_one_has_it_and_seven_hear_who(
    running, by, eli, lea, ira, ana, cho, pia, max, root
):
    people = [eli, lea, ira, ana, cho, pia, max, root]

    found = at_once([
        lambda person=person: operations.acknowledge(running.reference, by=by(person)) for person in people
    ])  # fmt: skip

    running.refresh_from_db()
    lost = [one for one in found if isinstance(one, Conflict)]
    assert (len(lost), running.state) == (7, State.ACKNOWLEDGED)
    name = running.acknowledged_by.display_name
    assert all(f"already acknowledged by {name}" in one.sentence for one in lost)
    assert Event.objects.filter(name="page.acknowledged").count() == 1
    assert running.acknowledgements == 1


def test_four_sweeps_tell_each_step_once(running):
    for _ in range(3):
        due()
        at_once([lambda: sweeps.run("escalation.pages")] * 4)

    running.refresh_from_db()
    assert list(running.notices.values_list("kind", "step")) == [
        ("step", 1), ("step", 2), ("step", 3), ("exhausted", 3),
    ]  # fmt: skip
    assert (running.state, running.next_step_at) == (State.EXHAUSTED, None)


def test_an_answer_and_a_step_at_once_end_with_the_answer(running, by, eli):
    """Whoever comes first, the page stands still in the end, and no step after the answer is told."""
    due()

    at_once([
        lambda: operations.acknowledge(running.reference, by=by(eli)),
        lambda: sweeps.run("escalation.pages"),
    ])  # fmt: skip
    due()
    sweeps.run("escalation.pages")

    running.refresh_from_db()
    assert (running.state, running.acknowledged_by) == (State.ACKNOWLEDGED, eli)
    assert PageNotice.objects.filter(page=running, kind="step").count() <= 2


def test_calling_off_and_answering_at_once_leave_one_end(running, by, eli, max):
    at_once([
        lambda: operations.acknowledge(running.reference, by=by(eli)),
        lambda: operations.cancel(running.reference, reason="Solved.", by=by(max)),
    ])  # fmt: skip

    running.refresh_from_db()
    assert (running.state, running.next_step_at) == (State.CANCELLED, None)


def test_a_form_sent_five_times_at_once_is_one_page(team, by, ana):
    found = at_once([
        lambda: operations.page(team=team, reason="Cards fail.", form_key="one", by=by(ana))
    ] * 5)  # fmt: skip

    assert Page.objects.count() == 1
    assert {getattr(one, "pk", None) for one in found} <= {Page.objects.get().pk, None}
    assert PageNotice.objects.count() == 1


def test_what_happened_once_starts_one_page(team, by, ana):
    """Handlers may be delivered again and at the same moment: the key names what happened."""
    ticket = tickets.create(subject="Cards fail", team=team, by=by(ana))
    policy = team.policies.get()

    at_once([
        lambda: operations.page_once(
            policy, about_kind="ticket", about_id=ticket.pk, reason="Missed.", key="sla.breached:1:1", by=system()
        )
    ] * 4)  # fmt: skip

    assert Page.objects.count() == 1
    assert PageNotice.objects.count() == 1
