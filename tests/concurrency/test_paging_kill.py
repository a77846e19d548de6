"""kill -9 at each step of a running escalation: every step once, and one honest repeat with the same Message-ID.

A real worker process, a real SMTP server and a real chat server, a real database file (or PostgreSQL).
"""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from core.common import clock
from core.outbox.models import OutgoingMessage
from escalation import operations
from escalation.models import Page, PageNotice
from escalation.paging_rules import Step, Target
from tests.concurrency import workers
from tests.receivers import Receiver, receiver

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
State = OutgoingMessage.State
NEAR = {"DESK_ALLOWED_TARGETS": "127.0.0.1"}  # where the chat server of the test is


@pytest.fixture
def chat(settings: Any) -> Iterator[Receiver]:
    with receiver() as found:
        settings.ALLOWED_TARGETS = frozenset({found.name})
        yield found


@pytest.fixture
def running(eli: Any, lea: Any, max: Any, ana: Any, chat: Receiver, by: Any) -> Page:
    """Started 6 minutes ago, its first step told; the second step (mail and a chat) is due."""
    team = operations.create_team(name="Payments", tier=2, lead=lea, manager=max, by=by(max))
    operations.add_channel(transport="slack", url=chat.url, person=lea, by=by(lea))
    steps = [Step(5, (Target("person", person=person.pk),)) for person in (eli, lea, max)]
    policy = operations.create_policy(team=team, name="Default", steps=steps, by=by(max))
    with time_machine.travel(clock.now() - timedelta(minutes=6), tick=False):
        page = operations.page(policy=policy, reason="Cards fail.", by=by(ana))
    OutgoingMessage.objects.update(state=State.SENT, due_at=None)
    return page


def tick(port: int, fault: str = "") -> int:
    return workers.tick(fault, port=port, **NEAR)


def minutes_pass() -> None:
    """The wait of the present step is over, and so is every lease that a dead worker left."""
    Page.objects.filter(next_step_at__isnull=False).update(next_step_at=clock.now())
    OutgoingMessage.objects.filter(state=State.SENDING).update(due_at=clock.now())


def ledger(page: Page) -> list[tuple[int, str, str]]:
    rows = page.notices.filter(kind=PageNotice.Kind.STEP).order_by("step", "channel")
    return [(step, name, channel.partition(":")[0]) for step, name, channel in rows.values_list(
        "step", "person__username", "channel"
    )]  # fmt: skip


@pytest.mark.parametrize("point", ["paging.after_claim", "paging.after_notices"])
def test_killed_inside_a_step_nothing_of_it_happened(point, running, smtp, chat):
    sink, port = smtp

    assert tick(port, point) == -signal.SIGKILL

    running.refresh_from_db()
    assert (running.step, ledger(running)) == (1, [(1, "eli", "email")])
    assert (sink.accepted, chat.got) == ([], [])
    assert tick(port) == 0
    assert ledger(running) == [(1, "eli", "email"), (2, "lea", "channel"), (2, "lea", "email")]
    assert ([to for to, _ in sink.accepted], len(chat.got)) == (["lea@desk.example"], 1)


@pytest.mark.parametrize(
    ("point", "repeated"),
    [
        ("paging.after_claim", 0),
        ("paging.after_notices", 0),
        ("outbox.after_claim", 0),
        ("outbox.after_send", 1),  # they have accepted, we have not marked: the one honest repeat
        ("outbox.after_mark", 0),
    ],
)
def test_killed_at_every_step_each_step_is_told_once(point, repeated, running, smtp, chat):
    """The worker dies at the same point of the second and of the third step, and another one takes over."""
    sink, port = smtp

    for _ in range(2):
        assert tick(port, point) == -signal.SIGKILL
        OutgoingMessage.objects.filter(state=State.SENDING).update(due_at=clock.now())
        assert tick(port) == 0
        minutes_pass()

    assert ledger(running) == [
        (1, "eli", "email"), (2, "lea", "channel"), (2, "lea", "email"), (3, "max", "email"),
    ]  # fmt: skip
    received = Counter(sink.accepted)
    assert sorted({to for to, _ in received}) == ["lea@desk.example", "max@desk.example"]
    assert len(received) == 2  # a repeat carries the same id
    assert sum(received.values()) + len(chat.got) == 3 + 2 * repeated
    assert OutgoingMessage.objects.filter(state=State.SENT).count() == 4


def test_three_workers_and_as_many_beats_tell_each_step_once(running, smtp, chat):
    sink, port = smtp

    for _ in range(2):
        for process in [workers.worker(port=port, **NEAR) for _ in range(3)]:
            _, errors = process.communicate(timeout=workers.LONGEST)
            assert process.returncode == 0, errors.decode()
        minutes_pass()

    assert [step for step, _, _ in ledger(running)] == [1, 2, 2, 3]
    assert sorted(to for to, _ in sink.accepted) == ["lea@desk.example", "max@desk.example"]
    assert len(chat.got) == 1
