"""The clocks of tickets: who is owed an answer when, through everything that a ticket goes through.

2027-02-01 is a Monday; the default policies give strategic Acme a P2 four hours... see sla.defaults.
"""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from core.common.actor import system
from core.common.errors import Invalid
from core.timers import sweeps
from sla import operations as service_levels
from sla import queries as clocks
from sla.alarms import SWEEP
from sla.models import Breach, Clock, Policy
from tickets import operations, queries
from tickets.models import Ticket

pytestmark = pytest.mark.django_db


def at(hour: int, minute: int = 0, day: int = 1) -> datetime:
    return datetime(2027, 2, day, hour, minute, tzinfo=UTC)


@pytest.fixture
def now():
    with time_machine.travel(at(9), tick=False) as traveller:
        yield traveller


@pytest.fixture
def ticket(now, desk, ana, by):
    """A P2 of Acme, opened at nine: first response and next response in two hours, resolution in eight."""
    return operations.create(
        subject="Cards fail", requester=desk.casey, application=desk.payments, by=by(ana)
    )


def states(ticket: Ticket) -> dict[str, str]:
    """The latest clock of each goal."""
    found = Clock.objects.filter(subject_kind="ticket", subject_id=ticket.pk).order_by("pk")
    return {clock.goal: clock.state for clock in found}


def say(ticket: Ticket, who, *, public=True):
    return operations.reply(ticket.reference, body="Text", public=public, by=who)


def next_due(ticket: Ticket) -> datetime | None:
    return clocks.open_clocks("ticket").get(subject_id=ticket.pk, goal="next_response").due_at


# --- the next response -------------------------------------------------------------------------------------


def test_the_next_response_is_due_from_the_first_question_after_our_reply(
    ticket, now, ana, casey, by
) -> None:
    say(ticket, by(ana))
    now.move_to(at(10))
    say(ticket, by(casey))
    now.move_to(at(11))
    say(ticket, by(casey))

    assert next_due(ticket) == at(12)  # two hours from the first of the two


@pytest.mark.parametrize("public", [False, True])
def test_a_note_or_an_automatic_reply_leaves_the_question_open(ticket, now, ana, casey, by, public) -> None:
    say(ticket, by(ana))
    say(ticket, by(casey))

    say(ticket, system() if public else by(ana), public=public)

    assert states(ticket)["next_response"] == "running"


def test_a_persons_reply_meets_it_and_the_next_question_starts_another(ticket, now, ana, casey, by) -> None:
    say(ticket, by(ana))
    for hour in (10, 12):
        now.move_to(at(hour))
        say(ticket, by(casey))
        now.move_to(at(hour, 30))
        say(ticket, by(ana))

    met = Clock.objects.filter(goal="next_response").order_by("pk")
    assert [(clock.state, clock.elapsed_seconds) for clock in met] == [("met", 1800), ("met", 1800)]


def test_before_anybody_answered_only_the_first_response_is_owed(ticket, casey, by) -> None:
    say(ticket, by(casey))

    assert "next_response" not in states(ticket)


def test_without_a_promised_first_response_a_second_question_promises_none_either(
    now, desk, ana, casey, by
) -> None:
    Policy.objects.update(first_response_minutes=None)
    made = operations.create(subject="Cards fail", requester=desk.casey, by=by(ana))
    say(made, by(casey))

    assert states(made) == {"resolution": "running"}


def test_a_question_while_waiting_lets_all_clocks_run_on(ticket, now, ana, casey, by) -> None:
    say(ticket, by(ana))
    operations.wait(ticket.reference, reason="the log", by=by(ana))
    now.move_to(at(10))
    say(ticket, by(casey))

    assert states(ticket) == {"first_response": "met", "next_response": "running", "resolution": "running"}


def test_waiting_pauses_an_open_question_too(ticket, now, ana, casey, by) -> None:
    say(ticket, by(ana))
    say(ticket, by(casey))

    operations.wait(ticket.reference, reason="the log", by=by(ana))

    assert states(ticket)["next_response"] == "paused"


