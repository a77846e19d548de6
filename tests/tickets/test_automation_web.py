"""The pages and endpoints of rules."""

from __future__ import annotations

import json

import pytest

from core.audit import delivery
from core.timers import sweeps
from tickets import operations
from tickets.automation import operations as rules
from tickets.models import AutomationRule, Ticket

pytestmark = pytest.mark.django_db

GOOD = {
    "name": "Urgent", "trigger": "event", "events": ["ticket.created"], "conditions": 'priority:P0,P1 team:"team-1"',
    "do": ["add_tag", "reply"], "a0-tag": "hot", "a1-body": "We look.", "a1-public": "on", "active": "on",
}  # fmt: skip


@pytest.fixture
def rule(desk, max_, by):
    return rules.create_rule(
        name="Mark", events=["ticket.created"], actions=[{"do": "add_tag", "tag": "new"}], by=by(max_)
    )


@pytest.fixture
def boss(client, max_):
    client.force_login(max_)
    return client


def test_a_rule_is_made_on_the_page(desk, boss, max_):
    answer = boss.post("/tickets/rules/new/", GOOD)
    rule = AutomationRule.objects.get()
    assert answer.headers["Location"] == f"/tickets/rules/{rule.pk}/"
    assert (rule.owner, rule.active, rule.conditions) == (max_, True, "priority=P0%2CP1&team=team-1")
    assert rule.actions == [
        {"do": "add_tag", "tag": "hot"},
        {"do": "reply", "body": "We look.", "public": True},
    ]
    page = boss.get(f"/tickets/rules/{rule.pk}/").content.decode()
    assert "priority:P0,P1 team:team-1" in page and 'value="hot"' in page


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"conditions": "colour:red"}, "colour: there is no such condition."),
        ({"conditions": "refund"}, "“refund” is no condition: write key:value"),
        ({"conditions": "priority:P9"}, "is none of P0, P1, P2, P3"),
        ({"a0-tag": ""}, "This field is required."),
        ({"a1-public": ""}, "A reply goes to the customer: say so with public"),
        ({"events": []}, "Choose at least one event."),
        ({"do": []}, "A rule does something"),
    ],
)
def test_a_wrong_rule_is_refused_at_its_field_and_keeps_what_was_typed(desk, boss, wrong, reason):
    answer = boss.post("/tickets/rules/new/", {**GOOD, **wrong})
    page = answer.content.decode()
    assert answer.status_code in (400, 422)
    assert reason in page and 'value="Urgent"' in page
    assert not AutomationRule.objects.exists()


def test_actions_are_added_and_removed_without_script(desk, boss):
    page = boss.post("/tickets/rules/new/", {**GOOD, "add": "1", "new": "assign"})
    assert page.status_code == 200 and "Assign to" in page.content.decode()
    assert 'name="a2-team"' in page.content.decode() and 'value="hot"' in page.content.decode()
    page = boss.post("/tickets/rules/new/", {**GOOD, "remove": "0"}).content.decode()
    assert 'value="hot"' not in page and "We look." in page and 'name="a0-body"' in page
    assert not AutomationRule.objects.exists()


def test_a_stale_edit_is_refused(rule, boss, max_, by):
    rules.edit_rule(rule.pk, values={"name": "Label"}, by=by(max_))
    answer = boss.post(f"/tickets/rules/{rule.pk}/", {**GOOD, "version": rule.version})
    assert answer.status_code == 412
    assert "changed by somebody else" in answer.content.decode()


def test_order_and_switch_on_the_list(rule, boss, max_, by):
    rules.create_rule(name="Other", events=["ticket.closed"], actions=[{"do": "stop"}], by=by(max_))
    boss.post(f"/tickets/rules/{rule.pk}/move/", {"to": "2"})
    assert [one.name for one in AutomationRule.objects.all()] == ["Other", "Mark"]
    boss.post(f"/tickets/rules/{rule.pk}/switch/", {"on": "0"})
    rule.refresh_from_db()
    assert not rule.active


def test_a_stopped_rule_stands_out(rule, boss):
    rules.stop_rule(rule, "A loop on TKT-1.", key="x")
    page = boss.get("/tickets/rules/").content.decode()
    assert "Stopped" in page and "call red" in page and "A loop on TKT-1." in page


def test_the_ticket_leads_to_the_reason(ticket, rule, client, ana):
    sweeps.run(delivery.SWEEP)
    client.force_login(ana)
    page = client.get(f"/tickets/{ticket.reference}/").content.decode()
    assert (
        "Rule Mark for Max Moreau" in page
        and "Why they acted, or did not" in page
        and f"/tickets/{ticket.reference}/rules/" in page
    )
    reasons = client.get(f"/tickets/{ticket.reference}/rules/").content.decode()
    assert "Done: add the tag new." in reasons


def test_log_and_dry_run_pages(ticket, rule, boss):
    sweeps.run(delivery.SWEEP)
    assert ticket.reference in boss.get(f"/tickets/rules/{rule.pk}/log/").content.decode()
    page = boss.get(f"/tickets/rules/{rule.pk}/dry_run/").content.decode()
    assert ticket.reference in page and "would add the tag new (so already)" in page


def test_the_log_hides_what_the_reader_may_not_see(rule, boss, max_, root, ana, by):
    mine = rules.create_rule(
        name="Of root", events=["ticket.assigned"], actions=[{"do": "add_tag", "tag": "x"}], by=by(root)
    )
    secret = operations.create(subject="Quokka", confidential=True, by=by(ana))
    Ticket.objects.filter(pk=secret.pk).update(assignee=root)
    operations.assign(secret.reference, assignee=root, by=by(root))
    sweeps.run(delivery.SWEEP)
    assert mine.runs.count() == 1
    assert secret.reference not in boss.get(f"/tickets/rules/{mine.pk}/log/").content.decode()
    assert "Quokka" not in boss.get(f"/tickets/rules/{mine.pk}/dry_run/").content.decode()


# --- API ---------------------------------------------------------------------------------------------------


def call(client, method, path, **body):
    return client.generic(method, f"/api/v1/{path}", json.dumps(body), content_type="application/json")


def test_rules_through_the_api(desk, boss, ticket):
    body = {"name": "Mark", "events": ["ticket.created"], "conditions": "status=new"}
    made = call(boss, "POST", "automation-rules/", **body, actions=[{"do": "add_tag", "tag": "new"}])
    assert made.status_code == 201 and made.json()["owner"] == "max"
    path = made.headers["Location"].split("/api/v1/")[1]
    sweeps.run(delivery.SWEEP)
    assert boss.get(f"/api/v1/{path}runs/").json()["results"][0]["ticket"] == ticket.reference
    dry = boss.get(f"/api/v1/{path}dry_run/").json()
    assert dry["rows"][0]["would"] == ["add the tag new (so already)"] and dry["honest"]
    reasons = boss.get(f"/api/v1/tickets/{ticket.reference}/rules/").json()
    assert [(reason["rule"], reason["fired"]) for reason in reasons] == [("Mark", True)]
    changed = call(boss, "PATCH", path, active=False)
    assert changed.json()["active"] is False
    assert call(boss, "POST", f"{path}move/", to=1).status_code == 200


def test_the_api_names_each_reason(desk, boss):
    body = {"name": "x", "events": ["ticket.created"], "conditions": "colour=red"}
    answer = call(boss, "POST", "automation-rules/", **body, actions=[{"do": "assign", "team": "nobody"}])
    assert answer.status_code == 400
    assert answer.json()["errors"] == {
        "conditions": ["colour: there is no such condition."],
        "actions.0.team": ["There is no team “nobody”."],
    }
