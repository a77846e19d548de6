"""Event rules: who fires, in which order, with whose rights, and how a loop ends."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from core.audit import delivery, trail
from core.audit.models import Delivery, Event
from core.common import clock, faults
from core.common.actor import Door
from core.common.errors import Conflict, Invalid, NotAllowed, NotFound, Stale
from core.outbox.models import OutgoingMessage
from core.timers import sweeps
from tickets import operations
from tickets.automation import operations as rules
from tickets.models import AutomationRule, RuleRun, Ticket
from worklog.models import Mention

pytestmark = pytest.mark.django_db


@pytest.fixture
def make(max_, by):
    """`make("Name", events, actions, conditions="...")`: a rule of max."""

    def build(name, events, *actions, owner=max_, **more):
        return rules.create_rule(name=name, events=events, actions=list(actions), by=by(owner), **more)

    return build


def tag(name):
    return {"do": "add_tag", "tag": name}


def untag(name):
    return {"do": "remove_tag", "tag": name}


def deliver():
    sweeps.run(delivery.SWEEP)


def tags(ticket):
    return Ticket.objects.get(pk=ticket.pk).tags


def test_a_rule_acts_on_its_event_once(desk, make, ana, by):
    rule = make("Mark", ["ticket.created"], tag("new"), conditions="priority=P2&application=payments")
    ticket = operations.create(subject="Cards", component=desk.gateway, by=by(ana))
    deliver()
    deliver()

    assert tags(ticket) == ["new"]
    run = RuleRun.objects.get()
    assert (run.rule, run.fired, run.why) == (rule, True, "Done: add the tag new.")
    event = Event.objects.get(name="ticket.updated")
    assert (event.actor_label, event.door) == ("Rule Mark for Max Moreau", Door.RULE)
    assert event.data["because"] == {"rules": [rule.pk]}


def test_a_rule_keeps_away_from_what_does_not_match(ticket, make):
    make("Mark", ["ticket.created"], tag("new"), conditions="priority=P0")
    deliver()
    assert tags(ticket) == [] and not RuleRun.objects.exists()


def test_rules_run_in_their_order_and_stop_ends_it(desk, make, ana, by):
    make("Third", ["ticket.created"], tag("third"))
    second = make("Second", ["ticket.created"], tag("second"), {"do": "stop"})
    first = make("First", ["ticket.created"], tag("first"))
    rules.move_rule(first.pk, to=1, by=by(desk.teams[0].manager))
    rules.move_rule(second.pk, to=2, by=by(desk.teams[0].manager))
    made = operations.create(subject="x", by=by(ana))
    deliver()
    assert tags(made) == ["first", "second"]


def test_one_rule_that_fails_undoes_itself_alone(ticket, make):
    make("Fails", ["ticket.created"], tag("half"), {"do": "notify", "to": "assignee", "body": "x"})
    make("Works", ["ticket.created"], tag("whole"))
    deliver()
    assert tags(ticket) == ["whole"]
    refused = RuleRun.objects.get(rule__name="Fails")
    assert not refused.fired and "nobody to mail" in refused.why


def test_history_of_another_desk_sets_nothing_off(desk, make, ana, by):
    make("Mark", ["ticket.created"], tag("new"))
    made = operations.create(subject="old", by=by(ana, Door.IMPORT))
    deliver()
    assert tags(made) == []


# --- saving ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "field", "reason"),
    [
        ({"conditions": "colour=red"}, "conditions", "colour: there is no such condition."),
        ({"conditions": "priority=P9"}, "conditions", "“P9” is none of P0, P1, P2, P3"),
        ({"conditions": "team=nobody"}, "conditions", "There is no team “nobody”"),
        ({"conditions": "status="}, "conditions", "status: has no value"),
        ({"conditions": "status=new&status=open"}, "conditions", "stands twice"),
        ({"conditions": "search=refund"}, "conditions", "no yes or no"),
        ({"events": ["ticket.exploded"]}, "events", "“ticket.exploded” is no event"),
        ({"events": []}, "events", "at least one event"),
        ({"actions": []}, "actions", "does something"),
        ({"actions": [{"do": "explode"}]}, "actions.0.do", "says what to do"),
        ({"actions": [{"do": "assign", "team": "nobody"}]}, "actions.0.team", "There is no team “nobody”"),
        ({"actions": [{"do": "assign", "assignee": "casey"}]}, "actions.0.assignee", "There is no user"),
        ({"actions": [{"do": "add_tag", "tag": "x", "colour": "red"}]}, "actions.0.colour", ""),
        ({"actions": [{"do": "reply", "body": "Hello"}]}, "actions.0.public", "goes to the customer"),
        ({"actions": [{"do": "stop"}, {"do": "add_tag", "tag": "x"}]}, "actions", "Stop comes last"),
        ({"trigger": "time"}, "after_minutes", "how many minutes"),
        ({"name": " "}, "name", "has a name"),
    ],
)
def test_a_wrong_rule_is_refused_with_the_reason(desk, max_, by, values, field, reason):
    good = {"name": "Mark", "events": ["ticket.created"], "actions": [tag("new")]}
    with pytest.raises(Invalid) as wrong:
        rules.create_rule(**{**good, **values}, by=by(max_))
    assert reason in " ".join(wrong.value.errors[field])
    assert not AutomationRule.objects.exists()


def test_only_who_manages_rules_makes_them(desk, ana, by):
    with pytest.raises(NotAllowed, match="Manager or Admin"):
        rules.create_rule(name="x", events=["ticket.created"], actions=[tag("x")], by=by(ana))


def test_a_name_is_taken_once(make):
    make("Mark", ["ticket.created"], tag("new"))
    with pytest.raises(Invalid, match="already"):
        make("Mark", ["ticket.created"], tag("new"))


def test_who_changes_what_a_rule_does_becomes_its_owner(make, root, by):
    rule = make("Mark", ["ticket.created"], tag("new"))
    renamed = rules.edit_rule(rule.pk, values={"name": "Label"}, by=by(root))
    assert renamed.owner.username == "max"
    changed = rules.edit_rule(rule.pk, values={"actions": [tag("other")]}, by=by(root))
    assert changed.owner == root
    with pytest.raises(Stale):
        rules.edit_rule(rule.pk, values={"name": "Late"}, if_version=rule.version, by=by(root))


# --- rights ------------------------------------------------------------------------------------------------


def test_what_the_owner_may_not_a_rule_may_not(ticket, make, max_, kim):
    make("Mark", ["ticket.created"], tag("new"))
    max_.role_grants.update(role="account_manager")
    deliver()
    run = RuleRun.objects.get()
    assert tags(ticket) == [] and not run.fired
    assert run.why.startswith("Nothing was done: You may not work on tickets.")


def test_a_disabled_owner_stops_the_rule_with_the_reason(ticket, make, max_, root):
    rule = make("Mark", ["ticket.created"], tag("new"))
    max_.is_active = False
    max_.save()
    deliver()
    rule.refresh_from_db()
    assert tags(ticket) == [] and not rule.active
    assert rule.stopped_why == "Its owner, Max Moreau, can no longer sign in."
    assert [mail.to for mail in OutgoingMessage.objects.filter(topic="automation.stopped")] == [root.email]


def test_conditions_that_cannot_be_read_any_more_stop_the_rule(ticket, make, desk):
    rule = make("Mark", ["ticket.created"], tag("new"), conditions="team=team-1")
    AutomationRule.objects.filter(pk=rule.pk).update(conditions="team=dissolved")
    deliver()
    rule.refresh_from_db()
    assert tags(ticket) == [] and "no team “dissolved”" in rule.stopped_why


def test_a_rule_does_not_see_what_its_owner_may_not(desk, make, ana, by):
    make("Mark", ["ticket.created", "ticket.assigned"], tag("new"), {"do": "note", "body": "seen"})
    secret = operations.create(subject="Secret", confidential=True, by=by(ana))
    deliver()
    assert tags(secret) == [] and not RuleRun.objects.exists()


# --- loops -------------------------------------------------------------------------------------------------


def test_a_rule_does_not_react_to_itself(ticket, make):
    make("Counts", ["ticket.created", "ticket.noted"], {"do": "note", "body": "again"})
    deliver()
    deliver()
    assert ticket.entries.count() == 1
    assert AutomationRule.objects.get().active


def test_a_loop_of_two_rules_stops_and_names_both(ticket, make, max_, root):
    ping = make("Ping", ["ticket.created", "ticket.updated"], tag("hot"))
    pong = make("Pong", ["ticket.updated"], untag("hot"))
    for _ in range(5):
        deliver()

    for rule in (ping, pong):
        rule.refresh_from_db()
        assert not rule.active
        assert "loop" in rule.stopped_why and "“Ping” → “Pong” → “Ping”" in rule.stopped_why
    assert RuleRun.objects.count() == 2  # each once; the third step was undone
    assert tags(ticket) == []
    mails = OutgoingMessage.objects.filter(topic="automation.stopped")
    assert {(mail.to, mail.subject) for mail in mails} == {
        (person.email, f"Rule “{name}” was switched off")
        for person in (max_, root)
        for name in ("Ping", "Pong")
    }
    stopped = Event.objects.filter(name="automation_rule.stopped")
    assert stopped.count() == 2


def test_a_circle_that_comes_to_rest_is_no_loop(ticket, make):
    ping = make("Ping", ["ticket.created", "ticket.updated"], tag("a"))
    pong = make("Pong", ["ticket.updated"], tag("b"))
    for _ in range(5):
        deliver()
    assert tags(ticket) == ["a", "b"]
    assert AutomationRule.objects.filter(pk__in=[ping.pk, pong.pk], active=True).count() == 2


def test_more_than_five_rules_in_a_row_stop(ticket, make):
    row = [
        ("ticket.created", tag("hot")),
        ("ticket.updated", {"do": "set_priority", "priority": "P1", "reason": "hot"}),
        ("ticket.priority_set", {"do": "assign", "team": "team-2"}),
        ("ticket.assigned", {"do": "note", "body": "Yours."}),
        ("ticket.noted", {"do": "wait", "reason": "an answer"}),
        ("ticket.waiting", {"do": "resume"}),
    ]
    for number, (event, action) in enumerate(row):
        make(f"Step {number}", [event], action)
    for _ in range(9):
        deliver()

    off = AutomationRule.objects.filter(active=False)
    assert [rule.name for rule in off] == ["Step 5"]
    assert "More than 5 rules in a row" in off[0].stopped_why and "“Step 0” → “Step 1”" in off[0].stopped_why
    ticket.refresh_from_db()
    assert (ticket.priority, ticket.status) == ("P1", "waiting")


# --- once --------------------------------------------------------------------------------------------------


def test_a_crash_before_the_mark_does_nothing_twice(ticket, make, monkeypatch):
    make(
        "Notes",
        ["ticket.created"],
        {"do": "note", "body": "Seen."},
        {"do": "notify", "to": "lead", "body": "x"},
    )

    def crash(point):
        if point == "automation.after_run":
            raise KeyboardInterrupt

    monkeypatch.setattr(faults, "reach", crash)
    with pytest.raises(KeyboardInterrupt):
        deliver()
    assert ticket.entries.count() == 0 and not RuleRun.objects.exists()
    assert Delivery.objects.filter(handler__endswith="run_rules", due_at__isnull=False).exists()

    monkeypatch.undo()
    deliver()
    deliver()
    assert ticket.entries.count() == 1
    assert OutgoingMessage.objects.filter(topic="ticket.rule_mail").count() == 1
    assert RuleRun.objects.count() == 1


def test_five_hundred_events_run_in_the_background(desk, make, ana, by, django_assert_max_num_queries):
    """As many as a bulk action leaves: one sweep does them all, and none costs more than the one before."""
    make("Mark", ["ticket.created"], tag("new"), conditions="priority=P2")
    facts = {"priority": "P2", "created_at": clock.now(), "updated_at": clock.now()}
    made = Ticket.objects.bulk_create(Ticket(subject=f"Ticket {number}", **facts) for number in range(500))
    for one in made:
        trail.record("ticket.created", on=one, by=by(ana))
    rows = Delivery.objects.filter(handler__endswith="run_rules")
    Delivery.objects.exclude(pk__in=rows).delete()
    later = clock.now() + timedelta(hours=1)
    rows.exclude(pk=rows.first().pk).update(due_at=later)
    with django_assert_max_num_queries(60):
        deliver()
    rows.filter(due_at=later).update(due_at=clock.now())
    deliver()

    assert RuleRun.objects.filter(fired=True).count() == 500
    assert not [one.pk for one in Ticket.objects.all() if one.tags != ["new"]]


# --- mail and clocks ---------------------------------------------------------------------------------------


def test_a_rule_writes_to_the_desk_unless_it_replies_in_public(ticket, desk, make):
    make(
        "Tell",
        ["ticket.created"],
        {"do": "note", "body": "inside"},
        {"do": "notify", "to": "lead", "body": "y"},
    )
    deliver()
    sweeps.run(delivery.SWEEP)
    to = {mail.to for mail in OutgoingMessage.objects.exclude(topic="ticket.acknowledged")}
    assert to == {desk.teams[0].lead.email}


def test_texts_hold_variables(ticket, make, desk):
    make(
        "Greet",
        ["ticket.created"],
        {"do": "reply", "public": True, "body": "Dear {requester.first_name}: {{ ticket.reference }}, {team.name}."},
        {"do": "set_priority", "priority": "P1", "reason": "{organisation.name} pays, says “{rule.name}”"},
    )  # fmt: skip
    deliver()
    changed = Ticket.objects.get(pk=ticket.pk)
    assert changed.entries.get().body == f"Dear Casey: {ticket.reference}, Front line."
    assert changed.priority_reason == "Acme pays, says “Greet”"
    assert f"Dear Casey: {ticket.reference}" in RuleRun.objects.get().why


def test_what_a_customer_wrote_names_nobody_in_a_note(desk, make, casey, eli, by):
    make("Tell", ["ticket.created"], {"do": "note", "body": "@lea look: {ticket.subject}"})
    ticket = operations.create(subject="{team.name} @eli wake up", by=by(casey))
    deliver()
    note = Ticket.objects.get(pk=ticket.pk).entries.get()
    assert note.body == "@lea look: {team.name} \\@eli wake up"  # put in once, never looked at again
    assert "{team.name} @eli wake up" in note.body_html
    assert [mention.user.username for mention in Mention.objects.all()] == ["lea"]


def test_a_mail_about_a_confidential_ticket_says_nothing_of_it(desk, make, max_, by):
    make(
        "Mail",
        ["ticket.taken"],
        {
            "do": "notify",
            "to": "assignee",
            "body": "{ticket.reference}: {ticket.subject} of {requester.name}.",
        },
    )
    ticket = operations.create(subject="Merger", requester=desk.casey, confidential=True, by=by(max_))
    operations.take(ticket.reference, by=by(max_))
    deliver()
    mail = OutgoingMessage.objects.get(topic="ticket.rule_mail")
    assert mail.text.startswith(f"{ticket.reference}: Confidential ticket of .")
    assert "Merger" not in mail.text and "Casey" not in mail.text


@pytest.mark.parametrize(
    "body", ["Dear {requester.nmae}", "{me.name}", "{{ticket.pk}}", "{ticket.__class__}"]
)
def test_an_unknown_variable_is_refused_when_the_rule_is_saved(desk, make, body):
    with pytest.raises(Invalid) as refused:
        make("Bad", ["ticket.created"], tag("x"), {"do": "note", "body": body})
    (sentence,) = refused.value.errors["actions.1.body"]
    assert sentence.startswith("Not known: {") and "{ticket.reference}" in sentence


def test_an_automatic_reply_is_no_response(ticket, desk, make):
    make("Hello", ["ticket.created"], {"do": "reply", "body": "We look into it.", "public": True})
    deliver()
    deliver()
    ticket.refresh_from_db()
    assert (ticket.status, ticket.first_responded_at, ticket.due_goal) == ("new", None, "first_response")
    assert OutgoingMessage.objects.filter(topic="ticket.reply", to=desk.casey.email).exists()


# --- time rules --------------------------------------------------------------------------------------------


def test_a_time_rule_meets_a_ticket_once_a_state(desk, make, ana, by, max_):
    start = clock.now()
    with time_machine.travel(start, tick=False) as now:
        ticket = operations.create(subject="Quiet", by=by(ana))
        make("Wake", [], {"do": "note", "body": "Still there?"}, trigger="time", after_minutes=60)
        make("Later", [], tag("old"), trigger="time", after_minutes=90)

        def pass_minutes(number):
            now.shift(timedelta(minutes=number))
            sweeps.run_due()

        pass_minutes(59)
        assert ticket.entries.count() == 0
        pass_minutes(2)
        assert ticket.entries.count() == 1
        pass_minutes(60)  # its own note is no change; nor did it keep the other rule from its time
        assert (ticket.entries.count(), tags(ticket)) == (1, ["old"])
        operations.take(ticket.reference, by=by(ana))
        pass_minutes(30)
        assert ticket.entries.count() == 1
        pass_minutes(31)
        assert ticket.entries.count() == 2


def test_a_time_rule_leaves_what_is_closed(ticket, make, ana, by):
    make("Wake", [], {"do": "note", "body": "x"}, trigger="time", after_minutes=10)
    operations.resolve(ticket.reference, code="spam", by=by(ana))
    before = ticket.entries.count()
    with time_machine.travel(clock.now() + timedelta(hours=1)):
        sweeps.run("automation.time_rules")
    assert ticket.entries.count() == before


def test_a_time_rule_gets_through_more_than_one_batch(desk, make, ana, by):
    made = [operations.create(subject=str(number), by=by(ana)) for number in range(60)]
    make("Wake", [], tag("old"), trigger="time", after_minutes=10)
    with time_machine.travel(clock.now() + timedelta(hours=1)):
        sweeps.run("automation.time_rules")
        sweeps.run("automation.time_rules")
    assert all(tags(one) == ["old"] for one in made)


def test_switching_off_and_on(ticket, make, max_, by):
    rule = make("Wake", [], tag("old"), trigger="time", after_minutes=10)
    off = rules.switch_rule(rule.pk, on=False, by=by(max_))
    assert (off.active, off.next_at) == (False, None)
    with pytest.raises(Conflict, match="off already"):
        rules.switch_rule(rule.pk, on=False, by=by(max_))
    assert rules.switch_rule(rule.pk, on=True, by=by(max_)).next_at is not None
    with pytest.raises(NotFound):
        rules.switch_rule(rule.pk + 1, on=True, by=by(max_))
