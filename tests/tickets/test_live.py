"""The page of a ticket renews itself: nothing is sent while nothing changed, and everything that did comes along."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.accounts.models import User
from customers.models import BusyWindow
from sla.models import Clock
from tests import world as worlds
from tickets import operations
from tickets.models import Ticket

pytestmark = pytest.mark.django_db

NOW = "2026-11-23 10:00:05+00:00"
SIGNED_IN, LOOKED = 3, 4  # queries: who asks; whether something changed


@pytest.fixture(autouse=True)
def _a_still_clock() -> Any:
    with time_machine.travel(NOW, tick=False) as machine:
        yield machine


def opened(client: Any, ticket: Ticket, user: User) -> str:
    client.force_login(user)
    return str(client.get(f"/tickets/{ticket.reference}/").context["mark"])


def poll(client: Any, ticket: Ticket, seen: str) -> Any:
    return client.get(f"/tickets/{ticket.reference}/live/", {"seen": seen})


@pytest.mark.parametrize("who", ["ana", "kim"])
def test_nothing_is_sent_while_nothing_changed(client, ticket, by, ana, kim, who):
    operations.reply(ticket.reference, body="We look", public=True, by=by(ana))
    operations.send_soon(ticket.reference, body="On its way", last_seen=None, by=by(ana))
    mark = opened(client, ticket, {"ana": ana, "kim": kim}[who])
    with CaptureQueriesContext(connection) as queries:
        assert poll(client, ticket, mark).status_code == 204
    assert len(queries) <= SIGNED_IN + LOOKED


CHANGES: dict[str, Callable[[str, Any, Any], Any]] = {
    "a reply": lambda ref, by, _: operations.reply(ref, body="We look", public=True, by=by),
    "a note": lambda ref, by, _: operations.reply(ref, body="Hm", public=False, by=by),
    "a held reply": lambda ref, by, _: operations.send_soon(ref, body="Soon", last_seen=None, by=by),
    "taken": lambda ref, by, _: operations.take(ref, by=by),
    "escalated": lambda ref, by, _: operations.escalate(ref, from_tier=1, handoff=worlds.HANDOFF, by=by),
    "priority": lambda ref, by, _: operations.set_priority(ref, priority="P0", reason="Board", by=by),
    "waiting": lambda ref, by, _: operations.wait(ref, reason="Till", by=by),
    "facts": lambda ref, by, _: operations.edit(ref, values={"subject": "Other words"}, by=by),
    "a link": lambda ref, by, other: operations.link(ref, to=other, kind="relates", by=by),
    "time": lambda ref, by, _: operations.log_time(ref, minutes=5, activity="investigation", note="", by=by),
    "merged away": lambda ref, by, other: operations.merge(ref, into=other, by=by),
    "merged here": lambda ref, by, other: operations.merge(other, into=ref, by=by),
}


@pytest.mark.parametrize("change", list(CHANGES))
def test_every_change_comes_along(client, ticket, by, ana, eli, change):
    other = operations.create(subject="Another one", requester=ticket.requester, by=by(ana))
    mark = opened(client, ticket, ana)
    CHANGES[change](ticket.reference, by(eli), other.reference)
    answer = poll(client, ticket, mark)
    assert answer.status_code == 200
    assert poll(client, ticket, answer.context["mark"]).status_code == 204


def test_who_reads_no_events_gets_the_new_facts_all_the_same(client, ticket, by, eli, kim):
    mark = opened(client, ticket, kim)
    operations.take(ticket.reference, by=by(eli))
    assert poll(client, ticket, mark).status_code == 200


def test_a_clock_that_moves_without_the_ticket_comes_along(client, ticket, ana):
    mark = opened(client, ticket, ana)
    moved = Clock.objects.filter(subject_kind="ticket", subject_id=ticket.pk).update(target_minutes=7)
    assert moved
    assert poll(client, ticket, mark).status_code == 200


def test_one_answer_holds_the_verbs_the_standing_the_talk_and_the_side(client, ticket, by, ana, eli):
    mark = opened(client, ticket, ana)
    operations.escalate(ticket.reference, from_tier=1, handoff=worlds.HANDOFF, by=by(eli))
    body = poll(client, ticket, mark).content.decode()
    for part in ("verbs", "standing", "side"):
        assert f'id="{part}" data-part' in body
    assert (
        body.count('hx-swap-oob="morph"') == 3
    )  # the only spelling that htmx takes for a morph of the whole part
    assert 'id="composer"' not in body and "<html" not in body


def test_around_the_ticket_it_looks_again_each_minute(client, ticket, desk, ana, _a_still_clock):
    mark = opened(client, ticket, ana)
    BusyWindow.objects.create(
        organisation=desk.acme, weekdays=list(range(7)), starts="00:00", ends="23:59", timezone="UTC"
    )
    assert poll(client, ticket, mark).status_code == 204
    _a_still_clock.shift(timedelta(minutes=1))
    assert "Busy window" in poll(client, ticket, mark).content.decode()


def test_who_may_not_see_it_any_more_gets_nothing(client, ticket, by, ana, eli):
    mark = opened(client, ticket, eli)
    operations.edit(ticket.reference, values={"confidential": True}, by=by(ana))
    assert poll(client, ticket, mark).status_code == 404


def test_the_steps_say_who_had_it_and_for_how_long_and_who_is_next(
    client, ticket, by, ana, eli, _a_still_clock
):
    _a_still_clock.shift(timedelta(minutes=11))
    operations.escalate(ticket.reference, from_tier=1, handoff=worlds.HANDOFF, by=by(ana))
    _a_still_clock.shift(timedelta(minutes=6))
    client.force_login(ana)
    steps = client.get(f"/tickets/{ticket.reference}/").context["steps"]
    assert [(step.name, step.note, step.state, step.time) for step in steps] == [
        ("L1 Front line", "Ana Alves", "done", timedelta(minutes=11)),
        ("L2 Payments", "nobody yet", "now", timedelta(minutes=6)),
        ("L3 Platform", "On call: nobody", "", None),
    ]
