"""An update that waits for somebody else to read it: sent once, sent back, taken back, and never in the way of time."""

import pytest
from django.test import Client

from catalogue.models import Component
from core.common.errors import Conflict, Invalid, NotAllowed, NotFound, RuleBroken
from core.outbox.models import OutgoingMessage
from customers.models import Subscription
from incidents import cadence, composing, operations
from incidents.models import Incident, PendingUpdate, WhenDue
from tests.incidents.conftest import at
from worklog.models import Draft

pytestmark = [pytest.mark.django_db, pytest.mark.everywhere]

TEXT = {"what": "Cards fail.", "affected": "Shops."}


@pytest.fixture
def grave(declared, max, ira, by):
    """SEV1, read outside too; what goes outside at SEV1 or SEV2 is approved."""
    Subscription.objects.create(email="out@firm.example", incident_id=declared.pk, audience="external")
    operations.edit(declared.reference, changes={"severity": "SEV1"}, by=by(ira))
    operations.set_approval("external", ["SEV1", "SEV2"], by=by(max))
    declared.refresh_from_db()
    return declared


@pytest.fixture
def waiting(grave, ana, by):
    """Ana's update waits."""
    return operations.send_update(
        grave.reference, **TEXT, wordings={"external": {"what": "Some cards fail."}}, status="identified",
        by=by(ana),
    )  # fmt: skip


def told(number):
    return dict(
        OutgoingMessage.objects.filter(about_version=number, topic="incident.update").values_list(
            "to", "text"
        )
    )


# --- what waits -------------------------------------------------------------------------------------------
def test_it_waits_whole_and_nothing_moves(waiting, grave, ana):
    assert isinstance(waiting, PendingUpdate)
    grave.refresh_from_db()
    assert (grave.update_count, grave.next_update_due_at, grave.status) == (1, at("10:17"), "declared")
    asked = OutgoingMessage.objects.filter(topic="incident.approval_asked").values_list("to", flat=True)
    assert "max@desk.example" in asked and ana.email not in asked


def test_only_at_its_severities_and_only_where_those_readers_are(grave, ana, ira, max, by):
    operations.edit(grave.reference, changes={"severity": "SEV3"}, by=by(ira))
    assert operations.send_update(grave.reference, **TEXT, by=by(ana)).number == 2
    operations.edit(grave.reference, changes={"severity": "SEV2"}, by=by(ira))
    Subscription.objects.filter(audience="external").delete()
    assert operations.send_update(grave.reference, **TEXT, by=by(ana)).number == 3
    operations.set_approval("technical", ["SEV2"], by=by(max))
    Subscription.objects.create(email="tech@x.example", incident_id=grave.pk, audience="technical")
    assert isinstance(operations.send_update(grave.reference, **TEXT, by=by(ana)), PendingUpdate)


def test_an_exercise_waits_for_nobody(payments, eli, ana, max, by):
    Subscription.objects.create(user=eli, application=payments)
    operations.set_approval("business", ["", "SEV1"], by=by(max))
    drill = operations.declare(title="Practice", applications=[payments], drill=True, by=by(ana))

    assert operations.send_update(drill.reference, **TEXT, by=by(ana)).number == 2


def test_what_cannot_wait_does_not(grave, ana, ira, by):
    assert operations.no_change(grave.reference, by=by(ana)).number == 2
    assert operations.correct(grave.reference, number=2, wrong="x", **TEXT, by=by(ana)).number == 3
    operations.declare_restored(grave.reference, body="Works.", by=by(ira))
    assert grave.updates.count() == 4


def test_the_cadence_is_never_silent(waiting, grave, run_until):
    run_until("10:17", "10:17")

    assert grave.updates.get(number=2).kind == "holding"
    assert "Cards fail." not in told(2)["boss@firm.example"]
    waiting.refresh_from_db()
    assert waiting.state == "waiting"


