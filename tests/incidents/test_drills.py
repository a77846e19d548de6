"""An exercise is told to nobody outside, counts nowhere, and says what it is wherever it is seen."""

from __future__ import annotations

import pytest

from core.common import clock
from core.common.errors import RuleBroken
from core.outbox.models import OutgoingMessage
from core.search.queries import find
from core.timers import sweeps
from customers.models import Subscription
from escalation.models import Page
from incidents import operations, queries
from incidents.models import Incident, Update
from reports.queries import live_incidents
from servicedesk.live import live_incident
from tests.incidents.conftest import at

pytestmark = pytest.mark.django_db


@pytest.fixture
def drill(traveller, ira, eli, casey, by, payments, acme, stakeholders) -> Incident:
    """Payments are said to fail; Eli and Casey are subscribed beside the two stakeholders."""
    Subscription.objects.create(user=eli, application=payments)
    Subscription.objects.create(user=casey, application=payments)
    Subscription.objects.create(user=casey, organisation=acme)
    return operations.declare(
        title="Card payments fail", applications=[payments], organisations=[acme], drill=True, by=by(ira)
    )


def test_only_people_of_the_desk_are_told_and_the_subject_says_so(drill, ira, by, run_until):
    run_until("10:03", "10:20")
    operations.send_update(drill.reference, what="Node 3", affected="Shops.", by=by(ira))
    operations.declare_restored(drill.reference, body="Works.", severity="SEV2", by=by(ira))
    sweeps.run_due()

    told = list(OutgoingMessage.objects.exclude(state="dropped"))
    assert {message.to for message in told} == {"eli@desk.example", "ira@desk.example"}
    assert all(message.subject.startswith(f"[DRILL] [{drill.reference}]") for message in told)
    assert all(message.text.startswith("This is an exercise.") for message in told)
    assert not Page.objects.exists()


def test_nobody_outside_is_put_on_its_list(drill, ira, casey, by):
    for who in ({"email": "new@firm.example"}, {"person": casey}):
        with pytest.raises(RuleBroken, match="exercise"):
            operations.subscribe(drill.reference, **who, by=by(ira))


def test_it_counts_nowhere_and_comes_last_in_the_bar(drill, ira, by, payments):
    me = by(ira)
    assert live_incidents(me).count == 0
    shown = live_incident(me)
    assert (shown.drill, shown.major, shown.title) == (True, False, "[DRILL] Card payments fail")

    real = operations.declare(title="Search is slow", severity="SEV4", by=me)

    assert live_incident(me).reference == real.reference
    assert live_incidents(me).count == 1


def test_a_late_exercise_alarms_nobody(drill, traveller):
    traveller.move_to(at("10:30"))

    assert not queries.late_updates().exists()


def test_every_page_that_names_it_says_so(client, drill, ira, by):
    operations.take_role(drill.reference, role="commander", by=by(ira))
    client.force_login(ira)

    for path in (f"/incidents/{drill.reference}/", "/incidents/", "/my/", "/tickets/"):
        page = client.get(path).content.decode()
        assert "[DRILL]" in page or "Exercise" in page, path
    assert find("card", by(ira))[0].title == "[DRILL] Card payments fail"


def test_the_api_declares_finds_and_leaves_out(api, payments):
    ira = api("ira")
    made = ira.post("/incidents/", {"title": "Practice", "drill": True}).json()
    ira.post("/incidents/", {"title": "Tills are dead"})

    assert made["drill"] is True
    assert [row["title"] for row in ira.get("/incidents/?drill=false").json()["results"]] == [
        "Tills are dead"
    ]
    assert ira.patch(f"/incidents/{made['reference']}/", {"drill": False}).status_code == 400


def test_that_its_updates_do_not_go_out_says_what_it_is_too(drill, traveller):
    traveller.move_to(at("10:16"))
    operations.check_delivery(Update.objects.get(), clock.now())
    message = OutgoingMessage.objects.filter(topic="incident.undelivered").first()
    assert message.subject.startswith(f"[DRILL] [{drill.reference}]")
    assert message.text.startswith("This is an exercise.")
