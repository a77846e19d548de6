"""Reminders of a post-mortem with workers that die or come together; two who write, publish or assess at once."""

from __future__ import annotations

import signal
from datetime import timedelta
from types import SimpleNamespace

import pytest

from core.common import clock
from core.common.errors import Conflict, Stale
from core.outbox.models import OutgoingMessage
from core.timers import sweeps
from incidents import operations, postmortems
from incidents.models import ImpactAssessment, Postmortem
from tests import world as worlds
from tests.concurrency.test_one_wins import at_once, events, one_won
from tests.concurrency.workers import tick, worker
from tests.world import by

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.everywhere]

TEXT = {"summary": "Cards failed.", "root_cause": "The pool ran dry."}


@pytest.fixture
def w(transactional_db: None) -> SimpleNamespace:
    """An incident of Ira's that was restored thirty days ago; nobody wrote its post-mortem."""
    found = worlds.ground()
    found.ira, found.ana, found.eli = (by(found.people[name]) for name in ("ira", "ana", "eli"))
    with clock.pretend(clock.now() - timedelta(days=30)):
        made = operations.declare(
            title="Cards fail", severity="SEV1", applications=[found.payments], by=found.ira
        )
        found.ref = made.reference
        operations.take_role(found.ref, role="commander", by=found.ira)
    with clock.pretend(clock.now() - timedelta(days=30) + timedelta(minutes=40)):
        operations.declare_restored(found.ref, body="Works", by=found.ira)
    return found


def reminders() -> list[str]:
    found = OutgoingMessage.objects.filter(topic="incident.postmortem").order_by("to")
    return [message.to.partition("@")[0] for message in found]


def test_two_sweeps_at_once_remind_once(w: SimpleNamespace) -> None:
    at_once(*[lambda: sweeps.run("incidents.postmortems")] * 4)

    assert reminders() == ["ira", "max"]
    assert events("incident.postmortem_chased") == 1
    due = Postmortem.objects.get().next_chase_at
    assert due is not None and due > clock.now()


def test_a_worker_that_dies_while_reminding_reminds_once(w: SimpleNamespace) -> None:
    assert tick("incidents.postmortem_claimed") == -signal.SIGKILL
    assert reminders() == []
    workers = [worker() for _ in range(2)]
    for process in workers:
        _, errors = process.communicate(timeout=240)
        assert process.returncode == 0, errors.decode()

    assert reminders() == ["ira", "max"]
    assert events("incident.postmortem_chased") == 1


def test_a_reminder_against_publishing(w: SimpleNamespace) -> None:
    """Whichever comes first: what is published is not due any more."""
    operations.begin_postmortem(w.ref, by=w.ira)
    operations.edit_postmortem(w.ref, changes=TEXT, by=w.ira)
    Postmortem.objects.update(next_chase_at=clock.now() - timedelta(minutes=1))

    at_once(
        lambda: sweeps.run("incidents.postmortems"), lambda: operations.publish_postmortem(w.ref, by=w.ira)
    )

    found = Postmortem.objects.get()
    assert (found.status, found.next_chase_at) == ("published", None)


def test_of_many_who_begin_publish_or_write_at_once_one_does(w: SimpleNamespace) -> None:
    one_won(at_once(*[lambda: operations.begin_postmortem(w.ref, by=w.ira)] * 4), Conflict)
    version = postmortems.get_for(w.ref, by=w.ira).version
    texts = ["one", "two", "three", "four"]
    results = at_once(
        *(
            lambda text=text: operations.edit_postmortem(
                w.ref, changes={**TEXT, "lessons": text}, version=version, by=w.eli
            )
            for text in texts
        )
    )
    one_won(results, Stale)
    one_won(at_once(*[lambda: operations.publish_postmortem(w.ref, by=w.ira)] * 4), Conflict, Stale)
    assert events("incident.postmortem_published") == events("incident.postmortem_begun") == 1


def test_of_two_who_assess_at_once_one_does(w: SimpleNamespace) -> None:
    results = at_once(
        *[
            lambda: operations.assess_impact(
                w.ref, intervals=[{"application": w.payments}], number=0, by=w.ira
            )
        ]
        * 4
    )

    one_won(results, Conflict)
    assert ImpactAssessment.objects.count() == events("incident.impact_assessed") == 1


def test_publishing_against_waiving(w: SimpleNamespace) -> None:
    """It is one or the other, and says which of the two won."""
    operations.begin_postmortem(w.ref, by=w.ira)
    operations.edit_postmortem(w.ref, changes=TEXT, by=w.ira)
    manager = by(w.people["max"])

    results = at_once(
        *[
            lambda: operations.publish_postmortem(w.ref, by=w.ira),
            lambda: operations.waive_postmortem(w.ref, reason="Nobody reads it.", by=manager),
        ]
        * 3
    )

    one_won(results, Conflict, Stale)
    found = Postmortem.objects.get()
    assert (found.published_at is None) == (found.status == "waived")
