"""Eight at once: one wins, the others hear why, and what happened happened once."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.db import connection
from django.test import Client

from changes import operations as changes
from core.accounts import operations as accounts
from core.audit.models import Delivery, Event
from core.common import clock
from core.common.actor import Door, system
from core.common.errors import Conflict, RuleBroken, Stale
from core.outbox.models import OutgoingMessage
from core.timers import sweeps
from escalation import operations as escalation
from escalation.models import Override, Shift
from incidents import operations as incidents
from incidents.models import Update
from problems import operations as problems
from tests import world as worlds
from tests.world import HANDOFF, by
from tickets import operations
from tickets.models import HandOff, Ticket

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
EIGHT = 8


@pytest.fixture
def w(transactional_db: None) -> SimpleNamespace:
    """The ground and one new ticket that nobody has."""
    found = worlds.ground()
    ana = by(found.people["ana"])
    found.ref = operations.create(
        subject="Cards fail", requester=found.casey, component=found.gateway, by=ana
    ).reference
    return found


def at_once(*works: Callable[[], Any]) -> list[Any]:
    """What each returned, or the rule that it broke; all start together."""
    ready = Barrier(len(works))

    def one(work: Callable[[], Any]) -> Any:
        try:
            connection.ensure_connection()  # so that nobody is late
            ready.wait(20)
            return work()
        except RuleBroken as broken:
            return broken
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(one, works))


def one_won(results: list[Any], *losses: type[RuleBroken]) -> None:
    lost = [result for result in results if isinstance(result, RuleBroken)]
    assert len(results) - len(lost) == 1, results
    assert all(type(broken) in losses for broken in lost), lost
    assert all(broken.sentence.count(" ") >= 3 for broken in lost), lost


def events(name: str) -> int:
    return Event.objects.filter(name=name).count()


def test_eight_people_take_a_shift(w: SimpleNamespace) -> None:
    """Eli offers a day to all of payments: one is on call instead, the others hear who."""
    people = [w.people[name] for name in ("ana", "lea", "ira", "cho", "pia", "max", "kim", "root")]
    escalation.edit_team("payments", changes={"members": people}, by=by(w.people["max"]))
    start = clock.now() + timedelta(days=1)
    swap = escalation.ask_swap(
        rotation=w.rotation, starts_at=start, ends_at=start + timedelta(days=1), by=by(w.people["eli"])
    )
    results = at_once(
        *[lambda person=person: escalation.take_swap(swap.pk, by=by(person)) for person in people]
    )
    one_won(results, Conflict)
    (winner,) = [found.taken_by.display_name for found in results if not isinstance(found, RuleBroken)]
    told = {str(found.sentence) for found in results if isinstance(found, RuleBroken)}
    assert told == {f"This shift is not on offer any more: {winner} was first."}
    assert Override.objects.count() == 1 and events("swap.taken") == 1
    assert Shift.objects.filter(user__first_name=winner.split()[0], cancelled_at=None).count() == 1


def test_eight_people_take_a_ticket(w: SimpleNamespace) -> None:
    names = ["ana", "eli", "lea", "ira", "cho", "pia", "max", "root"]
    actors = [by(w.people[name]) for name in names]

    results = at_once(*(lambda actor=actor: operations.take(w.ref, by=actor) for actor in actors))

    one_won(results, Conflict)
    assert events("ticket.taken") == 1
    taker = Event.objects.get(name="ticket.taken").actor_id
    assert Ticket.objects.get().assignee_id == taker


def test_eight_escalations_move_it_one_tier(w: SimpleNamespace) -> None:
    ana = by(w.people["ana"])

    results = at_once(*[lambda: operations.escalate(w.ref, from_tier=1, handoff=HANDOFF, by=ana)] * EIGHT)

    one_won(results, Conflict)
    ticket = Ticket.objects.get()
    assert (ticket.tier, ticket.handoff_count, HandOff.objects.count()) == (2, 1, 1)
    assert events("ticket.escalated") == 1


def test_eight_edits_of_one_version_lose_none(w: SimpleNamespace) -> None:
    ana = by(w.people["ana"])
    version = Ticket.objects.get().version
    edits = [
        lambda n=n: operations.edit(w.ref, values={"subject": f"Edit {n}"}, if_version=version, by=ana)
        for n in range(EIGHT)
    ]

    results = at_once(*edits)

    one_won(results, Conflict, Stale)
    assert events("ticket.updated") == 1
    assert Ticket.objects.get().version == version + 1


def test_eight_resolve_it_once(w: SimpleNamespace) -> None:
    ana = by(w.people["ana"])
    operations.take(w.ref, by=ana)

    results = at_once(
        *[lambda: operations.resolve(w.ref, code="fixed", note="Works.", minutes=5, by=ana)] * EIGHT
    )

    one_won(results, Conflict)
    assert events("ticket.resolved") == events("ticket.replied") == events("ticket.time_logged") == 1
    assert Ticket.objects.get().status == "resolved"


def test_a_reply_on_a_new_ticket_does_not_reopen_what_was_resolved_meanwhile(w: SimpleNamespace) -> None:
    ana, eli = by(w.people["ana"]), by(w.people["eli"])
    replies = [lambda: operations.reply(w.ref, body="On it.", public=True, by=ana)] * (EIGHT - 1)

    *_, resolved = at_once(
        *replies, lambda: operations.resolve(w.ref, code="no_fault", note="It is as it must be.", by=eli)
    )

    ticket = Ticket.objects.get()
    expected = ("open", "") if isinstance(resolved, Conflict) else ("resolved", "no_fault")
    assert (ticket.status, ticket.resolution_code) == expected


def test_comments_are_never_lost(w: SimpleNamespace) -> None:
    actors = [by(w.people[name]) for name in ("ana", "eli")]
    notes = [
        lambda n=n: [
            operations.reply(w.ref, body=f"Note {n} {k}", public=False, by=actors[n % 2]) for k in range(5)
        ]
        for n in range(EIGHT)
    ]

    at_once(*notes)

    assert Ticket.objects.get().entries.count() == EIGHT * 5 == events("ticket.noted")


def test_an_edit_through_the_api_with_a_stale_tag_hears_what_changed(w: SimpleNamespace) -> None:
    _, token = accounts.create_token("ana", "tests", by=system(door=Door.CLI))
    tag = f'"{Ticket.objects.get().version}"'

    def patch(n: int) -> Any:
        headers = {"Authorization": f"Bearer {token}", "If-Match": tag}
        body = json.dumps({"subject": f"Edit {n}"})
        return Client().patch(
            f"/api/v1/tickets/{w.ref}/", body, content_type="application/json", headers=headers
        )

    answers = at_once(*(lambda n=n: patch(n) for n in range(EIGHT)))

    counted = Counter(answer.status_code for answer in answers)
    assert counted[200] == 1 and set(counted) <= {200, 409, 412}, counted
    stale = patch(99)
    assert stale.status_code == 412
    assert stale.json()["errors"]["subject"] == [f"Now: {Ticket.objects.get().subject}"]


def test_the_same_post_eight_times_is_one_ticket(w: SimpleNamespace) -> None:
    _, token = accounts.create_token("bot", "mail gate", by=system(door=Door.CLI))
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "mail-4711"}
    body = json.dumps({"subject": "Once", "requester": w.casey.email})

    answers = at_once(
        *[lambda: Client().post("/api/v1/tickets/", body, content_type="application/json", headers=headers)]
        * EIGHT
    )

    assert [answer.status_code for answer in answers] == [201] * EIGHT
    assert len({answer.content for answer in answers}) == 1
    assert Ticket.objects.filter(subject="Once").count() == 1
    assert sum(answer.headers.get("Idempotency-Replayed") == "true" for answer in answers) == EIGHT - 1


def test_two_declare_from_one_ticket(w: SimpleNamespace) -> None:
    ira = by(w.people["ira"])

    results = at_once(*[lambda: incidents.declare_from_ticket(w.ref, by=ira)] * 4)

    one_won(results, Conflict)
    assert events("incident.declared") == 1


def test_two_raise_the_problem_of_one_ticket(w: SimpleNamespace) -> None:
    pia = by(w.people["pia"])

    one_won(at_once(*[lambda: problems.raise_problem(w.ref, by=pia)] * 4), Conflict)
    assert events("problem.opened") == 1


def test_four_sweeps_do_each_due_row_once(w: SimpleNamespace) -> None:
    """An update, clocks' alarms, handlers and mails fall due together and four workers come."""
    ira = by(w.people["ira"])
    with time_machine.travel(clock.now() - timedelta(minutes=16), tick=False):
        incidents.declare_from_ticket(w.ref, by=ira)
        sweeps.run_due()
    mail.outbox.clear()
    before = set(OutgoingMessage.objects.values_list("pk", flat=True))

    at_once(*[sweeps.run_due] * 4)

    assert list(Update.objects.order_by("number").values_list("number", "kind")) == [
        (1, "acknowledgement"), (2, "holding"),
    ]  # fmt: skip
    rows = OutgoingMessage.objects.exclude(pk__in=before)
    assert rows.count() >= 2
    assert {row.state for row in rows} == {"sent"}
    assert len(mail.outbox) == rows.count()
    assert max(Counter(message.extra_headers["Message-ID"] for message in mail.outbox).values()) == 1
    assert not Delivery.objects.filter(done_at=None).exists()


