"""Every event once, in order per object, signed; to receivers that fail in each way one can fail."""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta

import pytest
import standardwebhooks
import time_machine

from core.common import clock
from core.outbox import outgoing
from core.outbox.models import Circuit, Lane, OutgoingMessage
from core.outbox.queue import put
from core.timers import sweeps
from incidents import operations as incidents
from tests import world as worlds
from tests.contracts.test_event_words import recorded
from tests.receivers import drip, hang
from tests.webhooks.conftest import fresh, tick, told
from tickets import operations as tickets
from webhooks import operations, published
from webhooks.models import Attempt, Delivery

pytestmark = pytest.mark.django_db
State = Delivery.State
NOON = datetime(2027, 6, 16, 12, tzinfo=UTC)


def states() -> list[str]:
    return list(Delivery.objects.order_by("event_id").values_list("state", flat=True))


def headers(got):
    return {name: got.headers[name] for name in ("webhook-id", "webhook-timestamp", "webhook-signature")}


def test_what_happens_to_a_ticket_is_told_in_order(desk, other, hook, ticket):
    hook(other, "ticket.*")
    eli, ana = (worlds.by(desk.people[name]) for name in ("eli", "ana"))
    made = ticket()
    tickets.take(made.reference, by=ana)
    tickets.escalate(made.reference, from_tier=1, handoff=worlds.HANDOFF, by=ana)
    tickets.resolve(made.reference, code="fixed", note="New pool.", minutes=5, by=eli)
    tick()

    ref = made.reference
    assert told(other.got) == [
        ("ticket.created", ref, "created"),
        ("ticket.updated", ref, "taken"),
        ("ticket.escalated", ref, "escalated"),
        ("ticket.updated", ref, "replied"),  # the note of a resolution is a public reply
        ("ticket.updated", ref, "resolved"),
    ]
    first, *_, last = (got.json for got in other.got)
    assert set(first) == {"type", "timestamp", "data"}
    assert datetime.fromisoformat(first["timestamp"]) and first["timestamp"].endswith("Z")
    assert first["data"]["url"].endswith(f"/api/v1/tickets/{ref}/")
    assert last["data"]["changes"] == {
        "status": {"before": "open", "after": "resolved"},
        "resolution_code": {"before": None, "after": "fixed"},
    }
    made.refresh_from_db()
    assert last["data"]["version"] == made.version
    assert states() == [State.DELIVERED] * 5


def test_only_what_was_asked_for(desk, other, hook, ticket):
    hook(other, "ticket.escalated", "incident.*")
    made = ticket()
    tickets.take(made.reference, by=worlds.by(desk.people["ana"]))
    tickets.escalate(made.reference, from_tier=1, handoff=worlds.HANDOFF, by=worlds.by(desk.people["ana"]))
    incident = incidents.declare(title="Cards", by=worlds.by(desk.people["ira"]))
    tick()
    assert [one[:2] for one in told(other.got)] == [
        ("ticket.escalated", made.reference), ("incident.declared", incident.reference),
    ]  # fmt: skip


def test_one_piece_of_work_alone(desk, other, hook, ticket):
    one, two = ticket(), ticket()
    hook(other, "ticket.*", only=one.reference)
    for made in (two, one):
        tickets.take(made.reference, by=worlds.by(desk.people["ana"]))
    tick()
    assert told(other.got) == [("ticket.updated", one.reference, "taken")]


def test_the_reference_library_accepts_the_signature(other, hook, ticket):
    made = hook(other, "ticket.*")
    ticket()
    tick()
    [got] = other.got
    library = standardwebhooks.Webhook(made.secret)
    assert library.verify(got.body, headers(got))["type"] == "ticket.created"
    for changed in (got.body.replace(b"created", b"creared", 1), got.body + b" "):
        with pytest.raises(standardwebhooks.WebhookVerificationError):
            library.verify(changed, headers(got))
    earlier = str(int(got.headers["webhook-timestamp"]) - 1)
    for name, value in (("webhook-id", "msg_other"), ("webhook-timestamp", earlier)):
        with pytest.raises(standardwebhooks.WebhookVerificationError):
            library.verify(got.body, {**headers(got), name: value})