def test_what_is_refused_is_refused_before_it_waits(grave, gateway, ana, by):
    with pytest.raises(Invalid):
        operations.send_update(grave.reference, what="Gateway is out.", affected="x", by=by(ana))
    with pytest.raises(RuleBroken):
        operations.send_update(grave.reference, **TEXT, next_update_at=at("09:00"), by=by(ana))
    assert not PendingUpdate.objects.exists()


# --- approving --------------------------------------------------------------------------------------------
def test_who_approves_sends_it_as_its_writers(waiting, grave, traveller, ana, max, by):
    traveller.move_to(at("10:10"))
    update = operations.approve(grave.reference, waiting=waiting.pk, by=by(max))

    grave.refresh_from_db()
    assert (update.number, update.author, grave.next_update_due_at) == (2, ana, at("10:25"))
    assert "approved by Max" in update.author_label
    assert grave.status == "identified"
    assert "Some cards fail." in told(2)["out@firm.example"] and "Cards fail." in told(2)["boss@firm.example"]
    waiting.refresh_from_db()
    assert (waiting.state, waiting.decided_by, waiting.update_sent) == ("sent", max, update)


def test_never_ones_own_and_never_without_the_permission(waiting, grave, ana, eli, ira, by):
    for nobody in (ana, eli):
        with pytest.raises(NotAllowed):
            operations.approve(grave.reference, waiting=waiting.pk, by=by(nobody))
    operations.take_back(grave.reference, waiting=waiting.pk, by=by(ana))
    mine = operations.send_update(grave.reference, **TEXT, by=by(ira))
    with pytest.raises(NotAllowed, match="Somebody else"):
        operations.approve(grave.reference, waiting=mine.pk, by=by(ira))


def test_once_decided_it_is_over(waiting, grave, max, ira, by):
    operations.approve(grave.reference, waiting=waiting.pk, by=by(max))
    for again in (
        lambda: operations.approve(grave.reference, waiting=waiting.pk, by=by(ira)),
        lambda: operations.send_back(grave.reference, waiting=waiting.pk, note="x", by=by(ira)),
    ):
        with pytest.raises(Conflict, match="a moment ago by Max"):
            again()
    assert grave.updates.count() == 2
    asked = OutgoingMessage.objects.filter(topic="incident.approval_asked").first()
    assert cadence.approval_decided(asked) is not None


def test_what_has_changed_meanwhile_is_checked_again(waiting, grave, payments, max, by):
    Component.objects.create(application=payments, slug="cards-1", name="Some cards")
    with pytest.raises(Invalid):
        operations.approve(grave.reference, waiting=waiting.pk, by=by(max))
    waiting.refresh_from_db()
    assert waiting.state == "waiting"  # and can still be sent back


def test_a_moment_that_has_passed_is_not_promised(grave, traveller, ana, max, by):
    waiting = operations.send_update(grave.reference, **TEXT, next_update_at=at("10:08"), by=by(ana))
    traveller.move_to(at("10:10"))

    assert operations.approve(grave.reference, waiting=waiting.pk, by=by(max)).next_due_at == at("10:25")


# --- sending and taking back ------------------------------------------------------------------------------
@pytest.mark.parametrize("asked, after", [("investigating", "monitoring"), ("identified", "monitoring")])
def test_a_phase_that_was_changed_meanwhile_stays(grave, ana, ira, max, by, asked, after):
    operations.set_status(grave.reference, status="investigating", by=by(ira))
    waiting = operations.send_update(grave.reference, **TEXT, status=asked, by=by(ana))
    operations.set_status(grave.reference, status=after, by=by(ira))
    operations.approve(grave.reference, waiting=waiting.pk, by=by(max))
    grave.refresh_from_db()
    assert (grave.status, grave.update_count) == (after, 2)


def test_a_moment_beyond_a_faster_rhythm_falls_back_to_the_rhythm(grave, ana, ira, max, by):
    operations.set_cadence(grave.reference, minutes=None, reason="Night", by=by(ira))
    waiting = operations.send_update(grave.reference, **TEXT, next_update_at=at("10:50"), by=by(ana))
    operations.set_cadence(grave.reference, minutes=15, reason="It spreads", by=by(ira))
    assert operations.approve(grave.reference, waiting=waiting.pk, by=by(max)).next_due_at == at("10:17")