@pytest.mark.parametrize(("reason", "state"), [("vendor", "paused"), ("problem", "running")])
def test_a_question_on_hold_waits_with_the_hold_where_the_policy_says_so(
    ticket, now, ana, casey, by, reason, state
) -> None:
    say(ticket, by(ana))
    operations.hold(ticket.reference, reason=reason, note="They look.", by=by(ana))
    now.move_to(at(10))
    say(ticket, by(casey))
    assert states(ticket)["next_response"] == state

    now.move_to(at(11))
    operations.resume(ticket.reference, by=by(ana))
    assert next_due(ticket) == (at(13) if state == "paused" else at(12))


def test_a_reply_that_reopens_owes_an_answer_and_the_rest_of_the_resolution(
    ticket, now, ana, casey, by
) -> None:
    now.move_to(at(10))
    operations.resolve(ticket.reference, code="fixed", note="Done.", by=by(ana))
    now.move_to(at(9, day=2))
    say(ticket, by(casey))

    assert states(ticket) == {"first_response": "met", "next_response": "running", "resolution": "running"}
    assert next_due(ticket) == at(11, day=2)
    assert Clock.objects.get(goal="resolution", state="running").elapsed_seconds == 3600


def test_what_the_desk_resolved_without_a_person_still_owes_the_first_response(
    ticket, now, casey, by
) -> None:
    """Nobody answered: the promise was not kept, and when the customer comes back it counts on."""
    now.move_to(at(10))
    operations.resolve(ticket.reference, code="fixed", note="Solved by itself.", by=system())
    assert states(ticket)["first_response"] == "cancelled"

    now.move_to(at(11))
    say(ticket, by(casey))

    first = Clock.objects.get(goal="first_response", state="running")
    assert (first.elapsed_seconds, first.due_at) == (3600, at(12))
    assert "next_response" not in states(ticket)


def test_reopening_by_the_desk_owes_no_answer(ticket, now, ana, by) -> None:
    operations.resolve(ticket.reference, code="fixed", note="Done.", by=by(ana))
    operations.reopen(ticket.reference, reason="Not quite", by=by(ana))

    assert states(ticket) == {"first_response": "met", "resolution": "running"}


def test_a_duplicates_question_is_owed_by_the_survivor_with_the_time_waited(
    ticket, now, desk, ana, casey, by
) -> None:
    other = operations.create(subject="Same", requester=desk.casey, application=desk.payments, by=by(ana))
    for one in (ticket, other):
        say(one, by(ana))
    now.move_to(at(10))
    say(other, by(casey))
    now.move_to(at(10, 30))

    operations.merge(other.reference, into=ticket.reference, by=by(ana))

    assert next_due(ticket) == at(12)
    assert queries.fresh(ticket).due_at == at(12)
    why = [row["why"] for row in clocks.clocks_of("ticket", ticket.pk)[0]["ledger"]]
    assert why == ["started", f"merged from {other.reference}"]

    now.move_to(at(11))
    operations.undo_merge(other.reference, by=by(ana))

    assert states(ticket)["next_response"] == "cancelled"
    assert next_due(other) == at(12, 30)  # less the half hour of the merge


def test_a_survivor_that_owes_an_answer_already_keeps_its_own(ticket, now, desk, ana, casey, by) -> None:
    other = operations.create(subject="Same", requester=desk.casey, application=desk.payments, by=by(ana))
    now.move_to(at(10))
    operations.merge(other.reference, into=ticket.reference, by=by(ana))

    assert Clock.objects.filter(subject_id=ticket.pk, goal="first_response").count() == 1


# --- promises that begin late ------------------------------------------------------------------------------


def test_a_ticket_without_a_promise_gets_one_when_its_priority_asks_for_it(now, desk, ana, by) -> None:
    Policy.objects.filter(priority="P2").update(active=False)
    made = operations.create(subject="Cards fail", requester=desk.casey, by=by(ana))
    assert states(made) == {}

    now.move_to(at(10))
    operations.set_priority(made.reference, priority="P1", reason="All shops", by=by(ana))

    assert states(made) == {"first_response": "running", "resolution": "running"}
    assert queries.fresh(made).due_at == at(10, 15)


def test_what_is_resolved_gets_no_new_promise(ticket, now, ana, by) -> None:
    operations.resolve(ticket.reference, code="fixed", note="Done.", by=by(ana))
    operations.set_priority(ticket.reference, priority="P1", reason="All shops", by=by(ana))

    assert set(states(ticket).values()) == {"met"}


