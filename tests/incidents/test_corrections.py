"""What was sent and is wrong: corrected to those who got it, or reworded on the pages alone."""

import threading

import pytest
from django.db import connection
from django.test import Client

from catalogue.models import Component
from core.audit import trail
from core.common import clock
from core.common.errors import Conflict, Invalid, NotAllowed, NotFound, RuleBroken
from core.outbox.models import OutgoingMessage
from customers.models import Subscription
from incidents import cadence, operations, queries
from incidents.models import UpdateRevision
from portal import status
from tests.incidents.conftest import at, finish

pytestmark = [pytest.mark.django_db, pytest.mark.everywhere]

HOLDS = {"what": "Cards fail in France.", "affected": "Shops in France."}


@pytest.fixture
def sent(declared, traveller, ira, by):
    """Update 2 went out at 10:05 to the two, with a wording for outside."""
    Subscription.objects.create(email="out@firm.example", incident_id=declared.pk, audience="external")
    traveller.move_to(at("10:05"))
    operations.send_update(
        declared.reference, what="Cards fail in Ireland.", affected="Shops in Ireland.",
        wordings={"external": {"what": "Some cards fail in Ireland."}}, by=by(ira),
    )  # fmt: skip
    traveller.move_to(at("10:10"))
    declared.refresh_from_db()
    return declared


def correct(incident, actor, number=2, **more):
    return operations.correct(
        incident.reference, number=number, wrong="It is France, not Ireland.", **{**HOLDS, **more}, by=actor
    )


def texts(number):
    return dict(OutgoingMessage.objects.filter(about_version=number).values_list("to", "text"))


# --- corrections ------------------------------------------------------------------------------------------
def test_a_correction_says_what_was_wrong_and_what_holds_to_those_who_got_it(sent, ira, by):
    Subscription.objects.create(email="new@firm.example", incident_id=sent.pk)
    made = correct(sent, by(ira), wordings={"external": {"what": "Some cards fail in France."}})

    told = texts(3)
    assert sorted(told) == [
        "boss@firm.example",
        "out@firm.example",
        "shop@firm.example",
    ]  # not who came later
    boss = " ".join(told["boss@firm.example"].split())
    assert "Update 2 of 10:05 UTC was wrong." in boss and "It is France, not Ireland." in boss
    assert "Cards fail in France." in boss
    assert "Some cards fail in France." in told["out@firm.example"]
    assert (made.kind, made.corrects.number, made.recipients) == ("correction", 2, 3)


def test_a_correction_moves_no_due_moment_and_answers_none(sent, ira, by):
    made = correct(sent, by(ira))

    sent.refresh_from_db()
    assert sent.next_update_due_at == at("10:20")
    assert made.due_at is None and made.next_due_at == at("10:20")
    assert "Next update 10:20 UTC." in texts(3)["boss@firm.example"]


def test_what_is_known_from_then_on_is_what_the_correction_says(sent, run_until, ira, by):
    correct(sent, by(ira))
    run_until("10:20", "10:20")

    held = texts(4)["boss@firm.example"]
    assert "Shops in France." in held and "Ireland" not in held


def test_the_correction_of_an_older_update_does_not_outdate_a_newer_one(sent, ira, by):
    operations.send_update(sent.reference, what="Half of them work.", affected="Few shops.", by=by(ira))
    correct(sent, by(ira))

    assert queries.last_written(sent).number == 3


def test_the_wrong_one_that_still_waits_is_dropped_and_a_newer_one_is_not(sent, ira, by):
    operations.send_update(sent.reference, what="Half of them work.", affected="Few shops.", by=by(ira))
    correct(sent, by(ira))

    wrong, newer = (OutgoingMessage.objects.filter(about_version=number).first() for number in (2, 3))
    assert "Overruled by update 4" in cadence.outdated_update(wrong)
    assert cadence.outdated_update(newer) is None


