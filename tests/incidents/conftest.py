"""A small world: one application with two subscribers, and a default list of one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine

from catalogue.models import Application, Component, Region
from core.accounts.models import User
from core.common.actor import Actor
from core.outbox.models import OutgoingMessage
from core.timers import sweeps
from customers.models import Organisation, Subscription
from incidents import operations
from incidents.models import Incident
from tests.api.conftest import api  # noqa: F401 - the fixture of the API's clients


def at(clock: str) -> datetime:
    """A moment of the day on which these stories play, in UTC."""
    hours, minutes = map(int, clock.split(":"))
    return datetime(2026, 3, 2, hours, minutes, tzinfo=UTC)


@pytest.fixture
def traveller() -> Iterator[Any]:
    """The clock stands at 10:02 until it is moved with move_to."""
    with time_machine.travel(at("10:02"), tick=False) as traveller:
        yield traveller


@pytest.fixture
def payments(db: None) -> Application:
    return Application.objects.create(slug="payments", name="Payments")


@pytest.fixture
def gateway(payments: Application) -> Component:
    return Component.objects.create(application=payments, slug="gateway", name="Gateway")


@pytest.fixture
def eu_west(db: None) -> Region:
    return Region.objects.create(slug="eu-west", name="EU West")


@pytest.fixture
def acme(db: None) -> Organisation:
    return Organisation.objects.create(slug="acme", name="Acme")


@pytest.fixture
def stakeholders(payments: Application) -> list[str]:
    """Two people who want to hear about Payments, and one who hears about what names no application."""
    addresses = ["boss@firm.example", "shop@firm.example"]
    for address in addresses:
        Subscription.objects.create(email=address, application=payments)
    Subscription.objects.create(email="all@firm.example")
    return addresses


@pytest.fixture
def declared(
    traveller: Any, ira: User, by: Callable[..., Actor], payments: Application, stakeholders: list[str]
) -> Incident:
    """Payments fail; Ira declared it at 10:02."""
    return operations.declare(title="Card payments fail", applications=[payments], by=by(ira))


@pytest.fixture
def run_until(traveller: Any) -> Callable[[str, str], None]:
    """`run_until("10:02", "10:20")`: the workers tick every minute of that time."""

    def run(start: str, end: str) -> None:
        minute = at(start)
        while minute <= at(end):
            traveller.move_to(minute)
            sweeps.run_due()
            minute += at("00:01") - at("00:00")

    return run


def mails(topic: str = "incident.update") -> list[tuple[str, str]]:
    """(time of queueing, recipient) of every message of a topic."""
    found = OutgoingMessage.objects.filter(topic=topic).order_by("id")
    return [(f"{message.created_at:%H:%M}", message.to) for message in found]


def finish(ref: str, by: Actor) -> None:
    """What a restored SEV1 or SEV2 incident needs before it is closed."""
    operations.assess_impact(ref, no_impact=True, reason="A queue held it.", by=by)
    operations.begin_postmortem(ref, by=by)
    text = {
        "summary": "Cards failed.",
        "root_cause": "A pool ran dry.",
        "no_actions_reason": "It is repaired.",
    }
    operations.edit_postmortem(ref, changes=text, by=by)
    operations.publish_postmortem(ref, by=by)