def test_a_new_secret_signs_beside_the_old_one_for_a_day(desk, other, hook):
    old = hook(other, "ticket.*")
    by = worlds.by(desk.people["root"])
    new = operations.rotate_secret(old.webhook.pk, by=by)
    operations.test(old.webhook.pk, by=by)
    tick()
    assert new.secret != old.secret
    for secret in (old.secret, new.secret):
        assert standardwebhooks.Webhook(secret).verify(other.got[0].body, headers(other.got[0]))

    with time_machine.travel(clock.now() + timedelta(hours=24, seconds=1), tick=False):
        operations.test(old.webhook.pk, by=by)
        tick()
        standardwebhooks.Webhook(new.secret).verify(other.got[1].body, headers(other.got[1]))
        with pytest.raises(standardwebhooks.WebhookVerificationError):
            standardwebhooks.Webhook(old.secret).verify(other.got[1].body, headers(other.got[1]))


def test_an_hour_of_500_loses_nothing_and_keeps_the_order(desk, other, hook, ticket):
    """Two tickets with three events each: every one arrives once, in order per ticket, with equal ids."""
    ana = worlds.by(desk.people["ana"])
    with time_machine.travel(NOON, tick=False) as travel:
        hook(other, "ticket.*")
        other.then = (500, {}, b"down")
        one, two = ticket(), ticket()
        for made in (one, two):
            tickets.take(made.reference, by=ana)
            tickets.escalate(made.reference, from_tier=1, handoff=worlds.HANDOFF, by=ana)
        while clock.now() < NOON + timedelta(hours=1):
            tick()
            travel.shift(timedelta(minutes=1))
        failed = list(other.got)
        assert {(kind, action) for kind, _, action in told(failed)} == {("ticket.created", "created")}
        assert len({got.headers["webhook-id"] for got in failed}) == 2
        assert 10 <= len(failed) <= 20  # 30 s, then twice as long each time

        other.then = (200, {}, b"ok")
        other.got.clear()
        for _ in range(130):
            tick()
            travel.shift(timedelta(minutes=1))

    for made in (one, two):
        assert [row for row in told(other.got) if row[1] == made.reference] == [
            ("ticket.created", made.reference, "created"),
            ("ticket.updated", made.reference, "taken"),
            ("ticket.escalated", made.reference, "escalated"),
        ]
    assert len(other.got) == 6
    assert len({got.headers["webhook-id"] for got in other.got}) == 6
    assert {got.headers["webhook-id"] for got in failed} <= {got.headers["webhook-id"] for got in other.got}
    assert set(states()) == {State.DELIVERED}


def test_one_object_that_fails_holds_up_no_other(desk, other, hook, ticket):
    hook(other, "ticket.*")
    bad, good = ticket(), ticket()

    def answer(handler):
        status = 500 if bad.reference.encode() in other.got[-1].body else 200
        handler.send_response(status)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    other.then = answer
    for made in (bad, good):
        tickets.take(made.reference, by=worlds.by(desk.people["ana"]))
    tick()
    assert [row for row in told(other.got) if row[1] == good.reference] == [
        ("ticket.created", good.reference, "created"), ("ticket.updated", good.reference, "taken"),
    ]  # fmt: skip
    assert [row[2] for row in told(other.got) if row[1] == bad.reference] == ["created"]
    assert sorted(states()) == [State.DELIVERED, State.DELIVERED, State.SENDING, State.WAITING]


def test_refusing_one_object_for_long_does_not_close_the_way(desk, other, hook, ticket):
    """A 500 is about one body as often as about the receiver: six in a row, and another ticket is told at once."""
    with time_machine.travel(NOON, tick=False) as travel:
        hook(other, "ticket.*")
        bad = ticket()
        other.then = (500, {}, b"")
        for _ in range(40):
            tick()
            travel.shift(timedelta(minutes=1))
        assert len(other.got) >= 6
        other.then = (200, {}, b"")
        good = ticket()
        tick()
        assert told(other.got)[-1] == ("ticket.created", good.reference, "created")
        assert not Circuit.objects.exclude(opened_at=None).exists()
        assert bad.reference != good.reference and states() == [State.SENDING, State.DELIVERED]