def test_a_correction_is_corrected_and_what_it_said_falls(sent, ira, by):
    correct(sent, by(ira))
    again = correct(sent, by(ira), number=3, what="Cards fail in Spain.")

    assert again.corrects.number == 2
    assert queries.last_written(sent).number == 4
    assert "update 4" in cadence.outdated_update(OutgoingMessage.objects.filter(about_version=3).last())


def test_a_correction_says_both_things_and_names_nothing_internal(sent, gateway, ira, by):
    for missing in ({"wrong": " "}, {"what": ""}, {"affected": ""}):
        with pytest.raises(RuleBroken):
            operations.correct(sent.reference, **{"number": 2, "wrong": "x", **HOLDS, **missing}, by=by(ira))
    with pytest.raises(Invalid) as refused:
        operations.correct(
            sent.reference, number=2, wrong="Gateway works", **HOLDS,
            wordings={"external": {"what": "Some cards fail."}}, by=by(ira),
        )  # fmt: skip
    assert list(refused.value.errors) == ["wrong"]
    with pytest.raises(NotFound):
        correct(sent, by(ira), number=9)


def test_after_the_restoration_it_can_be_corrected_and_stays_restored(sent, ira, by):
    operations.declare_restored(sent.reference, body="All works since 10:00.", severity="SEV2", by=by(ira))
    operations.correct(
        sent.reference, number=3, wrong="It was 10:08.", what="All works since 10:08.", by=by(ira)
    )

    sent.refresh_from_db()
    assert (sent.status, sent.next_update_due_at) == ("restored", None)
    assert "The service was restored" in texts(4)["boss@firm.example"]
    finish(sent.reference, by(ira))
    operations.close(sent.reference, by=by(ira))
    with pytest.raises(Conflict):
        correct(sent, by(ira))


# --- another wording, quietly -----------------------------------------------------------------------------
def test_a_quiet_edit_changes_the_pages_and_sends_nothing(sent, payments, ira, by):
    before = texts(2)
    changed = operations.edit_quietly(
        sent.reference, number=2, what="Cards fail in Cork.", why="The town is known", by=by(ira)
    )

    assert "Cards fail in Cork." in changed.body and "Shops in Ireland." in changed.body
    assert changed.text_for("external").startswith("What is happening\nSome cards fail in Ireland.")
    assert texts(2) == before and sent.updates.count() == 2
    row = UpdateRevision.objects.get()
    assert "Cards fail in Ireland." in row.body
    assert (row.edited_by, row.why, row.edited_at) == (ira, "The town is known", at("10:10"))
    event = trail.history("incident", sent.pk).get(name="incident.update_edited")
    assert event.data["why"] == "The town is known"


def test_the_status_page_shows_the_new_wording_and_says_that_it_was_edited(sent, payments, ira, by):
    payments.__class__.objects.update(public=True)
    operations.edit_quietly(
        sent.reference,
        number=2,
        wordings={"external": {"what": "A few cards fail."}},
        why="Softer",
        by=by(ira),
    )
    told = status.board(clock.now(), internal=False).notices[0].told[0]

    assert told.edited and "A few cards fail." in told.text
    page = Client().get("/status/").content.decode()
    assert "A few cards fail." in page and "edited" in page


def test_the_title_of_the_status_page_names_no_component(payments, ira, by):
    Component.objects.create(application=payments, slug="pg-3", name="pg-3")
    payments.__class__.objects.update(public=True)
    operations.declare(title="pg-3 is down", applications=[payments], by=by(ira))

    assert status.board(clock.now(), internal=False).notices[0].title == "one of its parts is down"


def test_the_next_update_starts_from_the_new_wording(sent, run_until, ira, by):
    operations.edit_quietly(sent.reference, number=2, what="Cards fail in Cork.", why="x", by=by(ira))
    run_until("10:20", "10:20")

    assert "Cards fail in Cork." in texts(3)["boss@firm.example"]


