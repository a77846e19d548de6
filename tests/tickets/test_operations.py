from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from core.audit import delivery
from core.audit.models import Event
from core.common.actor import Door, system
from core.common.errors import Conflict, Invalid, NotAllowed, NotFound, RuleBroken, Stale
from core.outbox import queue
from core.timers import sweeps
from sla import queries as clocks
from tickets import operations, queries
from tickets.models import Entry, Ticket
from tickets.rules import Handoff

pytestmark = pytest.mark.django_db
HANDOFF = Handoff(summary="Node down", business_impact="No payments", tried="Restarted", no_sop=True)


def last_event(ticket):
    return Event.objects.filter(subject_kind="ticket", subject_id=ticket.pk).order_by("id").last()


def goals(ticket):
    return {clock["goal"]: clock["state"] for clock in reversed(clocks.clocks_of("ticket", ticket.pk))}


def test_a_ticket_knows_its_priority_team_and_clocks(ticket, desk):
    assert (ticket.reference, ticket.status, ticket.tier) == (f"TKT-{ticket.pk}", "new", 1)
    assert (ticket.priority, ticket.team, ticket.application) == ("P2", desk.teams[0], desk.payments)
    assert ticket.organisation == desk.acme
    assert goals(ticket) == {"first_response": "running", "resolution": "running"}
    assert ticket.due_at is not None and ticket.due_goal == "first_response"


def test_a_subject_is_needed(ana, by, desk):
    with pytest.raises(Invalid) as wrong:
        operations.create(subject="  ", by=by(ana))
    assert "subject" in wrong.value.errors


def test_a_component_of_another_application_is_refused(ana, by, desk):
    other = desk.payments.__class__.objects.create(slug="web", name="Web")
    with pytest.raises(Invalid, match="no component of Web"):
        operations.create(subject="x", application=other, component=desk.gateway, by=by(ana))


def test_a_customer_opens_tickets_for_themselves_only(desk, casey, by):
    made = operations.create(subject="Mine", requester=desk.drew, by=by(casey))
    assert (made.requester, made.organisation) == (desk.casey, desk.acme)


def test_taking_makes_it_mine_and_open(ticket, ana, eli, by):
    taken = operations.take(ticket.reference, by=by(ana))
    assert (taken.assignee, taken.status, taken.communication_owner) == (ana, "open", ana)
    with pytest.raises(Conflict, match="Ana Alves has"):
        operations.take(ticket.reference, by=by(eli))


def test_escalating_moves_it_up_with_its_clocks_running(ticket, desk, ana, by):
    operations.take(ticket.reference, by=by(ana))
    before = Ticket.objects.get(pk=ticket.pk).due_at

    moved = operations.escalate(ticket.reference, from_tier=1, handoff=HANDOFF, by=by(ana))

    assert (moved.tier, moved.team, moved.handoff_count) == (2, desk.teams[1], 1)
    assert moved.communication_owner == ana
    assert moved.due_at == before
    assert last_event(ticket).data["tried"] == "Restarted"


def test_saying_where_it_stands_makes_a_repeat_harmless(ticket, ana, by):
    operations.escalate(ticket.reference, from_tier=1, handoff=HANDOFF, by=by(ana))
    with pytest.raises(Conflict, match="already left L1"):
        operations.escalate(ticket.reference, from_tier=1, handoff=HANDOFF, by=by(ana))


def test_the_last_tier_has_nothing_above(ticket, ana, by):
    for tier in (1, 2):
        operations.escalate(ticket.reference, from_tier=tier, handoff=HANDOFF, by=by(ana))
    with pytest.raises(Conflict, match="last tier"):
        operations.escalate(ticket.reference, from_tier=3, handoff=HANDOFF, by=by(ana))


def test_a_hand_off_needs_an_sop_or_the_word_that_none_exists(ticket, ana, by):
    with pytest.raises(Invalid) as wrong:
        operations.escalate(ticket.reference, from_tier=1, handoff=Handoff("a", "b", "c"), by=by(ana))
    assert set(wrong.value.errors) == {"no_sop"}
    operations.escalate(
        ticket.reference, from_tier=1, handoff=Handoff("a", "b", "c", sop="SOP-1"), by=by(ana)
    )
    assert ticket.sop_runs.get().sop == "SOP-1"


