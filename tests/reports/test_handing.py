"""What handing on costs, and what has no SOP."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from escalation.models import Team
from sla.defaults import ensure_defaults
from tests.world import HANDOFF
from tickets import operations
from tickets.rules import Handoff

pytestmark = [pytest.mark.django_db, pytest.mark.everywhere]
START = datetime(2026, 11, 23, 9, tzinfo=UTC)


@pytest.fixture
def told(ticket_of_acme, by, ana, eli):
    """Handed up at 9:00, back at 11:00 with nothing done, up again, and back after a note."""
    ref = ticket_of_acme.reference
    with time_machine.travel(START, tick=False) as machine:
        operations.escalate(ref, from_tier=1, handoff=HANDOFF, by=by(ana))
        machine.shift(timedelta(hours=2))
        operations.hand_back(ref, from_tier=2, reason="Not ours", next="Ask", by=by(eli))
        machine.shift(timedelta(minutes=5))
        operations.reply(ref, body="Asked them.", public=False, by=by(ana))
        operations.escalate(ref, from_tier=1, handoff=Handoff("s", "b", "t", sop="SOP-1"), by=by(ana))
        machine.shift(timedelta(hours=3))
        operations.reply(ref, body="It is the pool.", public=False, by=by(eli))
        operations.hand_back(ref, from_tier=2, reason="Done", next="Tell them", by=by(eli))
        yield ref


@pytest.fixture
def ticket_of_acme(ana, eli, by):
    from_team = {"review_due": "2030-01-01"}
    Team.objects.create(slug="front", name="Front line", tier=1, **from_team)
    Team.objects.create(slug="payments", name="Payments", tier=2, **from_team)
    ensure_defaults()
    with time_machine.travel(START - timedelta(hours=1), tick=False):
        return operations.create(subject="Cards fail", by=by(ana))


def test_the_bill_counts_what_was_passed_on_without_work(told, client, max):
    client.force_login(max)
    page = client.get("/dashboard/hand-offs/?period=7d").content.decode()
    assert "Front line to Payments" in page and "2 h</b>" in page
    assert page.count(f"/tickets/{told}/") == 1
    lines = client.get("/dashboard/hand-offs/?csv=1").getvalue().decode().splitlines()
    assert (
        len(lines) == 2
        and lines[1].startswith(f"{told},Front line,Payments,Front line,")
        and lines[1].endswith(",120")
    )


@pytest.mark.parametrize(("seconds", "listed"), [(30, 0), (31, 1)])
def test_what_was_passed_on_at_once_lost_nothing(ticket_of_acme, by, ana, eli, client, max, seconds, listed):
    ref = ticket_of_acme.reference
    with time_machine.travel(START, tick=False) as machine:
        operations.escalate(ref, from_tier=1, handoff=HANDOFF, by=by(ana))
        machine.shift(timedelta(seconds=seconds))
        operations.hand_back(ref, from_tier=2, reason="Not ours", next="Ask", by=by(eli))
        machine.shift(timedelta(minutes=1))
        client.force_login(max)
        lines = client.get("/dashboard/hand-offs/?csv=1").getvalue().decode().splitlines()
    assert len(lines) == 1 + listed


def test_what_has_no_sop_is_listed_by_application_and_area(told, client, ana):
    client.force_login(ana)
    page = client.get("/dashboard/no-sop/").content.decode()
    assert "1 hand-off in which" in page and "No application" in page and HANDOFF.summary in page
    assert HANDOFF.summary not in client.get("/dashboard/no-sop/?area=network").content.decode()