def test_a_newer_update_to_everybody_withdraws_it(waiting, grave, traveller, ana, ira, max, by):
    operations.edit(grave.reference, changes={"severity": "SEV3"}, by=by(ira))
    traveller.move_to(at("10:06"))
    operations.send_update(grave.reference, what="News.", affected="x", audience="external", by=by(ira))
    waiting.refresh_from_db()
    assert waiting.state == "waiting"  # the others have read nothing newer

    operations.send_update(grave.reference, what="NEW", affected="x", by=by(ira))
    waiting.refresh_from_db()
    assert (waiting.state, "newer one, update 3" in waiting.note) == ("withdrawn", True)
    with pytest.raises(Conflict):
        operations.approve(grave.reference, waiting=waiting.pk, by=by(max))
    assert "Cards fail." in Draft.objects.get(user=ana).text


def test_where_the_desk_only_reminds_approvers_read_that_nothing_goes_out(grave, ana, by):
    Incident.objects.update(when_due=WhenDue.REMIND)
    operations.send_update(grave.reference, **TEXT, by=by(ana))
    text = " ".join(OutgoingMessage.objects.filter(topic="incident.approval_asked").first().text.split())
    assert "holding update" not in text
    assert "promised it by 10:17 UTC; the desk sends nothing in its place." in text


def test_sent_back_with_a_note_it_is_the_writers_draft_again(waiting, grave, ana, max, by):
    with pytest.raises(RuleBroken, match="what must change"):
        operations.send_back(grave.reference, waiting=waiting.pk, note=" ", by=by(max))
    operations.send_back(grave.reference, waiting=waiting.pk, note="Say less.", by=by(max))

    kept = composing.typed(Draft.objects.get(user=ana))
    assert (kept["what"], kept["wordings.external.what"]) == ("Cards fail.", "Some cards fail.")
    mail = OutgoingMessage.objects.get(topic="incident.approval_ended")
    assert mail.to == ana.email and "Say less." in mail.text
    assert grave.updates.count() == 1


def test_only_its_writer_takes_it_back(waiting, grave, ana, max, by):
    with pytest.raises(NotAllowed):
        operations.take_back(grave.reference, waiting=waiting.pk, by=by(max))
    assert operations.take_back(grave.reference, waiting=waiting.pk, by=by(ana)).state == "withdrawn"
    assert not OutgoingMessage.objects.filter(topic="incident.approval_ended").exists()


def test_a_newer_text_of_the_same_writer_takes_its_place_and_anothers_does_not(waiting, grave, ana, eli, by):
    newer = operations.send_update(grave.reference, what="Half fail.", affected="Few.", by=by(ana))
    assert list(PendingUpdate.objects.filter(state="waiting")) == [newer]
    with pytest.raises(Conflict, match="your text is kept"):
        operations.send_update(grave.reference, what="x", affected="y", by=by(eli))


def test_restoring_withdraws_it_and_says_so(waiting, grave, ana, ira, by):
    operations.declare_restored(grave.reference, body="Works.", by=by(ira))

    waiting.refresh_from_db()
    assert (waiting.state, waiting.note) == ("withdrawn", "The service was restored.")
    assert OutgoingMessage.objects.get(topic="incident.approval_ended").to == ana.email
    with pytest.raises(Conflict):
        operations.approve(grave.reference, waiting=waiting.pk, by=by(ira))


def test_merging_withdraws_it(waiting, grave, ira, by, payments):
    other = operations.declare(title="Tills", applications=[payments], by=by(ira))
    operations.merge(grave.reference, into=other.reference, by=by(ira))

    waiting.refresh_from_db()
    assert waiting.state == "withdrawn"


def test_the_number_belongs_to_its_incident(waiting, ira, by):
    other = operations.declare(title="Other", by=by(ira))
    with pytest.raises(NotFound):
        operations.approve(other.reference, waiting=waiting.pk, by=by(ira))


