"""Roles: taken in one click, handed over with a note; who had which when."""

from __future__ import annotations

import pytest

from core.audit import words
from core.audit.models import Event
from core.common.errors import Conflict, RuleBroken
from core.outbox.models import OutgoingMessage
from core.timers import sweeps
from incidents import operations
from incidents.models import RoleHolding
from tests.incidents.conftest import at, mails

pytestmark = [pytest.mark.django_db, pytest.mark.everywhere]


def held(incident):
    rows = incident.holdings.order_by("id")
    return [(row.role, row.person.username, row.until is None) for row in rows]


def test_a_hand_over_is_in_the_history_on_the_timeline_and_in_a_mail(declared, traveller, ira, eli, by):
    operations.take_role(declared.reference, role="commander", by=by(ira))
    traveller.move_to(at("10:10"))

    handed = operations.hand_over(
        declared.reference, role="commander", to=eli, note="Node 3 is drained.", by=by(ira)
    )

    assert handed.commander == eli
    assert held(declared) == [("commander", "ira", False), ("commander", "eli", True)]
    assert declared.holdings.get(person=ira).until == at("10:10")
    assert mails("incident.role") == [("10:10", "eli@desk.example")]
    mail = OutgoingMessage.objects.get(topic="incident.role")
    assert mail.subject == f"[{declared.reference}] You are commander: Card payments fail"
    assert "Node 3 is drained." in mail.text
    entry = declared.timeline.latest("id")
    assert entry.body == "Made Eli Engel commander after Ira Ivers: Node 3 is drained."
    event = Event.objects.get(name="incident.role_handed_over")
    assert words.sentence(event) == "made Eli Engel commander: Node 3 is drained."


def test_who_takes_a_role_is_not_told_by_mail(declared, ira, by):
    operations.take_role(declared.reference, role="scribe", by=by(ira))

    assert mails("incident.role") == []
    assert held(declared) == [("scribe", "ira", True)]


def test_a_hand_over_needs_a_note_a_holder_and_another_person(declared, ira, eli, casey, by):
    ref, me = declared.reference, by(ira)
    with pytest.raises(Conflict, match="Nobody is commander yet"):
        operations.hand_over(ref, role="commander", to=eli, note="n", by=me)
    operations.take_role(ref, role="commander", by=me)

    with pytest.raises(RuleBroken, match="must know"):
        operations.hand_over(ref, role="commander", to=eli, note=" ", by=me)
    with pytest.raises(Conflict, match="already"):
        operations.hand_over(ref, role="commander", to=ira, note="n", by=me)
    with pytest.raises(RuleBroken, match="does not work on this desk"):
        operations.hand_over(ref, role="commander", to=casey, note="n", by=me)
    assert held(declared) == [("commander", "ira", True)]


def test_a_role_that_went_on_before_the_mail_left_is_not_told(declared, ira, eli, lea, by):
    operations.assign_roles(declared.reference, commander=eli, by=by(ira))
    operations.hand_over(declared.reference, role="commander", to=lea, note="You know it.", by=by(ira))

    sweeps.run("outbox")

    states = dict(OutgoingMessage.objects.filter(topic="incident.role").values_list("to", "state"))
    assert states == {"eli@desk.example": "dropped", "lea@desk.example": "sent"}


def test_a_cleared_role_ends_its_holding(declared, ira, by):
    operations.take_role(declared.reference, role="commander", by=by(ira))
    operations.assign_roles(declared.reference, commander=None, note="Shift over", by=by(ira))

    assert held(declared) == [("commander", "ira", False)]
    assert declared.timeline.latest("id").body == "Left nobody as commander: Shift over"


def test_the_page_hands_over_without_script_and_keeps_the_note(client, declared, ira, eli, by):
    operations.take_role(declared.reference, role="scribe", by=by(ira))
    client.force_login(ira)
    url = f"/incidents/{declared.reference}/"

    asked = client.get(f"{url}?open=hand_over&role=scribe").content.decode()
    assert '<dialog id="hand_over" aria-labelledby="hand_over-t" open>' in asked
    assert '<option value="scribe" selected>' in asked
    failed = client.post(f"{url}hand_over/", {"role": "scribe", "to": "", "note": "Typed at length"})
    assert failed.status_code == 422 and "Typed at length" in failed.content.decode()
    done = client.post(f"{url}hand_over/", {"role": "scribe", "to": "eli", "note": "Yours"}, follow=True)

    assert RoleHolding.objects.get(until=None).person == eli
    assert "Who had it when" in done.content.decode()
    assert "Yours" in client.get(f"{url}?open=holdings").content.decode().partition('id="held"')[2][:2000]


def test_the_api_takes_hands_over_and_tells_who_had_what(api, ira, eli):
    made = api("ira").post("/incidents/", {"title": "Tills are dead"}).json()["reference"]
    url = f"/incidents/{made}/"

    assert api("ira").post(f"{url}take_role/", {"role": "commander"}).json()["commander"] == "ira"
    assert api("eli").post(f"{url}take_role/", {"role": "commander"}).status_code == 409
    handed = api("ira").post(f"{url}hand_over/", {"role": "commander", "to": "eli", "note": "Yours"})
    assert handed.json()["commander"] == "eli"
    rows = api("ira").get(f"{url}roles/").json()["results"]
    assert [(row["person"], row["until"] is None, row["note"]) for row in rows] == [
        ("ira", False, ""), ("eli", True, "Yours"),
    ]  # fmt: skip