def test_handing_back_goes_to_whoever_handed_it_up(ticket, desk, ana, eli, by):
    operations.escalate(ticket.reference, from_tier=1, handoff=HANDOFF, by=by(ana))
    back = operations.hand_back(
        ticket.reference, from_tier=2, reason="User error", next="Call them", by=by(eli)
    )
    assert (back.tier, back.team, back.assignee, back.handoff_count) == (1, desk.teams[0], ana, 2)


def test_passed_around_is_flagged_after_more_than_three_hand_offs(ticket, ana, eli, by):
    for _ in range(2):
        operations.escalate(ticket.reference, from_tier=1, handoff=HANDOFF, by=by(ana))
        assert not queries.fresh(ticket).passed_around
        operations.hand_back(ticket.reference, from_tier=2, reason="r", next="n", by=by(eli))
    assert queries.fresh(ticket).passed_around


def test_a_public_reply_meets_the_first_response(ticket, ana, by):
    operations.reply(ticket.reference, body="We look into it.", public=True, by=by(ana))
    assert goals(ticket)["first_response"] == "met"
    assert queries.fresh(ticket).first_responded_at is not None


@pytest.mark.parametrize("public, who", [(False, "ana"), (True, "system")])
def test_notes_and_automatic_replies_never_stop_a_response_clock(ticket, ana, by, public, who):
    actor = by(ana) if who == "ana" else system()
    operations.reply(ticket.reference, body="x", public=public, by=actor)
    assert goals(ticket)["first_response"] == "running"


def test_waiting_pauses_and_the_customers_reply_resumes_by_itself(ticket, ana, casey, by):
    operations.wait(ticket.reference, reason="Which terminal?", by=by(ana))
    assert set(goals(ticket).values()) == {"paused"}
    assert queries.fresh(ticket).due_at is None

    operations.reply(ticket.reference, body="Number 4", public=True, by=by(casey))

    assert set(goals(ticket).values()) == {"running"}
    assert queries.fresh(ticket).status == "open"


def test_on_hold_pauses_only_for_the_reasons_of_the_policy(ticket, ana, by):
    operations.hold(ticket.reference, reason="problem", note="PRB-1", by=by(ana))
    assert set(goals(ticket).values()) == {"running"}
    operations.resume(ticket.reference, by=by(ana))
    operations.hold(ticket.reference, reason="vendor", note="Bank", by=by(ana))
    assert set(goals(ticket).values()) == {"paused"}


def test_pause_keeps_the_remaining_time_equal(desk, ana, by):
    thursday = datetime(2026, 3, 5, 16, 0, tzinfo=UTC)
    with time_machine.travel(thursday - timedelta(hours=5), tick=False):
        made = operations.create(subject="x", requester=desk.drew, by=by(ana))
    remaining = []
    with time_machine.travel(thursday, tick=False):
        operations.wait(made.reference, reason="Log files", by=by(ana))
        remaining.append(clocks.clocks_of("ticket", made.pk)[-1]["remaining_minutes"])
    with time_machine.travel(datetime(2026, 3, 9, 10, 0, tzinfo=UTC), tick=False):
        operations.resume(made.reference, by=by(ana))
        remaining.append(clocks.clocks_of("ticket", made.pk)[-1]["remaining_minutes"])
    assert remaining[0] == remaining[1]


def test_resolving_meets_the_clocks_tells_the_customer_and_closes_after_five_business_days(
    ticket, ana, by, mailoutbox
):
    with time_machine.travel("2026-03-04 10:00Z", tick=False):
        solved = operations.resolve(
            ticket.reference, code="fixed", note="Certificate renewed.", minutes=20, by=by(ana)
        )
        assert set(goals(ticket).values()) == {"met"}
        assert solved.close_due_at == datetime(2026, 3, 11, 10, 0, tzinfo=UTC)
    sweeps.run(delivery.SWEEP)
    sweeps.run(queue.SWEEP)
    assert any("Certificate renewed." in mail.body for mail in mailoutbox)
    with time_machine.travel("2026-03-11 10:00Z", tick=False):
        sweeps.run("tickets.close")
    assert queries.fresh(ticket).status == "closed"