def test_two_approvals_at_once_are_one(w: SimpleNamespace) -> None:
    eli, cho, max_ = (by(w.people[name]) for name in ("eli", "cho", "max"))
    change = changes.draft(by=eli, **worlds.plan(w))
    changes.submit(change.reference, by=eli)
    needed = change.approvals.count()

    results = at_once(
        *[lambda actor=actor: changes.approve(change.reference, by=actor) for actor in (cho, max_) * 4]
    )

    won = [result for result in results if not isinstance(result, RuleBroken)]
    change.refresh_from_db()
    assert len(won) == change.approvals.filter(decision="approved").count() <= needed
    assert events("change.approved") == (change.status == "approved") == 1


def test_an_edit_and_an_approval_at_once_never_approve_what_nobody_read(w: SimpleNamespace) -> None:
    eli, cho = by(w.people["eli"]), by(w.people["cho"])
    change = changes.draft(by=eli, **worlds.plan(w))
    changes.submit(change.reference, by=eli)

    at_once(
        lambda: changes.approve(change.reference, by=cho),
        lambda: changes.edit(change.reference, values={"backout_plan": "None at all."}, by=eli),
    )

    change.refresh_from_db()
    current = change.approvals.filter(round=change.approval_round)
    if change.backout_plan == "None at all.":
        approved = Event.objects.filter(name__in=("change.approval_given", "change.approved")).last()
        edited = Event.objects.get(name="change.edited")
        assert change.status == "submitted" or (approved is not None and approved.pk > edited.pk)
    else:
        assert current.filter(decision="approved").exists()
