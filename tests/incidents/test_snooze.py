"""Putting off the next update: before it is due, once, by at most one cadence, and never in silence."""

from datetime import timedelta

import pytest

from core.audit import trail, words
from core.common.errors import Conflict, NotAllowed, RuleBroken
from core.outbox.models import OutgoingMessage
from core.timers import sweeps
from incidents import cadence, operations, rules
from incidents.models import Incident, Promise, Update, WhenDue
from tests.incidents.conftest import at, mails

pytestmark = [pytest.mark.django_db, pytest.mark.everywhere]


@pytest.fixture
def ten_past(traveller, declared):
    """Eight minutes after the declaration, seven before the first update is due."""
    traveller.move_to(at("10:10"))
    return declared


def snooze(incident, who, **asked):
    return operations.snooze(
        incident.reference, **{"reason": "The vendor answers at half past.", **asked}, by=who
    )


def lines():
    return [
        (f"{line.due_at:%H:%M}", line.outcome, line.moved_to and f"{line.moved_to:%H:%M}", line.told)
        for line in Promise.objects.order_by("settled_at", "due_at")
    ]


def test_readers_hear_the_new_moment_and_why_at_once(ten_past, stakeholders, ira, by):
    after = snooze(ten_past, by(ira), minutes=15)

    assert f"{after.next_update_due_at:%H:%M} {after.next_reminder_due_at:%H:%M}" == "10:32 10:27"
    assert mails()[2:] == [("10:10", to) for to in stakeholders]
    text = " ".join(OutgoingMessage.objects.filter(about_version=2).first().text.split())
    assert "The update of 10:17 UTC comes later, at 10:32 UTC." in text
    assert "The vendor answers at half past." in text and "Next update 10:32 UTC." in text
    assert lines() == [("10:17", "moved", "10:32", True)]


def test_at_the_new_moment_the_desk_speaks_when_nobody_wrote(ten_past, run_until, ira, by):
    snooze(ten_past, by(ira), minutes=10)

    run_until("10:11", "10:43")

    sent = [(u.kind, f"{u.sent_at:%H:%M}") for u in Update.objects.order_by("number")]
    assert sent[1:] == [("postponed", "10:10"), ("holding", "10:27"), ("holding", "10:42")]
    assert lines() == [
        ("10:17", "moved", "10:27", True), ("10:27", "covered", None, True), ("10:42", "covered", None, True),
    ]  # fmt: skip


def test_the_trail_and_the_timeline_say_who_and_why(ten_past, ira, by):
    snooze(ten_past, by(ira), until=at("10:30"))

    event = trail.history("incident", ten_past.pk).get(name="incident.snoozed")
    assert (
        words.sentence(event) == "put update 2 off from 10:17 to 10:30 UTC: The vendor answers at half past."
    )
    assert ten_past.timeline.filter(kind="update", author_label=event.actor_label).count() == 2


@pytest.mark.parametrize(
    "asked",
    [
        {"minutes": 16},
        {"minutes": 0},
        {"until": at("10:17")},
        {"until": at("10:32:01"[:5]) + timedelta(seconds=1)},
    ],
)
def test_no_further_than_one_cadence_and_later_than_it_is_due(ten_past, ira, by, asked):
    with pytest.raises(RuleBroken):
        snooze(ten_past, by(ira), **asked)
    assert Update.objects.count() == 1


@pytest.mark.parametrize("asked", [{}, {"minutes": 5, "until": at("10:20")}])
def test_one_of_until_and_minutes(ten_past, ira, by, asked):
    with pytest.raises(RuleBroken, match="one of the two"):
        snooze(ten_past, by(ira), **asked)


def test_a_reason_is_needed(ten_past, ira, by):
    with pytest.raises(RuleBroken, match="Say why"):
        snooze(ten_past, by(ira), minutes=5, reason="  ")


def test_not_twice_without_an_update_by_a_person_between(ten_past, run_until, traveller, ira, by):
    snooze(ten_past, by(ira), minutes=15)
    with pytest.raises(Conflict, match="put off at 10:10 UTC by Ira"):
        snooze(ten_past, by(ira), minutes=1)
    run_until("10:11", "10:33")  # the desk's own words are no reason to wait once more
    with pytest.raises(Conflict, match="by Ira Ivers already"):
        snooze(ten_past, by(ira), minutes=5)
    operations.send_update(
        ten_past.reference, what="To engineers alone.", affected="Shops.", audience="technical", by=by(ira)
    )
    with pytest.raises(Conflict):
        snooze(ten_past, by(ira), minutes=5)

    operations.send_update(ten_past.reference, what="The vendor found it.", affected="Shops.", by=by(ira))

    assert snooze(ten_past, by(ira), minutes=5).next_update_due_at == at("10:53")


def test_what_is_due_already_cannot_be_put_off(declared, traveller, ira, by):
    traveller.move_to(at("10:17"))
    with pytest.raises(Conflict, match="due already"):
        snooze(declared, by(ira), minutes=5)
    sweeps.run(cadence.UPDATES)
    assert Update.objects.last().kind == "holding"


def test_on_demand_and_restored_have_nothing_to_put_off(ten_past, ira, by):
    operations.set_cadence(ten_past.reference, minutes=None, reason="Night", by=by(ira))
    with pytest.raises(Conflict, match="on demand"):
        snooze(ten_past, by(ira), minutes=5)
    operations.declare_restored(ten_past.reference, body="Works.", severity="SEV3", by=by(ira))
    with pytest.raises(Conflict, match="restored"):
        snooze(ten_past, by(ira), minutes=5)


