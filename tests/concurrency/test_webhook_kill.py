"""Webhooks under kill -9 and under several workers: every event arrives, in order per object, repeats by the same id.

Real worker processes, a real HTTP receiver, a real database file (or PostgreSQL).
"""

from __future__ import annotations

import signal
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.common import clock
from core.outbox.models import OutgoingMessage
from tests import world as worlds
from tests.concurrency.workers import tick, worker
from tests.receivers import Receiver, receiver
from tickets import operations as tickets
from webhooks import operations
from webhooks.models import Delivery

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
State = OutgoingMessage.State


@pytest.fixture
def other(settings: Any) -> Iterator[Receiver]:
    with receiver() as found:
        settings.ALLOWED_TARGETS = frozenset({found.name})
        yield found


@pytest.fixture
def refs(transactional_db: None, other: Receiver, tmp_path: Path, settings: Any) -> list[str]:
    """Four tickets with four events each, of which one webhook is to be told."""
    settings.FILES_DIR = tmp_path
    w = worlds.ground()
    ana, root = worlds.by(w.people["ana"]), worlds.by(w.people["root"])
    operations.create(name="Register", url=other.url, events=["ticket.*"], by=root)
    made = [
        tickets.create(subject=f"No {n}", requester=w.casey, component=w.gateway, by=ana) for n in range(4)
    ]
    for ticket in made:
        tickets.take(ticket.reference, by=ana)
        tickets.reply(ticket.reference, body="On it.", public=True, by=ana)
        tickets.escalate(ticket.reference, from_tier=1, handoff=worlds.HANDOFF, by=ana)
    return [ticket.reference for ticket in made]


def leases_run_out() -> None:
    OutgoingMessage.objects.filter(state=State.SENDING).update(due_at=clock.now())


def only_webhooks_are_due(other: Receiver) -> None:
    """So that the named point is met by a webhook: the mails are gone, each first event was refused once."""
    other.then = (503, {}, b"")
    assert tick(DESK_ALLOWED_TARGETS=other.name) == 0
    OutgoingMessage.objects.filter(topic="webhook").exclude(due_at=None).update(due_at=clock.now())
    other.then = (200, {}, b"ok")
    other.got.clear()


def until_told(other: Receiver, **more: Any) -> None:
    for _ in range(12):
        assert tick(DESK_ALLOWED_TARGETS=other.name, **more) == 0
        if not Delivery.objects.unfinished().exists():
            return
    raise AssertionError("Something is still on its way.")


def check(other: Receiver, refs: list[str], repeats: int) -> None:
    ids: dict[str, list[str]] = defaultdict(list)
    actions: dict[str, list[str]] = defaultdict(list)
    for got in other.got:
        data = got.json["data"]
        if got.headers["webhook-id"] not in ids[data["reference"]]:
            ids[data["reference"]].append(got.headers["webhook-id"])
            actions[data["reference"]].append(data["action"])
    assert actions == {ref: ["created", "taken", "replied", "escalated"] for ref in refs}
    assert len(other.got) == 4 * len(refs) + repeats
    assert set(Delivery.objects.values_list("state", flat=True)) == {"delivered"}


@pytest.mark.parametrize(
    ("point", "repeats"),
    [
        ("audit.delivery.committed:5", 0),
        ("webhooks.line.committed:2", 0),
        ("outbox.after_claim:2", 0),
        ("outbox.after_send:2", 1),  # the receiver has said 200, we have not marked it
        ("outbox.after_mark:2", 0),
    ],
)
def test_a_killed_worker_loses_nothing_and_repeats_by_the_same_id(point, repeats, refs, other):
    if point.startswith("outbox"):
        only_webhooks_are_due(other)
    assert tick(point, DESK_ALLOWED_TARGETS=other.name) == -signal.SIGKILL
    leases_run_out()
    until_told(other)
    check(other, refs, repeats)


def test_three_workers_with_many_hands_keep_the_order(refs, other):
    for _ in range(8):
        running = [worker(connections=4, DESK_ALLOWED_TARGETS=other.name) for _ in range(3)]
        said = [process.communicate(timeout=120)[1].decode() for process in running]
        assert [process.returncode for process in running] == [0, 0, 0], said
        if not Delivery.objects.unfinished().exists():
            break
    check(other, refs, 0)