def test_only_who_answers_for_it_edits_quietly(sent, ana, max, eli, ira, by):
    for nobody in (ana, eli):
        with pytest.raises(NotAllowed, match="commands this incident"):
            operations.edit_quietly(sent.reference, number=2, what="x", why="y", by=by(nobody))
    operations.assign_roles(sent.reference, communications_lead=ana, by=by(ira))
    for count, somebody in enumerate((ana, max), start=1):
        changed = operations.edit_quietly(
            sent.reference, number=2, what=f"x{count}", why="y", by=by(somebody)
        )
        assert changed.edits == count


def test_what_the_desk_wrote_is_changed_by_its_body(sent, ira, by):
    changed = operations.edit_quietly(sent.reference, number=1, body="We know.", why="Shorter", by=by(ira))
    assert changed.body == "We know."
    for wrong in ({"what": "x"}, {"body": ""}, {"body": "We know."}):
        with pytest.raises(RuleBroken):
            operations.edit_quietly(sent.reference, number=1, **wrong, why="y", by=by(ira))
    with pytest.raises(RuleBroken):
        operations.edit_quietly(sent.reference, number=2, body="x", why="y", by=by(ira))
    with pytest.raises(RuleBroken, match="why"):
        operations.edit_quietly(sent.reference, number=2, what="x", why=" ", by=by(ira))


def test_a_wording_that_changed_since_is_not_overwritten(sent, ira, by):
    operations.edit_quietly(sent.reference, number=2, what="one", why="x", edits=0, by=by(ira))
    with pytest.raises(Conflict, match="changed a moment ago"):
        operations.edit_quietly(sent.reference, number=2, what="two", why="x", edits=0, by=by(ira))


@pytest.mark.django_db(transaction=True)
def test_of_many_who_edit_at_once_one_does(ira, by, stakeholders, payments):
    incident = operations.declare(title="Cards", applications=[payments], by=by(ira))
    operations.send_update(incident.reference, what="a", affected="b", by=by(ira))
    outcomes = []

    def edit(word):
        try:
            operations.edit_quietly(incident.reference, number=2, what=word, why="x", edits=0, by=by(ira))
            outcomes.append("done")
        except Conflict:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=edit, args=(f"word {n}",)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["done", *["refused"] * 5]
    assert UpdateRevision.objects.count() == 1


# --- page and API -----------------------------------------------------------------------------------------
def test_the_page_corrects_and_edits_and_keeps_what_was_typed(sent, ira):
    client = Client()
    client.force_login(ira)
    url = f"/incidents/{sent.reference}/updates/2/"
    page = client.get(url).content.decode()
    assert "Cards fail in Ireland." in page and "Some cards fail in Ireland." in page

    refused = client.post(f"{url}correct/", {"wrong": "", "what": "typed at length", "affected": "x"})
    assert refused.status_code == 422 and "typed at length" in refused.content.decode()
    assert client.post(f"{url}correct/", {"wrong": "France", **HOLDS}).status_code == 302
    assert "Corrected by" in client.get(url).content.decode()
    changed = {"what": "Cork", "affected": "Cork", "why": "z", "edits": 0}
    assert client.post(f"{url}edit/", changed).status_code == 302
    assert "What it said before" in client.get(url).content.decode()
    late = client.post(f"{url}edit/", {**changed, "what": "typed late"})
    assert late.status_code == 409 and "typed late" in late.content.decode()
    assert client.get(f"/incidents/{sent.reference}/updates/77/").status_code == 404
    assert "edited" in client.get(f"/incidents/{sent.reference}/").content.decode()


def test_the_api_corrects_and_edits(sent, api):
    url = f"/incidents/{sent.reference}/"
    answer = api("ira").post(f"{url}correct/", {"number": 2, "wrong": "France", **HOLDS})
    assert answer.status_code == 201 and answer.json()["corrects"] == 2
    edited = api("ira").post(f"{url}edit_update/", {"number": 2, "what": "Cork", "why": "known", "edits": 0})
    assert edited.status_code == 200 and edited.json()["edits"] == 1
    (row,) = api("ira").get(f"{url}revisions/").json()["results"]
    assert (row["update"], row["why"], row["edited_by"]) == (2, "known", "ira")