def test_a_breach_demands_its_cause(desk, ana, by):
    with time_machine.travel("2026-03-02 10:00Z", tick=False):
        made = operations.create(subject="x", impact="high", urgency="high", by=by(ana))
    with time_machine.travel("2026-03-02 18:00Z", tick=False):
        with pytest.raises(Invalid) as wrong:
            operations.resolve(made.reference, code="fixed", note="Done", by=by(ana))
        assert "breach_cause" in wrong.value.errors
        assert queries.fresh(made).status == "new"
        operations.resolve(
            made.reference, code="fixed", note="Done", breach_cause="Nobody on shift", by=by(ana)
        )
    assert queries.fresh(made).breached_at is not None


def test_the_customers_reply_reopens_what_is_resolved(ticket, ana, casey, by):
    operations.resolve(ticket.reference, code="fixed", note="Done", by=by(ana))
    operations.reply(ticket.reference, body="Still broken", public=True, by=by(casey))
    again = queries.fresh(ticket)
    assert (again.status, again.reopened_count, again.close_due_at) == ("open", 1, None)
    assert goals(ticket)["resolution"] == "running"


def test_closed_reopens_for_fourteen_days(ticket, ana, by):
    with time_machine.travel("2026-03-02 10:00Z", tick=False):
        operations.resolve(ticket.reference, code="fixed", note="Done", by=by(ana))
        operations.close(ticket.reference, by=by(ana))
    with time_machine.travel("2026-03-16 10:00:01Z", tick=False), pytest.raises(Conflict, match="14 days"):
        operations.reopen(ticket.reference, reason="again", by=by(ana))
    with time_machine.travel("2026-03-16 10:00Z", tick=False):
        assert operations.reopen(ticket.reference, reason="again", by=by(ana)).status == "open"


def test_an_illegal_move_says_what_is_possible(ticket, ana, by):
    with pytest.raises(
        Conflict, match=r"cannot be closed\. It can be resumed, set to waiting, put on hold, resolved\."
    ):
        operations.close(ticket.reference, by=by(ana))


def test_a_new_priority_keeps_the_elapsed_time(desk, ana, by):
    start = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    with time_machine.travel(start, tick=False):
        made = operations.create(subject="x", impact="low", urgency="low", requester=desk.drew, by=by(ana))
        assert made.priority == "P3"
    with time_machine.travel(start + timedelta(hours=3), tick=False):
        operations.set_priority(made.reference, priority="P1", reason="Board meeting", by=by(ana))
        open_clocks = [c for c in clocks.clocks_of("ticket", made.pk) if c["state"] == "running"]
        cancelled = [c for c in clocks.clocks_of("ticket", made.pk) if c["state"] == "cancelled"]
    assert {c["elapsed_minutes"] for c in open_clocks} == {180}
    assert len(cancelled) == 2


def test_impact_and_urgency_derive_the_priority_until_a_person_overrides_it(ticket, ana, by):
    edited = operations.edit(ticket.reference, values={"impact": "high", "urgency": "high"}, by=by(ana))
    assert edited.priority == "P0"
    operations.set_priority(ticket.reference, priority="P3", reason="Test system", by=by(ana))
    assert operations.edit(ticket.reference, values={"urgency": "low"}, by=by(ana)).priority == "P3"


def test_a_stale_edit_is_refused_with_what_changed(ticket, ana, by):
    seen = ticket.version
    operations.edit(ticket.reference, values={"subject": "New words"}, by=by(ana))
    with pytest.raises(Stale) as stale:
        operations.edit(ticket.reference, values={"subject": "My words"}, if_version=seen, by=by(ana))
    assert stale.value.fields == {"subject": "New words"}
    assert queries.fresh(ticket).subject == "New words"