def test_on_demand_a_named_moment_is_put_off_by_the_usual_cadence(ten_past, ira, by):
    operations.set_cadence(ten_past.reference, minutes=None, reason="Night", by=by(ira))
    operations.send_update(
        ten_past.reference, what="News.", affected="Shops.", next_update_at=at("12:00"), by=by(ira)
    )
    with pytest.raises(RuleBroken, match="12:15 UTC"):
        snooze(ten_past, by(ira), until=at("12:16"))
    assert snooze(ten_past, by(ira), until=at("12:15")).next_update_due_at == at("12:15")


def test_only_who_may_run_it(ten_past, kim, by):
    with pytest.raises(NotAllowed):
        snooze(ten_past, by(kim), minutes=5)


def test_a_slower_rhythm_is_a_promise_moved_of_which_nobody_heard(ten_past, ira, by):
    operations.set_cadence(ten_past.reference, minutes=60, reason="Slow repair", by=by(ira))

    assert lines() == [("10:17", "moved", "11:02", False)]
    assert Promise.objects.get().reason == "Slow repair"


def test_a_rhythm_changed_after_the_moment_has_come_settles_it_first(declared, traveller, ira, by):
    traveller.move_to(at("10:17"))
    operations.set_cadence(declared.reference, minutes=60, reason="Slow repair", by=by(ira))
    assert [update.kind for update in declared.updates.order_by("number")] == ["acknowledgement", "holding"]
    assert sorted(lines()) == [("10:17", "covered", None, True), ("10:32", "moved", "11:17", False)]


def test_a_rhythm_changed_where_the_desk_only_reminds_leaves_a_miss(declared, traveller, ira, by):
    Incident.objects.update(when_due=WhenDue.REMIND)
    traveller.move_to(at("10:17"))
    operations.set_cadence(declared.reference, minutes=60, reason="Slow repair", by=by(ira))
    assert declared.updates.count() == 1
    assert lines()[0] == ("10:17", "missed", None, False)


def test_a_faster_rhythm_moves_nothing(ten_past, ira, by):
    operations.set_cadence(ten_past.reference, minutes=10, reason="It spreads", by=by(ira))
    assert lines() == []


def test_what_was_moved_and_comes_back_is_counted_once_more(ten_past, run_until, ira, by):
    operations.set_cadence(ten_past.reference, minutes=60, reason="Slow repair", by=by(ira))
    operations.set_cadence(ten_past.reference, minutes=15, reason="Not slow", by=by(ira))
    run_until("10:11", "10:18")
    assert sorted(lines()) == [("10:17", "covered", None, True), ("10:17", "moved", "11:02", False)]


def test_the_page_asks_and_keeps_what_was_typed(ten_past, client, ira):
    client.force_login(ira)
    place = f"/incidents/{ten_past.reference}/"
    assert "Put the next update off?" in client.get(place).content.decode()

    refused = client.post(f"{place}snooze/", {"minutes": "40", "reason": "The vendor sleeps"})
    assert refused.status_code == 400
    assert "at most 15 minutes" in (page := refused.content.decode()) and "The vendor sleeps" in page

    assert client.post(f"{place}snooze/", {"minutes": "5", "reason": "Vendor"}).status_code == 302
    assert Incident.objects.get(pk=ten_past.pk).next_update_due_at == at("10:22")


def test_the_api_takes_minutes_or_a_moment(ten_past, api, ira):
    answer = api(ira).post(
        f"/incidents/{ten_past.reference}/snooze/", {"until": "2026-03-02T10:25:00Z", "reason": "Vendor"}
    )
    assert answer.status_code == 200 and answer.json()["next_update_due_at"] == "2026-03-02T10:25:00Z"
    again = api(ira).post(f"/incidents/{ten_past.reference}/snooze/", {"minutes": 5, "reason": "Vendor"})
    assert again.status_code == 409


def test_reminding_only_the_ledger_says_what_was_missed(ten_past, run_until, ira, by):
    Incident.objects.update(when_due=WhenDue.REMIND)
    run_until("10:11", "10:33")
    assert lines() == [("10:17", "missed", None, False), ("10:32", "missed", None, False)]


def test_late_is_more_than_two_minutes_and_one_update_answers_one_moment():
    first = at("10:17")
    found = [
        [
            (f"{one.due_at:%H:%M}", one.outcome, one.late_seconds)
            for one in rules.settled(first, 15, sent, by_desk=desk)
        ]
        for sent, desk in (
            (at("10:12"), False),
            (first + timedelta(seconds=120), False),
            (first + timedelta(seconds=121), False),
            (first + timedelta(seconds=120), True),
            (at("10:50"), True),
            (at("10:48"), True),
        )
    ]
    assert found == [
        [("10:17", "kept", 0)],
        [("10:17", "kept", 120)],
        [("10:17", "late", 121)],
        [("10:17", "covered", 120)],
        [("10:17", "missed", 1980), ("10:32", "missed", 1080), ("10:47", "late", 180)],
        [("10:17", "missed", 1860), ("10:32", "missed", 960), ("10:47", "covered", 60)],
    ]
