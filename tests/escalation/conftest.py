"""A small directory: Payments owns the gateway at L2, Network has no rotation, Desk takes all at L1."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine

from catalogue.models import Application, Component
from core.accounts.models import User
from core.common.actor import Actor
from escalation import operations

NOON = datetime(2027, 6, 16, 12, tzinfo=UTC)  # a Wednesday


@pytest.fixture
def noon() -> Iterator[Any]:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def house(
    noon: Any, by: Callable[..., Actor], ana: User, eli: User, lea: User, ira: User, max: User
) -> SimpleNamespace:
    """Eli and Lea take weekly turns for Payments; Eli is on call until Monday 21 June 09:00 London."""
    User.objects.filter(pk=eli.pk).update(phone="+44 20 5550 0101")
    User.objects.filter(pk=ira.pk).update(phone="+44 20 5550 0103")
    for person in (eli, ira):
        person.refresh_from_db()
    shop = Application.objects.create(slug="shop", name="Web shop")
    bank = Application.objects.create(slug="bank", name="Core banking")
    gateway = Component.objects.create(application=shop, slug="gateway", name="Payment gateway")
    basket = Component.objects.create(application=shop, slug="basket", name="Basket")
    ledger = Component.objects.create(application=bank, slug="ledger", name="Ledger")
    admin = by(max)
    desk = operations.create_team(name="Service desk", tier=1, members=[ana], by=admin)
    payments = operations.create_team(
        name="Payments engineering",
        slug="payments",
        tier=2,
        scope="Card payments, settlement files, refunds.",
        not_scope="Portal login.",
        keywords="ERR_CARD_DECLINED gateway timeout",
        zone="Europe/London",
        lead=ira,
        manager=max,
        owner=ira,
        members=[eli, lea, ira],
        components=[gateway],
        by=admin,
    )
    network = operations.create_team(
        name="Network",
        tier=2,
        scope="Routes between sites; not load balancers",
        phone="+44 20 5550 0900",
        by=admin,
    )
    rotation = operations.create_rotation(
        team=payments,
        name="Primary",
        people=[eli, lea],
        start=date(2027, 6, 14),
        handoff_time=time(9),
        by=admin,
    )
    return SimpleNamespace(**{name: value for name, value in locals().items() if name not in ("by", "noon")})
