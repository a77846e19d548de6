from datetime import date

import pytest
import time_machine

from core.audit import delivery
from core.audit.models import Event
from core.common.errors import Conflict, NotAllowed, RuleBroken, Stale
from core.outbox import queue
from core.outbox.models import OutgoingMessage
from core.timers import sweeps
from problems import follow_up, operations, reminders
from problems.models import FollowUpAction


def tell_at(moment: str) -> list[tuple[str, str]]:
    """Run the reminders at a moment; who has heard what since the last time."""
    seen = set(OutgoingMessage.objects.values_list("pk", flat=True))
    with time_machine.travel(moment, tick=False):
        sweeps.run(reminders.SWEEP)
    new = OutgoingMessage.objects.exclude(pk__in=seen).order_by("id")
    return [(message.to, message.subject) for message in new]


@pytest.fixture
def chased(add, eli, networks):
    with time_machine.travel("2026-03-02T10:00Z", tick=False):
        return add(team=networks, owner=eli)


def test_the_other_team_must_accept_what_it_is_handed(add, networks, ana, eli, by):
    action = add(team=networks)
    with pytest.raises(NotAllowed, match="Networks must accept"):
        follow_up.accept_action(action.pk, by=by(ana))

    accepted = follow_up.accept_action(action.pk, by=by(eli))

    assert accepted.status == "accepted"


def test_starting_a_proposed_action_accepts_it_so_only_its_team_may(add, networks, ana, lea, by):
    action = add(team=networks)
    for verb in (follow_up.start_action, follow_up.finish_action):
        with pytest.raises(NotAllowed):
            verb(action.pk, by=by(ana))

    assert follow_up.start_action(action.pk, by=by(lea)).status == "in_progress"


def test_a_finished_action_stays_finished_and_is_not_chased(add, pia, by):
    action = follow_up.finish_action(add().pk, by=by(pia))

    assert (action.status, action.next_reminder_at) == ("done", None)
    assert action.finished_at is not None
    with pytest.raises(Conflict, match="done already"):
        follow_up.drop_action(action.pk, reason="Too late.", by=by(pia))


def test_dropping_keeps_the_reason(add, pia, by):
    action = follow_up.drop_action(add().pk, reason="Not needed any more.", by=by(pia))

    assert (action.status, action.drop_reason) == ("dropped", "Not needed any more.")


def test_the_history_of_an_action_is_on_its_problem(add, problem, pia, by):
    follow_up.finish_action(add().pk, by=by(pia))

    event = Event.objects.order_by("-id").first()
    assert (event.name, event.subject_ref) == ("problem.action_done", problem.reference)
    assert (event.before, event.after) == ({"status": "proposed"}, {"status": "done"})


def test_without_a_receiver_it_goes_to_the_problems_people_or_oneself(add, problem, pia, networks, by):
    assert add().owner == pia
    operations.edit(problem.reference, changes={"team": networks}, by=by(pia))

    assert (add().team, add().owner) == (networks, None)


def test_a_closed_problem_takes_no_action(caused, add, pia, by):
    operations.resolve(caused.reference, by=by(pia))
    operations.close(caused.reference, by=by(pia))

    with pytest.raises(Conflict, match="Reopen"):
        add()


def test_handed_to_others_it_must_be_accepted_again(add, pia, networks, by):
    action = follow_up.accept_action(add().pk, by=by(pia))

    moved = follow_up.edit_action(action.pk, changes={"team": networks, "owner": None}, by=by(pia))

    assert (moved.status, moved.owner) == ("proposed", None)
    with pytest.raises(RuleBroken):
        follow_up.edit_action(action.pk, changes={"team": None}, by=by(pia))


def test_a_stale_edit_of_an_action_is_refused(add, pia, by):
    action = add()
    follow_up.edit_action(action.pk, changes={"title": "Mine"}, version=1, by=by(pia))

    with pytest.raises(Stale) as refused:
        follow_up.edit_action(action.pk, changes={"title": "Yours"}, version=1, by=by(pia))

    assert refused.value.fields == {"title": "Mine"}


def test_the_receiver_is_told_once(add, eli, networks):
    add(team=networks, owner=eli)

    sweeps.run(delivery.SWEEP)
    sweeps.run(delivery.SWEEP)

    message = OutgoingMessage.objects.get()
    assert message.to == "eli@desk.example"
    assert "to accept: Alert before" in message.subject


def test_nobody_is_told_what_they_gave_themselves(add, pia):
    add(owner=pia)

    sweeps.run(delivery.SWEEP)

    assert not OutgoingMessage.objects.exists()


# --- reminders --------------------------------------------------------------------------------------------
def test_reminded_three_days_before_on_the_day_and_weekly_when_late(chased, problem):
    def subject(when: str) -> str:
        return f"[{problem.reference}] {when}: Alert before a certificate ends"

    eli, max = "eli@desk.example", "max@desk.example"
    assert tell_at("2026-03-17T07:59Z") == []
    assert tell_at("2026-03-17T08:00Z") == [(eli, subject("Due in 3 days"))]
    assert tell_at("2026-03-17T08:01Z") == []
    assert tell_at("2026-03-20T08:00Z") == [(eli, subject("Due today"))]
    assert tell_at("2026-03-26T08:00Z") == []
    assert tell_at("2026-03-27T08:00Z") == [(eli, subject("7 days late"))]
    assert tell_at("2026-04-03T08:00Z") == [(eli, subject("14 days late")), (max, subject("14 days late"))]
    assert tell_at("2026-04-10T08:00Z") == [(eli, subject("21 days late")), (max, subject("21 days late"))]


def test_missed_reminders_collapse_into_one(chased):
    assert len(tell_at("2026-03-23T15:00Z")) == 1

    assert FollowUpAction.objects.get().next_reminder_at.isoformat() == "2026-03-27T08:00:00+00:00"


def test_a_finished_action_is_no_longer_reminded_of(chased, eli, by):
    with time_machine.travel("2026-03-16T10:00Z", tick=False):
        follow_up.finish_action(chased.pk, by=by(eli))

    assert tell_at("2026-03-20T08:00Z") == []


def test_a_queued_reminder_is_dropped_once_the_action_is_done(chased, eli, by, mailoutbox):
    tell_at("2026-03-17T08:00Z")
    follow_up.finish_action(chased.pk, by=by(eli))

    sweeps.run(queue.SWEEP)

    message = OutgoingMessage.objects.get()
    assert (message.state, message.note, mailoutbox) == ("dropped", "The action is finished.", [])


def test_a_queued_reminder_is_dropped_once_the_day_moved(chased, pia, by, mailoutbox):
    with time_machine.travel("2026-03-17T08:00Z", tick=False):
        sweeps.run(reminders.SWEEP)
        follow_up.edit_action(chased.pk, changes={"due": date(2026, 4, 20)}, by=by(pia))
        sweeps.run(queue.SWEEP)

    assert OutgoingMessage.objects.get().note == "The action is due on 2026-04-20 now."
    assert len(tell_at("2026-04-17T08:00Z")) == 1


def test_a_started_action_is_still_chased(chased, eli, by, mailoutbox):
    tell_at("2026-03-17T08:00Z")
    follow_up.start_action(chased.pk, by=by(eli))

    sweeps.run(queue.SWEEP)

    assert [mail.subject[-31:] for mail in mailoutbox] == ["Alert before a certificate ends"]
    assert len(tell_at("2026-03-20T08:00Z")) == 1
