from types import SimpleNamespace

import pytest

from catalogue.models import Application, Component
from core.common.actor import Door
from customers.models import Contact, Organisation
from escalation.models import Team
from sla.defaults import ensure_defaults
from tickets import operations


@pytest.fixture
def desk(ana, eli, lea, max_, casey, drew):
    """Two customers, one application, three tiers, the default service levels."""
    ensure_defaults()
    payments = Application.objects.create(slug="payments", name="Payments")
    gateway = Component.objects.create(application=payments, slug="gateway", name="Gateway")
    teams = [
        Team.objects.create(
            slug=f"team-{n}", name=name, tier=n, lead=lead, manager=max_, review_due="2030-01-01"
        )
        for n, (name, lead) in enumerate([("Front line", ana), ("Payments", eli), ("Platform", lea)], start=1)
    ]
    acme = Organisation.objects.create(slug="acme", name="Acme", tier="strategic", timezone="Europe/Paris")
    bolt = Organisation.objects.create(slug="bolt", name="Bolt", tier="standard")
    return SimpleNamespace(
        payments=payments,
        gateway=gateway,
        teams=teams,
        acme=acme,
        bolt=bolt,
        casey=Contact.objects.create(organisation=acme, user=casey, name="Casey Cole", email=casey.email),
        drew=Contact.objects.create(organisation=bolt, user=drew, name="Drew Dahl", email=drew.email),
    )


@pytest.fixture
def max_(max):
    return max


@pytest.fixture
def ticket(desk, ana, by):
    """A new P2 ticket of Acme about the gateway."""
    return operations.create(
        subject="Card payments rejected",
        description="Since 14:02 every card fails.",
        requester=desk.casey,
        component=desk.gateway,
        by=by(ana, Door.WEB),
    )
