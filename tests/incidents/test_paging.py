"""Declaring an incident pages whoever asked for it; restoring the service stops the calls."""

from __future__ import annotations

from datetime import time
from types import SimpleNamespace
from typing import Any

import pytest

from catalogue.models import Application, Component
from core.common import clock
from core.timers import sweeps
from escalation import operations as escalation
from escalation.models import EscalationPolicy, Page, Team
from escalation.paging_rules import Step, Target
from incidents import operations as incidents
from tests.world import by

pytestmark = pytest.mark.django_db
OnIncident = EscalationPolicy.OnIncident


@pytest.fixture
def desk(ana: Any, eli: Any, lea: Any, ira: Any, max: Any) -> SimpleNamespace:
    """Ira is the commander on duty; Payments (eli) owns the gateway, Platform (lea) the database."""
    shop = Application.objects.create(slug="shop", name="Shop")
    gateway = Component.objects.create(application=shop, slug="gateway", name="Gateway")
    database = Component.objects.create(application=shop, slug="database", name="Database")
    boss = by(max)
    command = escalation.create_team(name="Incident command", tier=2, members=[ira], by=boss)
    escalation.create_rotation(
        team=command, name="Duty", people=[ira], start=clock.now().date(), handoff_time=time(0), by=boss
    )
    for name, lead, owned in (("Payments", eli, gateway), ("Platform", lea, database)):
        team = escalation.create_team(name=name, tier=2, lead=lead, components=[owned], by=boss)
        policy(team, "lead", OnIncident.OWNED, boss)
    policy(command, "on_call", OnIncident.ANY, boss)
    return SimpleNamespace(
        shop=shop, gateway=gateway, database=database, ana=by(ana), ira=by(ira), command=command
    )


def policy(team: Team, kind: str, on_incident: str, boss: Any) -> None:
    escalation.create_policy(
        team=team, name="Default", steps=[Step(5, (Target(kind),))], on_incident=on_incident, by=boss
    )


def told() -> list[str]:
    rows = Page.objects.order_by("notices__person__username").filter(notices__kind="step")
    return list(rows.values_list("notices__person__username", flat=True))


def test_the_commander_on_duty_and_who_owns_it_are_paged_once(desk):
    incidents.declare(title="Cards fail", components=[desk.gateway], by=desk.ana)
    sweeps.run_due()
    sweeps.run_due()
    assert told() == ["eli", "ira"]


def test_without_a_component_everybody_who_owns_a_part_of_the_application(desk):
    incidents.declare(title="Shop is down", applications=[desk.shop], by=desk.ana)
    sweeps.run_due()
    assert told() == ["eli", "ira", "lea"]


def test_without_anything_named_only_the_commander(desk):
    incidents.declare(title="Something is down", by=desk.ana)
    sweeps.run_due()
    assert told() == ["ira"]


def test_who_was_paged_and_who_answered_stands_on_the_timeline(desk):
    incident = incidents.declare(title="Something is down", by=desk.ana)
    sweeps.run_due()
    page = Page.objects.get()
    escalation.acknowledge(page.reference, by=desk.ira)
    sweeps.run_due()
    lines = [
        line
        for line in incident.timeline.order_by("id").values_list("body", "author_label")
        if "PAGE" in line[0]
    ]
    assert lines == [
        (f"Pages Incident command with {page.reference}: An incident was declared.", "Service desk"),
        (
            f"Paged Ira Ivers (on call for Incident command) by e-mail with {page.reference}, step 1",
            "Service desk",
        ),
        (f"Acknowledged {page.reference}", "Ira Ivers"),
    ]


def test_restored_is_the_end_of_all_calls(desk):
    incident = incidents.declare(title="Something is down", severity="SEV2", by=desk.ana)
    sweeps.run_due()
    incidents.declare_restored(incident.reference, body="It works again.", by=desk.ira)
    sweeps.run_due()
    page = Page.objects.get()
    assert (page.state, page.next_step_at) == (Page.State.RESOLVED, None)


def test_paging_from_an_incident_goes_to_who_owns_it(desk):
    incident = incidents.declare(title="Cards fail", components=[desk.database], by=desk.ana)
    page = escalation.page(about=incident.reference, reason="Look at the pool.", by=desk.ana)
    assert page.team.name == "Platform"
