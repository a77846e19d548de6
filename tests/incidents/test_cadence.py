"""The promise: an update every fifteen minutes, by themselves if need be (HARD_CASES 1 to 4)."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from core.common import clock
from core.outbox.models import OutgoingMessage
from core.timers import sweeps
from core.timers.models import StuckRow
from customers.models import Subscription
from incidents import cadence, notices, operations, queries
from incidents.models import Cadence, Incident, Promise, Update, WhenDue
from servicedesk import health
from tests.incidents.conftest import at, mails

pytestmark = [pytest.mark.django_db, pytest.mark.everywhere]
State = OutgoingMessage.State


def ledger():
    return [(u.number, u.kind, f"{u.sent_at:%H:%M}") for u in Update.objects.order_by("number")]


def due(incident):
    incident.refresh_from_db()
    moment = incident.next_update_due_at
    return moment and f"{moment:%H:%M}"


def test_without_a_human_the_desk_keeps_the_rhythm(declared, run_until, stakeholders):
    run_until("10:02", "10:33")

    assert ledger() == [(1, "acknowledgement", "10:02"), (2, "holding", "10:17"), (3, "holding", "10:32")]
    assert mails() == [(time, to) for time in ("10:02", "10:17", "10:32") for to in stakeholders]
    assert mails("incident.reminder") == [("10:12", "ira@desk.example"), ("10:27", "ira@desk.example")]
    assert due(declared) == "10:47"


def test_the_acknowledgement_does_not_wait_for_a_worker(declared, stakeholders):
    assert mails() == [("10:02", to) for to in stakeholders]
    subject = OutgoingMessage.objects.first().subject
    assert subject == f"[{declared.reference}] Acknowledged: Card payments fail"


def test_a_human_update_sets_the_next_to_its_own_time_and_the_cadence(
    declared, run_until, traveller, ira, by
):
    run_until("10:02", "10:19")
    traveller.move_to(at("10:20"))

    operations.send_update(declared.reference, what="One node is out.", affected="Shops.", by=by(ira))

    assert due(declared) == "10:35"
    run_until("10:21", "10:36")
    assert ledger()[-1] == (4, "holding", "10:35")
    assert mails("incident.reminder")[-1] == ("10:30", "ira@desk.example")


def test_after_an_outage_of_the_workers_there_is_one_catch_up_naming_what_was_missed(declared, run_until):
    run_until("10:02", "10:10")

    run_until("10:50", "10:50")

    assert ledger()[1:] == [(2, "catch_up", "10:50")]
    catch_up = Update.objects.get(number=2)
    assert "10:17, 10:32 and 10:47 UTC" in catch_up.body
    assert catch_up.late_seconds == 33 * 60
    assert due(declared) == "11:02"
    assert mails("incident.reminder") == []
    run_until("10:51", "11:03")
    assert ledger()[2:] == [(3, "holding", "11:02")]


def test_a_slot_missed_by_less_than_the_cadence_is_an_ordinary_holding_update(declared, run_until):
    run_until("10:25", "10:25")

    assert ledger()[1:] == [(2, "holding", "10:25")]
    assert due(declared) == "10:32"


def test_restored_is_one_notice_and_ends_the_cadence_at_once(
    declared, run_until, traveller, ira, by, stakeholders
):
    traveller.move_to(at("10:12"))
    sweeps.run(cadence.REMINDERS)

    operations.declare_restored(declared.reference, body="Cards work again.", severity="SEV2", by=by(ira))

    assert due(declared) is None
    run_until("10:12", "11:00")
    assert ledger() == [(1, "acknowledgement", "10:02"), (2, "restored", "10:12")]
    assert mails()[2:] == [("10:12", to) for to in stakeholders]
    reminder = OutgoingMessage.objects.get(topic="incident.reminder")
    assert (reminder.state, reminder.note) == (State.DROPPED, f"{declared.reference} is restored.")


def test_a_queued_holding_update_is_dropped_once_the_service_is_restored(
    declared, run_until, traveller, ira, by
):
    traveller.move_to(at("10:17"))
    sweeps.run(cadence.UPDATES)

    operations.declare_restored(declared.reference, body="Cards work again.", severity="SEV2", by=by(ira))
    sweeps.run("outbox")

    states = OutgoingMessage.objects.filter(about_version=2).values_list("state", "note")
    assert set(states) == {
        (State.DROPPED, f"Overruled by update 3 of {declared.reference}: service restored.")
    }
    assert set(OutgoingMessage.objects.filter(about_version=3).values_list("state", flat=True)) == {
        State.SENT
    }


def test_a_subscriber_who_left_is_dropped_and_it_says_so(declared, stakeholders):
    subscriptions = declared.applications.get().subscription_set.filter(email=stakeholders[0])
    subscriptions.update(ended_at=clock.now())

    sweeps.run("outbox")

    assert list(OutgoingMessage.objects.order_by("id").values_list("to", "state")) == [
        (stakeholders[0], State.DROPPED),
        (stakeholders[1], State.SENT),
    ]


def test_a_reminder_is_dropped_once_the_update_was_written(declared, traveller, ira, by):
    traveller.move_to(at("10:12"))
    sweeps.run(cadence.REMINDERS)
    operations.send_update(declared.reference, what="News.", affected="Shops.", by=by(ira))

    sweeps.run("outbox")

    assert OutgoingMessage.objects.get(topic="incident.reminder").state == State.DROPPED


@pytest.mark.parametrize("role", ["communications_lead", "commander"])
def test_the_reminder_goes_to_the_communications_lead_else_the_commander(
    role, declared, run_until, ira, eli, by
):
    operations.assign_roles(declared.reference, **{role: eli}, by=by(ira))

    run_until("10:02", "10:13")

    assert mails("incident.reminder") == [("10:12", "eli@desk.example")]


def test_another_cadence_starts_from_the_last_sent_update(declared, run_until, traveller, ira, by):
    run_until("10:02", "10:18")
    traveller.move_to(at("10:20"))

    operations.set_cadence(declared.reference, minutes=30, reason="Slow repair", by=by(ira))

    assert due(declared) == "10:47"


def test_on_demand_owes_no_update(declared, run_until, ira, by):
    operations.set_cadence(declared.reference, minutes=None, reason="Overnight", by=by(ira))

    run_until("10:02", "12:00")

    assert [kind for _, kind, _ in ledger()] == ["acknowledgement"]


def test_remind_only_sends_no_update_and_says_so_to_the_lead(
    traveller, run_until, payments, stakeholders, ira, by
):
    Cadence.objects.create(severity="SEV3", minutes=15, when_due=WhenDue.REMIND)
    incident = operations.declare(title="Slow", severity="SEV3", applications=[payments], by=by(ira))

    run_until("10:02", "10:33")

    assert [kind for _, kind, _ in ledger()] == ["acknowledgement"]
    assert mails("incident.overdue") == [("10:17", "ira@desk.example"), ("10:32", "ira@desk.example")]
    assert due(incident) == "10:47"
    assert incident.timeline.filter(body__contains="nobody wrote one").count() == 2


def test_a_severity_with_a_cadence_of_its_own_brings_it_along(declared, ira, by):
    Cadence.objects.create(severity="SEV4", minutes=60)

    operations.edit(declared.reference, changes={"severity": "SEV4"}, by=by(ira))

    assert due(declared) == "11:02"


def test_a_cadence_set_by_hand_survives_a_new_severity(declared, ira, by):
    Cadence.objects.create(severity="SEV4", minutes=60)
    operations.set_cadence(declared.reference, minutes=30, reason="Agreed", by=by(ira))

    operations.edit(declared.reference, changes={"severity": "SEV4"}, by=by(ira))

    assert due(declared) == "10:32"


def test_the_holding_update_says_what_is_known_and_when_the_next_comes(
    declared, run_until, traveller, ira, by
):
    operations.send_update(
        declared.reference,
        what="Cards are refused.",
        affected="Shops in Ireland",
        workaround="Pay in cash",
        by=by(ira),
    )

    run_until("10:17", "10:17")

    mail = OutgoingMessage.objects.filter(about_version=3).first()
    assert "Work continues" in mail.text
    assert "Cards are refused." in mail.text and "Pay in cash" in mail.text
    assert "Next update 10:32 UTC." in mail.text


def test_two_workers_at_one_due_moment_send_one_update(declared, traveller):
    traveller.move_to(at("10:17"))
    seen_by_the_second = Incident.objects.get(pk=declared.pk)
    sweeps.run(cadence.UPDATES)

    with pytest.raises(Exception, match="has changed in this moment"):
        operations.fall_due(seen_by_the_second, clock.now())

    assert ledger()[1:] == [(2, "holding", "10:17")]


def test_an_update_that_is_late_by_two_minutes_is_named(declared):
    with time_machine.travel(at("10:19"), tick=False):
        assert not queries.late_updates().exists()
    with time_machine.travel(at("10:19") + timedelta(seconds=1), tick=False):
        assert [i.pk for i in queries.late_updates()] == [declared.pk]
        assert cadence.UPDATES in sweeps.late()


def test_a_failure_at_the_promised_moment_is_red_at_once_and_tried_again_each_minute(
    declared, run_until, monkeypatch
):
    def boom(*_args, **_more):
        raise ValueError("A text that nobody can write")

    monkeypatch.setattr(health, "_memory", health._Memory())
    with monkeypatch.context() as broken:
        broken.setattr("incidents.notices.holding", boom)
        run_until("10:03", "10:17")
        red = Client().get("/readyz")
        assert red.status_code == 503
        assert f"failed at row {declared.pk}; it tries again at 10:18:00" in red.json()["problems"][0]
        assert health.looked_again(timedelta(0)) == red.json()["problems"]  # the banner says the same
        run_until("10:18", "10:20")
        assert StuckRow.objects.get(sweep=cadence.UPDATES).times == 4
    assert (due(declared), len(ledger())) == ("10:17", 1)  # the promise is not forgotten

    run_until("10:21", "10:21")
    assert ledger()[1:] == [(2, "holding", "10:21")]
    promise = Promise.objects.get()
    assert (promise.due_at, promise.outcome, promise.late_seconds) == (at("10:17"), "late", 240)
    assert due(declared) == "10:32"
    assert Client().get("/readyz").status_code == 200


def test_one_incident_that_fails_does_not_hold_up_another(
    declared, run_until, payments, ira, by, monkeypatch
):
    other = operations.declare(title="Tills are dead", applications=[payments], by=by(ira))
    write = notices.holding

    def boom(incident, *args):
        if incident == declared:
            raise ValueError("A text that nobody can write")
        return write(incident, *args)

    monkeypatch.setattr("incidents.notices.holding", boom)
    run_until("10:17", "10:18")
    assert [update.kind for update in other.updates.order_by("number")] == ["acknowledgement", "holding"]
    assert due(declared) == "10:17"


# --- what moves the rhythm --------------------------------------------------------------------------------
@pytest.fixture
def told_the_technicians(declared, traveller, ira, by):
    """A minute before the update is due, technical readers alone got news."""
    Subscription.objects.create(email="tech@firm.example", incident_id=declared.pk, audience="technical")
    traveller.move_to(at("10:16"))
    operations.send_update(declared.reference, what="Node 3", affected="x", audience="technical", by=by(ira))
    return declared


def test_a_severity_changed_as_the_moment_comes_silences_nobody(declared, traveller, ira, by):
    Cadence.objects.update_or_create(severity="SEV3", defaults={"minutes": 60})
    traveller.move_to(at("10:17") + timedelta(seconds=5))
    operations.edit(declared.reference, changes={"severity": "SEV3"}, by=by(ira))
    assert ledger()[1:] == [(2, "holding", "10:17")]
    assert due(declared) == "11:17"


def test_a_rhythm_changed_after_an_outage_names_every_moment_that_was_missed(declared, traveller, ira, by):
    traveller.move_to(at("10:50"))
    operations.set_cadence(declared.reference, minutes=30, reason="Slow repair", by=by(ira))
    assert ledger()[1:] == [(2, "catch_up", "10:50")]
    rows = Promise.objects.order_by("due_at").values_list("due_at", "outcome")
    assert list(rows)[:3] == [(at("10:17"), "missed"), (at("10:32"), "missed"), (at("10:47"), "late")]


def test_news_to_one_audience_is_no_anchor_of_the_rhythm(told_the_technicians, ira, by):
    operations.set_cadence(told_the_technicians.reference, minutes=15, reason="As before", by=by(ira))
    assert due(told_the_technicians) == "10:17"


def test_a_correction_is_no_anchor_of_the_rhythm(declared, traveller, ira, by):
    traveller.move_to(at("10:03"))
    operations.send_update(declared.reference, what="Cards fail.", affected="x", by=by(ira))
    traveller.move_to(at("10:10"))
    operations.correct(
        declared.reference, number=2, wrong="Typo", what="Cards fail!", affected="x", by=by(ira)
    )
    operations.set_cadence(declared.reference, minutes=20, reason="Slow repair", by=by(ira))
    assert due(declared) == "10:23"


@pytest.mark.parametrize("by_hand", [True, False])
def test_nobody_is_told_of_a_report_that_others_got(told_the_technicians, run_until, ira, by, by_hand):
    if by_hand:
        operations.no_change(told_the_technicians.reference, by=by(ira))
    run_until("10:17", "10:18")
    text = OutgoingMessage.objects.get(about_version=3, to="boss@firm.example").text
    assert "10:16" not in text and "since 10:02" in " ".join(text.split())