def test_who_hangs_is_cut_off_and_others_go_on(desk, other, third, hook, ticket, monkeypatch):
    monkeypatch.setattr(outgoing, "TOTAL_SECONDS", 0.3)
    hook(other, "ticket.*")
    hook(third, "ticket.*")
    other.then = drip(other)
    made = ticket()
    put(lane=Lane.REPLY, to="a@firm.example", subject="Hello", text="x", topic="test", dedup_key="a")
    tick()
    assert told(third.got) == [("ticket.created", made.reference, "created")]
    assert OutgoingMessage.objects.get(dedup_key="a").state == "sent"
    slow, quick = Delivery.objects.order_by("webhook_id")
    assert (slow.state, quick.state) == (State.SENDING, State.DELIVERED)
    [attempt] = slow.attempts.all()
    assert (attempt.status, attempt.error) == (None, "127.0.0.1: no answer in time.")
    assert 300 <= attempt.milliseconds < 5_000

    other.then = (200, {}, b"ok")
    with time_machine.travel(clock.now() + timedelta(minutes=1), tick=False):
        tick()
    assert set(states()) == {State.DELIVERED}
    assert len({got.headers["webhook-id"] for got in other.got}) == 1


def test_after_five_time_outs_its_way_is_closed_and_asked_now_and_then(
    desk, other, third, hook, ticket, monkeypatch
):
    monkeypatch.setattr(outgoing, "TOTAL_SECONDS", 0.1)
    hook(other, "ticket.created")
    hook(third, "ticket.created")
    other.then = hang(other)
    for _ in range(8):
        ticket()
    tick()
    assert Circuit.objects.get(route__startswith="endpoint").opened_at
    assert len(other.got) == 5
    assert len(third.got) == 8
    with time_machine.travel(clock.now() + timedelta(hours=1), tick=False) as travel:
        for _ in range(60):
            tick()
            travel.shift(timedelta(minutes=1))
    assert len(other.got) < 5 + 15  # a probe every ten minutes at the longest


def test_a_redirect_is_not_followed(other, third, hook, ticket):
    hook(other, "ticket.*")
    other.then = (302, {"Location": third.url}, b"")
    ticket()
    tick()
    assert (len(other.got), third.got) == (1, [])
    [attempt] = Attempt.objects.all()
    assert (attempt.status, attempt.error) == (302, "The desk follows no redirect.")
    assert states() == [State.SENDING]  # tried again, as any other failure


