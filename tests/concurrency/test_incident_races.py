"""Two people and one incident in the same moment: restored once, merged or restored, never both; answered once."""

from __future__ import annotations

import signal
from types import SimpleNamespace

import pytest

from core.audit.models import Event
from core.common.errors import Conflict, RuleBroken
from core.outbox.models import OutgoingMessage
from core.timers import sweeps
from customers.models import Subscription
from incidents import operations
from incidents.models import Answer, Incident, PendingUpdate, RoleHolding
from tests import world as worlds
from tests.concurrency.test_one_wins import at_once, events, one_won
from tests.concurrency.workers import tick, worker
from tests.world import by
from tickets import operations as tickets
from tickets.models import Entry

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.everywhere]


@pytest.fixture
def w(transactional_db: None) -> SimpleNamespace:
    """Two running incidents; Casey reported the first one."""
    found = worlds.ground()
    found.ira, found.ana = by(found.people["ira"]), by(found.people["ana"])
    found.ticket = tickets.create(
        subject="Cards fail", requester=found.casey, component=found.gateway, by=found.ana
    )
    found.one = operations.declare_from_ticket(
        found.ticket.reference, severity="SEV2", by=found.ira
    ).reference
    found.two = operations.declare(title="Tills are dead", severity="SEV2", by=found.ira).reference
    sweeps.run_due()
    return found


def restored(w: SimpleNamespace, ref: str) -> Incident:
    return operations.declare_restored(ref, body="Works again.", by=w.ira)


def answers(w: SimpleNamespace) -> int:
    return Entry.objects.filter(ticket=w.ticket, kind=Entry.Kind.PUBLIC_REPLY).count()


def test_two_restore_at_once(w: SimpleNamespace) -> None:
    one_won(at_once(*[lambda: restored(w, w.one)] * 4), Conflict)

    assert events("incident.restored") == 1
    assert Answer.objects.count() == 1
    sweeps.run_due()
    assert answers(w) == 1


@pytest.mark.parametrize("restores", ["one", "two"])
def test_restore_against_merge(w: SimpleNamespace, restores: str) -> None:
    """Whichever of the two is restored: a merge goes into what runs, or is refused; nothing is both."""
    ref = getattr(w, restores)

    results = at_once(lambda: restored(w, ref), lambda: operations.merge(w.one, into=w.two, by=w.ira))

    one, two = (Incident.objects.get(pk=int(reference[4:])) for reference in (w.one, w.two))
    merged = one.merged_into_id == two.pk
    assert merged == (events("incident.merged") == 1)
    assert (one.status, one.restored_at is None) == ("closed", True) if merged else one.merged_into_id is None
    assert one.next_update_due_at is None or one.is_open
    if restores == "one":
        one_won(results, Conflict)
    elif merged:  # first merged, then restored: the ticket went along and is answered
        assert two.status in ("restored", "declared")
    for incident in (one, two):
        numbers = list(incident.updates.order_by("number").values_list("number", flat=True))
        assert numbers == list(range(1, len(numbers) + 1)) and len(numbers) == incident.update_count
    sweeps.run_due()
    assert answers(w) == (
        1 if "restored" in (one.status, two.status) and (merged or one.status == "restored") else 0
    )


def test_each_into_the_other_at_once(w: SimpleNamespace) -> None:
    results = at_once(
        lambda: operations.merge(w.one, into=w.two, by=w.ira),
        lambda: operations.merge(w.two, into=w.one, by=w.ira),
    )

    one_won(results, Conflict, RuleBroken)
    assert Incident.objects.live().count() == 1


def test_two_halves_of_a_circle_at_once(w: SimpleNamespace) -> None:
    results = at_once(
        lambda: operations.set_parent(w.one, parent=w.two, by=w.ira),
        lambda: operations.set_parent(w.two, parent=w.one, by=w.ira),
    )

    one_won(results, Conflict)
    assert Incident.objects.exclude(parent=None).count() == 1


def test_a_role_is_handed_over_once(w: SimpleNamespace) -> None:
    operations.take_role(w.one, role="commander", by=w.ira)
    ends = [w.people["eli"], w.people["lea"], w.people["ana"], w.people["max"]]

    results = at_once(
        *(
            lambda to=to: operations.hand_over(w.one, role="commander", to=to, note="Yours", by=w.ira)
            for to in ends
        )
    )

    done = [result for result in results if not isinstance(result, RuleBroken)]
    assert done and all(isinstance(result, (Conflict, Incident)) for result in results)
    assert (
        RoleHolding.objects.filter(until=None).get().person
        == Incident.objects.get(pk=int(w.one[4:])).commander
    )
    handed = list(Event.objects.filter(name="incident.role_handed_over").order_by("id"))
    came_from = [event.before["commander"] for event in handed]
    assert came_from == [
        str(w.people["ira"]),
        *(event.after["commander"] for event in handed[:-1]),
    ]  # a chain
    assert RoleHolding.objects.count() == 1 + len(done) == 1 + events("incident.role_handed_over")


def test_eight_decide_about_a_late_ticket(w: SimpleNamespace) -> None:
    restored(w, w.two)
    operations.link_work(w.two, to=w.ticket.reference, by=w.ana)

    results = at_once(
        *[lambda: operations.answer_ticket(w.two, ticket=w.ticket.reference, tell=True, by=w.ira)] * 8
    )

    one_won(results, Conflict)
    sweeps.run_due()
    assert answers(w) == 1


def test_a_worker_that_dies_while_answering_answers_once(w: SimpleNamespace) -> None:
    restored(w, w.one)

    assert tick("incidents.answer_claimed") == -signal.SIGKILL
    assert answers(w) == 0 and Answer.objects.get().due_at is not None
    workers = [worker() for _ in range(2)]
    for process in workers:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors.decode()

    assert answers(w) == 1
    answer = Answer.objects.get()
    assert answer.due_at is None and answer.entry_id is not None


@pytest.fixture
def waits(w: SimpleNamespace) -> PendingUpdate:
    """An update of Ana's that waits for approval."""
    operations.set_approval("business", ["SEV2"], by=by(w.people["max"]))
    Subscription.objects.create(email="boss@firm.example", application=w.gateway.application)
    found = operations.send_update(w.one, what="Cards fail.", affected="Shops.", by=w.ana)
    assert isinstance(found, PendingUpdate)
    return found


def test_two_approve_at_once_and_one_sends(w: SimpleNamespace, waits: PendingUpdate) -> None:
    people = [by(w.people[name]) for name in ("max", "ira", "max", "ira")]
    one_won(
        at_once(*[lambda one=one: operations.approve(w.one, waiting=waits.pk, by=one) for one in people]),
        Conflict,
    )

    assert Incident.objects.get(pk=waits.incident_id).updates.filter(kind="update").count() == 1
    assert OutgoingMessage.objects.filter(to="boss@firm.example", about_version=2).count() == 1


def test_approval_against_restoration(w: SimpleNamespace, waits: PendingUpdate) -> None:
    """Sent before the end, or withdrawn with it; never sent after it."""
    at_once(
        lambda: operations.approve(w.one, waiting=waits.pk, by=by(w.people["max"])),
        lambda: restored(w, w.one),
    )

    waits.refresh_from_db()
    kinds = list(
        Incident.objects.get(pk=waits.incident_id).updates.order_by("number").values_list("kind", flat=True)
    )
    assert waits.state in ("sent", "withdrawn")
    assert kinds == (
        ["acknowledgement", "update", "restored"]
        if waits.state == "sent"
        else ["acknowledgement", "restored"]
    )