def test_a_reply_stops_when_somebody_else_wrote_meanwhile(ticket, ana, eli, by):
    first = operations.reply(ticket.reference, body="One", public=True, by=by(eli))
    with pytest.raises(Conflict, match="“One”"):
        operations.reply(ticket.reference, body="Two", public=True, last_seen=first.pk - 1, by=by(ana))
    operations.reply(ticket.reference, body="Two", public=True, last_seen=first.pk, by=by(ana))


def test_customers_see_their_own_and_nothing_else(ticket, drew, casey, by):
    assert queries.get_for(ticket.reference, by=by(casey)) == ticket
    with pytest.raises(NotFound):
        queries.get_for(ticket.reference, by=by(drew))
    with pytest.raises(NotAllowed):
        operations.escalate(ticket.reference, from_tier=1, handoff=HANDOFF, by=by(casey))


def test_confidential_is_for_the_named_people(desk, ana, eli, casey, by):
    secret = operations.create(subject="Breach", confidential=True, requester=desk.casey, by=by(ana))
    operations.assign(secret.reference, assignee=ana, by=system())
    assert queries.get_for(secret.reference, by=by(ana)) == secret
    with pytest.raises(NotFound):
        queries.get_for(secret.reference, by=by(eli))


def test_notes_exist_for_who_works_on_tickets(ticket, ana, kim, casey, by):
    operations.reply(ticket.reference, body="Secret", public=False, by=by(ana))
    assert queries.conversation(ticket, by(ana)).count() == 1
    for reader in (kim, casey):
        assert not queries.conversation(ticket, by(reader)).exists()


def test_assigning_a_customer_is_refused(ticket, ana, casey, by):
    with pytest.raises(RuleBroken, match="does not work on tickets"):
        operations.assign(ticket.reference, assignee=casey, by=by(ana))


def test_a_review_time_in_the_past_is_refused_and_a_due_one_tells_the_owner(ticket, ana, by, mailoutbox):
    operations.assign(ticket.reference, assignee=ana, by=system())
    with time_machine.travel("2026-03-02 10:00Z", tick=False):
        with pytest.raises(RuleBroken, match="in the past"):
            operations.wait(
                ticket.reference, reason="x", review_at=datetime(2026, 3, 1, tzinfo=UTC), by=by(ana)
            )
        operations.wait(
            ticket.reference, reason="Logs", review_at=datetime(2026, 3, 3, tzinfo=UTC), by=by(ana)
        )
    with time_machine.travel("2026-03-03 00:00Z", tick=False):
        sweeps.run_due()
        sweeps.run_due()
    assert sum("time to look again" in mail.body for mail in mailoutbox) == 1


def test_the_acknowledgement_carries_none_of_the_senders_text(desk, casey, by, mailoutbox):
    operations.create(subject="Buy now", description="http://spam.example", by=by(casey, Door.WEB))
    sweeps.run_due()
    [mail] = [m for m in mailoutbox if m.to == [casey.email]]
    assert "Buy now" not in mail.body + mail.subject and "spam" not in mail.body


def test_every_text_is_limited(ticket, ana, by):
    for body in ("x" * 70_000, "a\x00b", "   "):
        with pytest.raises(Invalid):
            operations.reply(ticket.reference, body=body, public=True, by=by(ana))
    assert not Entry.objects.exists()


def test_a_further_question_promises_the_next_response(ticket, ana, casey, by):
    operations.reply(ticket.reference, body="Which one?", public=True, by=by(ana))
    operations.reply(ticket.reference, body="That one. When?", public=True, by=by(casey))
    assert goals(ticket)["next_response"] == "running"
    operations.reply(ticket.reference, body="Tomorrow", public=True, by=by(ana))
    assert goals(ticket)["next_response"] == "met"


def test_while_the_first_response_is_owed_no_further_one_is_promised(ticket, casey, by):
    operations.reply(ticket.reference, body="Hello?", public=True, by=by(casey))
    assert goals(ticket) == {"first_response": "running", "resolution": "running"}


def test_spam_has_no_service_level(ticket, ana, by):
    operations.resolve(ticket.reference, code="spam", by=by(ana))
    assert set(goals(ticket).values()) == {"cancelled"}
    assert queries.fresh(ticket).due_at is None