def test_a_name_that_turned_private_gets_nothing(desk, other, settings, monkeypatch, ticket, hook):
    """Public when it was saved, inside when it is called: resolved once, checked, refused."""
    where = {"address": "93.184.215.14"}
    asked = []

    def resolve(host, port, **more):
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (where["address"], port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    settings.ALLOWED_TARGETS = frozenset()
    operations.create(
        name="Rebind", url=f"https://rebind.example:{other.port}/x", events=["ticket.*"],
        by=worlds.by(desk.people["root"]),
    )  # fmt: skip
    where["address"] = "127.0.0.1"
    ticket()
    asked.clear()
    tick()
    assert (other.got, asked) == ([], ["rebind.example"])
    delivery = Delivery.objects.get()
    assert delivery.state == State.DEAD
    assert "not on the public Internet" in delivery.attempts.get().error


def test_410_switches_it_off_and_tells_its_owner(desk, other, hook, ticket):
    made = hook(other, "ticket.*")
    other.then = (410, {}, b"")
    first = ticket()
    tickets.take(first.reference, by=worlds.by(desk.people["ana"]))
    tick()
    tick()
    webhook = fresh(made.webhook)
    assert (webhook.active, "410" in webhook.stopped_why, len(other.got)) == (False, True, 1)
    assert states() == [State.DEAD, State.DEAD]  # the later one is kept, too
    mail = OutgoingMessage.objects.get(topic="webhook.stopped")
    assert (mail.to, "410 Gone" in mail.text) == ("root@desk.example", True)
    ticket()
    tick()
    assert len(states()) == 2


def test_a_day_of_only_failures_switches_it_off(desk, other, hook, ticket):
    with time_machine.travel(NOON, tick=False) as travel:
        made = hook(other, "ticket.*")
        other.then = (503, {}, b"")
        ticket()
        for _ in range(24 * 2 + 4):
            tick()
            travel.shift(timedelta(minutes=30))
            if clock.now() == NOON + timedelta(hours=23):
                assert fresh(made.webhook).active
    webhook = fresh(made.webhook)
    assert (webhook.active, webhook.stopped_why) == (False, "It took nothing for a day.")
    assert OutgoingMessage.objects.filter(topic="webhook.stopped").count() == 1
    assert states() == [State.DEAD]
    assert 25 <= Attempt.objects.count() <= 31


def test_one_success_in_between_stops_nothing(desk, other, hook, ticket):
    with time_machine.travel(NOON, tick=False) as travel:
        made = hook(other, "ticket.created")
        for step in range(11):
            other.then = (200 if step == 5 else 500, {}, b"")
            ticket()
            tick()
            travel.shift(timedelta(hours=3))
    assert fresh(made.webhook).active


def test_a_dead_letter_lets_the_next_one_go(desk, other, hook, ticket):
    hook(other, "ticket.*")
    other.then = (500, {}, b"")
    made = ticket()
    tickets.take(made.reference, by=worlds.by(desk.people["ana"]))
    tick()
    OutgoingMessage.objects.filter(topic="webhook", state="queued").exclude(due_at=None).update(attempts=29)
    with time_machine.travel(clock.now() + timedelta(minutes=2), tick=False):
        tick()
    assert states() == [State.DEAD, State.SENDING]
    assert [row[2] for row in told(other.got)] == ["created", "created", "taken"]


def test_skipping_by_hand_lets_the_next_one_go(desk, other, hook, ticket):
    hook(other, "ticket.*")
    other.then = (500, {}, b"")
    made = ticket()
    tickets.take(made.reference, by=worlds.by(desk.people["ana"]))
    tick()
    other.then = (200, {}, b"")
    operations.skip(Delivery.objects.earliest("event_id").pk, by=worlds.by(desk.people["root"]))
    tick()
    assert states() == [State.SKIPPED, State.DELIVERED]
    with time_machine.travel(clock.now() + timedelta(hours=2), tick=False):
        tick()
    assert [row[2] for row in told(other.got)] == ["created", "taken"]


def test_redelivering_sends_the_same_id_and_waits_its_turn(desk, other, hook, ticket):
    hook(other, "ticket.*")
    ticket()
    tick()
    again = operations.redeliver(Delivery.objects.get().pk, by=worlds.by(desk.people["root"]))
    assert again.state == State.WAITING
    tick()
    one, two = other.got
    assert one.headers["webhook-id"] == two.headers["webhook-id"]
    assert one.body == two.body
    assert states() == [State.DELIVERED]


def test_all_dead_letters_are_sent_again_in_order(desk, other, hook, ticket):
    made = hook(other, "ticket.*")
    root, ana = (worlds.by(desk.people[name]) for name in ("root", "ana"))
    other.then = (410, {}, b"")
    works = [ticket(), ticket()]
    for work in works:
        tickets.take(work.reference, by=ana)
        tickets.reply(work.reference, body="On it.", public=True, by=ana)
    tick()
    with pytest.raises(operations.delivering.Conflict, match="switch it on first"):
        operations.redeliver_dead(made.webhook.pk, by=root)
    assert states() == [State.DEAD] * 6
    other.got.clear()
    other.then = (200, {}, b"ok")
    operations.switch(made.webhook.pk, on=True, by=root)
    operations.redeliver_dead(made.webhook.pk, by=root)
    tick()
    for work in works:
        mine = [row[2] for row in told(other.got) if row[1] == work.reference]
        assert mine == ["created", "taken", "replied"]
    assert states() == [State.DELIVERED] * 6
    with pytest.raises(operations.delivering.Conflict, match="no dead letter"):
        operations.redeliver_dead(made.webhook.pk, by=root)


def test_sent_again_it_has_another_day(desk, other, hook, ticket, monkeypatch):
    """A time-out gives up what is older than a day; what somebody sends again begins anew."""
    monkeypatch.setattr(outgoing, "TOTAL_SECONDS", 0.1)
    hook(other, "ticket.*")
    ticket()
    tick()
    other.then = hang(other)
    with time_machine.travel(clock.now() + timedelta(days=2), tick=False):
        operations.redeliver(Delivery.objects.get().pk, by=worlds.by(desk.people["root"]))
        tick()
    assert states() == [State.SENDING]


def test_an_earlier_event_that_is_not_spread_yet_holds_up_the_later_ones(
    desk, other, hook, ticket, monkeypatch
):
    """A handler that failed once is tried an hour later: what came after it about the same ticket waits for it."""
    hook(other, "ticket.*")
    real = operations.delivering.tell
    broken = {"once": True}

    def tell(event):
        if event.name == "ticket.created" and broken.pop("once", False):
            raise RuntimeError("once")
        real(event)

    monkeypatch.setattr(operations, "tell", tell)
    made = ticket()
    tickets.take(made.reference, by=worlds.by(desk.people["ana"]))
    second = ticket()
    tick()
    assert told(other.got) == [("ticket.created", second.reference, "created")]
    with time_machine.travel(clock.now() + timedelta(hours=1, minutes=1), tick=False):
        tick()
    assert told(other.got)[1:] == [
        ("ticket.created", made.reference, "created"), ("ticket.updated", made.reference, "taken"),
    ]  # fmt: skip


def test_the_same_event_is_put_in_line_once(other, hook, ticket):
    hook(other, "ticket.*")
    ticket()
    tick()
    from_trail = Delivery.objects.get().event_id
    operations.tell(operations.delivering.Event.objects.get(pk=from_trail))
    tick()
    assert len(other.got) == 1


def test_bodies_and_answers_are_forgotten_after_thirty_days(desk, other, hook, ticket):
    hook(other, "ticket.*")
    ticket()
    tick()
    with time_machine.travel(clock.now() + timedelta(days=29), tick=False):
        tick()
        assert Delivery.objects.get().message.text
    with time_machine.travel(clock.now() + timedelta(days=31), tick=False):
        tick()
        delivery = Delivery.objects.get()
        assert (delivery.message.text, delivery.attempts.get().answer) == ("", "")
        with pytest.raises(operations.delivering.Conflict, match="forgotten"):
            operations.redeliver(delivery.pk, by=worlds.by(desk.people["root"]))
        Delivery.objects.update(state=State.DEAD)
        with pytest.raises(operations.delivering.Conflict, match="still kept"):
            operations.redeliver_dead(delivery.webhook_id, by=worlds.by(desk.people["root"]))


def test_a_busy_answer_says_when_to_come_back(other, hook, ticket):
    hook(other, "ticket.*")
    other.then = (429, {"Retry-After": "600"}, b"slow down")
    with time_machine.travel(NOON, tick=False):
        ticket()
        tick()
        assert Delivery.objects.get().message.due_at == NOON + timedelta(minutes=10)
    assert Attempt.objects.get().answer == "slow down"


def test_only_the_first_kb_of_an_answer_is_kept(other, hook, ticket):
    hook(other, "ticket.*")
    other.then = (500, {}, b"\x00\xff" + b"x" * 5_000)
    ticket()
    tick()
    assert len(Attempt.objects.get().answer) <= 1_024


def test_every_published_name_is_produced_or_marked(desk):
    """A name that promises what nothing sends would be found by nobody."""
    real = recorded()
    assert [row.name for row in published.PUBLISHED if not row.sources and not row.planned] == []
    assert sorted(set(published.SOURCES) - real) == []
    assert len(published.SOURCES) == sum(len(row.sources) for row in published.PUBLISHED)
    told_of = {"ticket.created", "ticket.updated", "ticket.escalated", "sla.reminder", "sla.breached"}
    told_of |= {"incident.declared", "incident.updated", "incident.restored"}
    assert told_of <= set(published.NAMES)
    assert set(published.WILDCARDS) >= {"problem.*", "change.*", "alert.*"}


def test_nothing_is_put_in_line_where_nobody_listens(desk, ticket):
    ticket()
    sweeps.run_due()
    assert not Delivery.objects.exists()
    assert not OutgoingMessage.objects.filter(topic="webhook").exists()