def test_only_who_manages_says_what_waits(ira, max, by):
    with pytest.raises(NotAllowed):
        operations.set_approval("external", ["SEV1"], by=by(ira))
    for audience, severities in (("nobody", []), ("external", ["SEV9"])):
        with pytest.raises(Invalid):
            operations.set_approval(audience, severities, by=by(max))
    assert operations.set_approval("external", ["SEV2", "", "SEV1", "SEV1"], by=by(max)).severities == [
        "",
        "SEV1",
        "SEV2",
    ]


# --- pages and API ----------------------------------------------------------------------------------------
def signed_in(user):
    client = Client()
    client.force_login(user)
    return client


def test_the_pages_ask_approve_and_send_back(grave, ana, max):
    url = f"/incidents/{grave.reference}/"
    asked = signed_in(ana).post(f"{url}update/", {"number": 2, "status": "identified", **TEXT}, follow=True)
    assert "It waits for approval" in asked.content.decode()
    waiting = PendingUpdate.objects.get()
    assert "Read and decide" in signed_in(max).get(f"{url}pending/badge/").content.decode()
    assert "Take it back" in signed_in(ana).get(f"{url}pending/").content.decode()
    page = signed_in(max).get(f"{url}pending/").content.decode()
    assert "Approve and send" in page and "Cards fail." in page

    refused = signed_in(max).post(f"{url}pending/{waiting.pk}/send_back/", {"note": ""})
    assert refused.status_code == 422
    assert signed_in(ana).post(f"{url}pending/{waiting.pk}/approve/").status_code == 403
    done = signed_in(max).post(f"{url}pending/{waiting.pk}/approve/", follow=True)
    assert "Approved: update 2 goes to" in done.content.decode()
    late = signed_in(max).post(f"{url}pending/{waiting.pk}/approve/")
    assert late.status_code == 409 and "a moment ago" in late.content.decode()


def test_the_setting_has_a_page(max):
    client = signed_in(max)
    client.post("/incidents/templates/approval/", {"audience": "external", "severities": ["SEV1", "none"]})
    page = client.get("/incidents/templates/").content.decode()

    assert page.count(" checked") == 2
    assert client.post("/incidents/templates/approval/", {"audience": "x"}).status_code == 302


def test_the_api_asks_and_decides(grave, api, ana, max):
    url = f"/incidents/{grave.reference}/"
    asked = api("ana").post(f"{url}update/", TEXT)
    assert asked.status_code == 201
    body = asked.json()
    assert (body["number"], body["sent_at"], body["what"]) == (None, None, "Cards fail.")
    (row,) = api("max").get(f"{url}pending_updates/").json()["results"]
    assert (row["id"], row["state"], row["for_whom"]) == (body["pending"], "waiting", "external")
    assert api("max").post(f"{url}approve_update/", {"waiting": body["pending"]}).json()["number"] == 2
    assert (
        api("max").post(f"{url}send_back_update/", {"waiting": body["pending"], "note": "x"}).status_code
        == 409
    )
    rules = api("max").post(
        "/update-templates/set_approval/", {"audience": "technical", "severities": ["SEV1"]}
    )
    assert rules.json() == {"audience": "technical", "severities": ["SEV1"]}
    assert len(api("max").get("/update-templates/approval/").json()) == 2
    assert Incident.objects.get().update_count == 2


def test_words_that_wait_do_not_get_in_as_a_change_of_older_ones(waiting, grave, ana, ira, max, by):
    operations.assign_roles(grave.reference, communications_lead=ana, by=by(ira))
    asked = {"number": 1, "body": "Unapproved words", "why": "x"}
    with pytest.raises(NotAllowed, match="approved first"):
        operations.edit_quietly(grave.reference, **asked, by=by(ana))
    assert "Unapproved" not in grave.updates.get(number=1).body
    assert operations.edit_quietly(grave.reference, **asked, by=by(max)).body == "Unapproved words"
