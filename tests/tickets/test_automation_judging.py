"""What a rule would have done, and why it did or did not."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from core.audit import delivery
from core.audit.models import Event
from core.common import clock
from core.outbox.models import OutgoingMessage
from core.timers import sweeps
from tickets import operations
from tickets.automation import judging
from tickets.automation import operations as rules
from tickets.models import Entry, RuleRun, Ticket

pytestmark = pytest.mark.django_db


@pytest.fixture
def rule(max_, by):
    return rules.create_rule(
        name="Urgent", events=["ticket.created"], conditions="priority=P2", by=by(max_),
        actions=[{"do": "add_tag", "tag": "hot"}, {"do": "assign", "team": "team-2"}, {"do": "note", "body": "Go."}],
    )  # fmt: skip


@pytest.fixture(autouse=True)
def _teams(desk):
    """The rule names one of them."""


def why(ticket, name="Urgent"):
    return [
        reason for reason in judging.explain(Ticket.objects.get(pk=ticket.pk)) if reason.rule.name == name
    ]


def test_a_dry_run_says_what_would_be_done_and_does_nothing(ticket, rule, max_, by):
    Ticket.objects.filter(pk=ticket.pk).update(tags=["hot"])
    before = (
        Event.objects.count(),
        Entry.objects.count(),
        OutgoingMessage.objects.count(),
        RuleRun.objects.count(),
    )

    run = judging.dry_run(rule, by(max_))

    assert [(row.ticket.pk, row.trigger) for row in run.rows] == [(ticket.pk, "A ticket is opened")]
    assert run.rows[0].acts == (
        "add the tag hot (so already)",
        "assign it to team-2",
        "add the internal note “Go.”",
    )
    assert "as it is now" in run.honest
    after = (
        Event.objects.count(),
        Entry.objects.count(),
        OutgoingMessage.objects.count(),
        RuleRun.objects.count(),
    )
    assert after == before


def test_a_dry_run_looks_thirty_days_back(ticket, rule, max_, by):
    with time_machine.travel(clock.now() + timedelta(days=31)):
        assert judging.dry_run(rule, by(max_)).rows == ()


def test_a_dry_run_shows_what_owner_and_reader_both_see(rule, max_, root, ana, by):
    for_root = operations.create(subject="For root", confidential=True, by=by(ana))
    for_max = operations.create(subject="For max", confidential=True, by=by(ana))
    operations.create(subject="For nobody", confidential=True, by=by(ana))
    Ticket.objects.filter(pk=for_root.pk).update(assignee=root)
    Ticket.objects.filter(pk=for_max.pk).update(assignee=max_)
    assert [row.ticket.subject for row in judging.dry_run(rule, by(max_)).rows] == ["For max"]
    assert judging.dry_run(rule, by(root)).rows == ()


def test_a_dry_run_of_a_time_rule_is_of_this_moment(ticket, max_, by):
    rule = rules.create_rule(
        name="Old", trigger="time", after_minutes=60, actions=[{"do": "resume"}], by=by(max_)
    )
    assert judging.dry_run(rule, by(max_)).rows == ()
    with time_machine.travel(clock.now() + timedelta(hours=2)):
        run = judging.dry_run(rule, by(max_))
    assert [row.trigger for row in run.rows] == ["Unchanged for 1 h"]
    assert "this moment" in run.honest


def test_why_it_fired(ticket, rule):
    sweeps.run(delivery.SWEEP)
    (reason,) = why(ticket)
    assert reason.fired
    assert reason.why == (
        "A ticket is opened. Done: add the tag hot; assign it to team-2; add the internal note “Go.”."
    )


def test_why_it_did_not_fire(ticket, rule, desk, ana, max_, by):
    sweeps.run(delivery.SWEEP)
    RuleRun.objects.all().delete()
    actor = by(max_)
    operations.set_priority(ticket.reference, priority="P3", reason="calm", by=by(ana))
    assert why(ticket)[0].why == "Not fired: the ticket does not meet priority:P2, as it is now."
    rules.edit_rule(rule.pk, values={"conditions": "", "events": ["ticket.escalated"]}, by=actor)
    assert "never happened here (it is escalated)" in why(ticket)[0].why
    rules.switch_rule(rule.pk, on=False, by=actor)
    assert why(ticket)[0].why == "Not fired: it is switched off."


def test_why_a_stopped_rule_goes_on_no_more(ticket, rule):
    sweeps.run(delivery.SWEEP)
    rules.stop_rule(rule, "A loop.", key="x")
    assert [reason.fired for reason in why(ticket)] == [True, None]
    assert why(ticket)[1].why == "Not fired: the desk switched it off. A loop."


def test_why_names_an_owner_who_may_not_see_it(rule, ana, by):
    secret = operations.create(subject="Secret", confidential=True, by=by(ana))
    sweeps.run(delivery.SWEEP)
    (reason,) = why(secret)
    assert (reason.fired, reason.why) == (None, "Not fired: its owner, Max Moreau, may not see this ticket.")


def test_why_a_time_rule_is_not_due_yet(ticket, max_, by):
    rules.create_rule(name="Old", trigger="time", after_minutes=60, actions=[{"do": "resume"}], by=by(max_))
    assert why(ticket, "Old")[0].why.startswith("Not fired yet: it is due at ")


@pytest.mark.parametrize(
    ("minutes", "words"), [(90, "90 min"), (60, "1 h"), (180, "3 h"), (1440, "1 day"), (2880, "2 days")]
)
def test_a_stretch_of_time_is_said_in_its_largest_whole_unit(minutes, words):
    assert judging.span(minutes) == words
