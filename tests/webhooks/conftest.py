"""A small desk with two receivers beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from core.timers import sweeps
from tests import world as worlds
from tests.receivers import Got, Receiver, receiver
from tickets import operations as tickets
from tickets.models import Ticket
from webhooks import operations
from webhooks.models import Webhook


@pytest.fixture
def desk(db: None, tmp_path: Path, settings: Any) -> SimpleNamespace:
    """People, customers, teams; no work yet."""
    settings.FILES_DIR = tmp_path
    return worlds.ground()


@pytest.fixture
def other(settings: Any) -> Iterator[Receiver]:
    with receiver() as found:
        settings.ALLOWED_TARGETS = frozenset({found.name})
        yield found


@pytest.fixture
def third(settings: Any, other: Receiver) -> Iterator[Receiver]:
    """One more, beside `other`."""
    with receiver() as found:
        settings.ALLOWED_TARGETS = settings.ALLOWED_TARGETS | {found.name}
        yield found


@pytest.fixture
def hook(desk: SimpleNamespace) -> Callable[..., operations.Made]:
    """`hook(receiver, "ticket.*")` made by root."""

    def make(to: Receiver, *events: str, who: str = "root", **more: Any) -> operations.Made:
        by = worlds.by(desk.people[who])
        return operations.create(name="Register", url=to.url, events=list(events), by=by, **more)

    return make


@pytest.fixture
def ticket(desk: SimpleNamespace) -> Callable[..., Ticket]:
    def make(subject: str = "Cards fail", **more: Any) -> Ticket:
        ana = worlds.by(desk.people["ana"])
        return tickets.create(subject=subject, requester=desk.casey, component=desk.gateway, by=ana, **more)

    return make


def told(got: list[Got]) -> list[tuple[str, str, str]]:
    """(type, reference, action) of each request, in the order in which they came."""
    return [(one.json["type"], one.json["data"]["reference"], one.json["data"]["action"]) for one in got]


def tick() -> None:
    """Whatever is due now, to the end: one event of a line makes the next one due."""
    while any(outcome.done for outcome in sweeps.run_due().values()):
        pass


def fresh(webhook: Webhook) -> Webhook:
    return Webhook.objects.select_related("owner", "endpoint").get(pk=webhook.pk)