# --- why it was missed -------------------------------------------------------------------------------------


@pytest.fixture
def missed(ticket, now, ana, by):
    """Its resolution was due eight business hours later, yesterday."""
    say(ticket, by(ana))
    operations.take(ticket.reference, by=by(ana))
    now.move_to(at(10, day=2))
    sweeps.run(SWEEP.name)
    return queries.fresh(ticket)


def test_a_missed_resolution_demands_its_cause_and_keeps_who_had_it(missed, ana, by) -> None:
    with pytest.raises(Invalid) as wrong:
        operations.resolve(missed.reference, code="fixed", note="Done.", by=by(ana))
    assert list(wrong.value.errors) == ["breach_cause"]

    operations.resolve(
        missed.reference,
        code="fixed",
        note="Done.",
        breach_cause="vendor",
        breach_note="Late part",
        by=by(ana),
    )

    breach = Breach.objects.get()
    assert (breach.owner_label, breach.cause, breach.cause_note) == ("Ana Alves", "vendor", "Late part")
    assert queries.fresh(missed).breach_cause == "A vendor was late: Late part"


def test_something_else_is_said_in_a_sentence(missed, ana, by) -> None:
    with pytest.raises(Invalid) as wrong:
        operations.resolve(missed.reference, code="fixed", note="Done.", breach_cause="other", by=by(ana))

    assert list(wrong.value.errors) == ["breach_note"]


def test_a_cause_is_asked_for_once(missed, now, ana, casey, by) -> None:
    how = {"code": "fixed", "note": "Done.", "by": by(ana)}
    operations.resolve(missed.reference, breach_cause="staffing", **how)
    say(missed, by(casey))

    again = operations.resolve(missed.reference, **how)

    assert again.breach_cause == "Not enough people on shift"


def test_a_calendars_edit_shows_in_the_queue_at_once(ticket, now) -> None:
    calendar = clocks.open_clocks("ticket").filter(subject_id=ticket.pk)[0].calendar
    calendar.weekly = {"mon": [["09:00", "10:00"]], "tue": [["09:00", "17:00"]]}

    service_levels.save_calendar(calendar, by=system())

    assert queries.fresh(ticket).due_at == at(10, day=2)
    assert queries.fresh(ticket).due_at - at(9) > timedelta(hours=2)


# --- the pages ---------------------------------------------------------------------------------------------


def test_the_dialog_asks_for_a_cause_only_where_something_was_missed(missed, desk, client, ana, by) -> None:
    other = operations.create(subject="Fine", requester=desk.casey, by=by(ana))
    client.force_login(ana)

    late = client.get(f"/tickets/{missed.reference}/?open=resolve").content.decode()
    fine = client.get(f"/tickets/{other.reference}/?open=resolve").content.decode()

    assert "Not enough people on shift" in late
    assert 'name="breach_cause"' not in fine


def test_resolving_on_the_page_keeps_the_cause(missed, client, ana) -> None:
    client.force_login(ana)
    form = {"code": "fixed", "note": "Done."}

    again = client.post(f"/tickets/{missed.reference}/resolve/", form)
    done = client.post(f"/tickets/{missed.reference}/resolve/", {**form, "breach_cause": "change"})

    assert (again.status_code, done.status_code) == (400, 302)
    assert "say what caused it" in again.content.decode()
    assert Breach.objects.get().cause == "change"


def test_a_clock_is_explained_to_staff_who_see_the_ticket(ticket, client, ana, kim, casey) -> None:
    url = f"/tickets/{ticket.reference}/clocks/resolution/"

    for who, status in ((ana, 200), (kim, 200), (casey, 404)):
        client.force_login(who)
        assert client.get(url).status_code == status
    client.force_login(ana)
    assert client.get(url.replace("resolution", "next_response")).status_code == 404
    assert (
        f"/tickets/{ticket.reference}/clocks/" in client.get(f"/tickets/{ticket.reference}/").content.decode()
    )


def test_explaining_costs_few_queries(ticket, client, ana, django_assert_max_num_queries) -> None:
    client.force_login(ana)

    with django_assert_max_num_queries(25):
        client.get(f"/tickets/{ticket.reference}/clocks/resolution/")
