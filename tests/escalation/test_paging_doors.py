"""The doors to paging: pages, the link in the mail, the API, channels."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import signing
from django.test import Client

from core.accounts.models import IdempotentCall
from core.audit.models import Event
from core.outbox.models import Endpoint, OutgoingMessage
from core.timers import sweeps
from escalation import operations, paging_notices
from escalation.models import EscalationPolicy, Page, PagingChannel
from escalation.paging_rules import Step, Target
from tests.receivers import receiver

pytestmark = pytest.mark.django_db
State = Page.State


@pytest.fixture
def made(house, by) -> Page:
    return operations.page(team=house.payments, reason="Settlement is late.", by=by(house.ana))


def browser(user: Any, **more: Any) -> Client:
    client = Client(**more)
    client.force_login(user)
    return client


def post(user: Any, path: str, body: dict[str, Any] | None = None, **headers: str) -> Any:
    return browser(user).post(f"/api/v1/{path}", body or {}, content_type="application/json", headers=headers)


# --- pages ------------------------------------------------------------------------------------------------
def test_the_question_says_who_is_told(house):
    said = browser(house.ana).get("/on-call/pages/new/?team=payments").content.decode()
    assert "<b>Eli Engel</b> (on call for Payments engineering) is told at once." in said
    assert "if no answer in 5 min" in said and "the lead of Payments engineering" in said


def test_paging_from_the_page(house):
    answer = browser(house.ana).post(
        "/on-call/pages/new/", {"team": "payments", "reason": "Settlement is late."}, follow=True
    )
    page = Page.objects.get()
    assert answer.redirect_chain == [(f"/on-call/pages/{page.reference}/", 302)]
    text = answer.content.decode()
    assert f"{page.reference}: Eli Engel is being told." in text
    assert "Nobody has answered yet." in text and "step 1" in text


def test_a_refused_question_keeps_what_was_typed(house):
    answer = browser(house.ana).post("/on-call/pages/new/", {"team": "", "reason": "typed at length"})
    assert answer.status_code == 400
    assert (
        "typed at length" in answer.content.decode() and "Choose the team to page." in answer.content.decode()
    )


def test_the_list_shows_who_is_called_first(house, made, by):
    over = operations.page(team=house.desk, reason="Old.", by=by(house.eli))
    operations.cancel(over.reference, reason="x", by=by(house.eli))
    text = browser(house.ana).get("/on-call/pages/").content.decode()
    assert text.index("Settlement is late.") < text.index("Old.")
    assert "Calling" in text and "Cancelled" in text


def test_an_empty_list_says_what_to_do(house):
    assert "Nobody was paged" in browser(house.ana).get("/on-call/pages/").content.decode()


def test_acknowledging_on_the_page_goes_back_to_where_the_button_stood(house, made):
    answer = browser(house.eli).post(
        f"/on-call/pages/{made.reference}/acknowledge/", {"next": "/tickets/TKT-1/"}
    )
    assert answer["Location"] == "/tickets/TKT-1/"
    again = browser(house.lea).post(
        f"/on-call/pages/{made.reference}/acknowledge/", {"next": "//evil.example"}
    )
    assert again.status_code == 409
    assert "already acknowledged by Eli Engel" in again.content.decode()


def test_calling_off_asks_why(house, made):
    client = browser(house.ana)
    assert "Call it off?" in client.get(f"/on-call/pages/{made.reference}/?open=cancel").content.decode()
    assert client.post(f"/on-call/pages/{made.reference}/cancel/", {"reason": ""}).status_code == 422
    client.post(f"/on-call/pages/{made.reference}/cancel/", {"reason": "Solved."})
    made.refresh_from_db()
    assert made.state == State.CANCELLED


def test_the_live_part_is_sent_when_something_happened(house, made, by):
    client = browser(house.ana)
    text = client.get(f"/on-call/pages/{made.reference}/").content.decode()
    address = re.search(r'hx-get="([^"]*live/[^"]*)"', text)
    assert address and client.get(address[1]).status_code == 204
    operations.acknowledge(made.reference, by=by(house.eli))
    assert "Eli Engel" in client.get(address[1]).content.decode()


def test_what_became_of_each_notice_stands_on_the_page(house, made):
    OutgoingMessage.objects.update(state="failed", note="The mail server refused it.")
    text = browser(house.ana).get(f"/on-call/pages/{made.reference}/").content.decode()
    assert "not sent" in text and "The mail server refused it." in text


# --- the link ---------------------------------------------------------------------------------------------
@pytest.fixture
def link(made, mailoutbox) -> str:
    sweeps.run("outbox")
    found = re.search(r"https?://[^/]+(/on-call/acknowledge/\S+)", mailoutbox[-1].body)
    assert found
    return found[1]


def test_fetching_the_link_changes_nothing_however_often(link, made, client):
    """Mail scanners and previews open every link."""
    for method in ("get", "head", "get"):
        answer = getattr(client, method)(link)
        assert answer.status_code == 200
    made.refresh_from_db()
    assert made.state == State.RUNNING
    assert answer["Referrer-Policy"] == "no-referrer"
    assert "no-store" in answer["Cache-Control"]
    assert "I am on it" in answer.content.decode() and "As Eli Engel." in answer.content.decode()


def test_the_button_acknowledges_without_signing_in(link, made, house):
    client = Client(enforce_csrf_checks=True)
    page = client.get(link).content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert token
    assert client.post(link).status_code == 403
    answer = client.post(link, {"csrfmiddlewaretoken": token[1]})
    made.refresh_from_db()
    assert (made.state, made.acknowledged_by) == (State.ACKNOWLEDGED, house.eli)
    assert "You are on it" in answer.content.decode()
    event = Event.objects.get(name="page.acknowledged")
    assert (event.actor_label, event.door) == ("Eli Engel", "mail")
    assert "_auth_user_id" not in client.session


def test_the_link_of_the_second_says_who_was_first(link, made, house, by, client):
    operations.acknowledge(made.reference, by=by(house.lea))
    assert "Lea Lind is on it" in client.get(link).content.decode()
    answer = client.post(link)
    assert answer.status_code == 409
    assert "already acknowledged by Lea Lind" in answer.content.decode()


def test_the_link_runs_out(link, made, noon, client):
    noon.shift(timedelta(hours=24, seconds=1))
    for answer in (client.get(link), client.post(link)):
        assert (answer.status_code, "not valid any more" in answer.content.decode()) == (404, True)


def test_the_link_is_for_one_page_and_one_person_who_was_told(made, house, client):
    for page, person in ((made.pk, house.lea.pk), (made.pk + 1, house.eli.pk), (made.pk, 0)):
        token = signing.dumps([page, person], salt=paging_notices.SALT)
        assert client.post(f"/on-call/acknowledge/{token}/").status_code == 404
    for token in (
        "x",
        "a:b:c",
        signing.dumps([made.pk, house.eli.pk]),
        signing.dumps("x", salt=paging_notices.SALT),
    ):
        assert client.post(f"/on-call/acknowledge/{token}/").status_code == 404
    made.refresh_from_db()
    assert made.state == State.RUNNING


def test_the_link_of_who_left_is_worth_nothing(link, made, house, client):
    house.eli.is_active = False
    house.eli.save()
    assert client.post(link).status_code == 404


# --- the API ----------------------------------------------------------------------------------------------
def test_the_whole_life_of_a_page_through_the_api(house):
    answer = post(house.ana, "pages/", {"team": "payments", "reason": "Settlement is late."})
    body = answer.json()
    assert (answer.status_code, body["state"], body["step"]) == (201, "running", 1)
    assert answer["Location"].endswith(f"/api/v1/pages/{body['reference']}/")
    assert [step["targets"] for step in body["plan"]] == [
        "who is on call for Payments engineering",
        "the lead of Payments engineering",
        "the manager of Payments engineering",
    ]
    assert [(one["person"], one["message"]) for one in body["notices"]] == [("eli", "queued")]

    path = f"pages/{body['reference']}/"
    taken = post(house.eli, path + "acknowledge/")
    assert (taken.status_code, taken.json()["acknowledged_by"]) == (200, "eli")
    lost = post(house.lea, path + "acknowledge/")
    assert lost.status_code == 409 and "already acknowledged by Eli Engel" in lost.json()["detail"]
    assert post(house.ana, path + "cancel/", {"reason": "Done."}).json()["state"] == "cancelled"
    listed = browser(house.ana).get("/api/v1/pages/?state=cancelled&team=payments").json()
    assert [one["reference"] for one in listed["results"]] == [body["reference"]]


def test_the_same_key_pages_once(house):
    first, second = (
        post(house.ana, "pages/", {"team": "payments", "reason": "r"}, **{"Idempotency-Key": "k"})
        for _ in range(2)
    )
    assert first.json()["reference"] == second.json()["reference"]
    assert second["Idempotency-Replayed"] == "true"
    assert Page.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"team": "payments"}, "reason"),
        ({"reason": "r"}, "team"),
        ({"reason": "r", "team": "nobody"}, "team"),
        ({"reason": "r", "team": "payments", "about": "TKT-999"}, "about"),
        ({"reason": "r", "policy": 99}, "policy"),
    ],
)
def test_a_page_that_cannot_be_started_says_why(house, body, field):
    answer = post(house.ana, "pages/", body)
    assert answer.status_code == 400
    assert field in answer.json()["errors"]


def test_policies_through_the_api(house):
    steps = [
        {"wait_minutes": 5, "targets": [{"kind": "on_call"}]},
        {"wait_minutes": 10, "targets": [{"kind": "lead"}, {"kind": "person", "person": "ana"}]},
        {"wait_minutes": 10, "targets": [{"kind": "on_call", "team": "network", "rotation_step": 2}]},
    ]
    body = {"team": "payments", "name": "Night", "steps": steps, "repeat": 1, "on_breach": True}
    answer = post(house.max, "escalation-policies/", body)
    made = answer.json()
    assert answer.status_code == 201, made
    assert made["is_default"] and made["stale_minutes"] == 30
    assert made["steps"][1]["targets"][1] == {
        "kind": "person", "team": None, "person": "ana", "rotation_step": 1,
    }  # fmt: skip
    assert made["steps"][0]["targets"][0]["team"] == "payments"

    path = f"/api/v1/escalation-policies/{made['id']}/"
    client = browser(house.max)
    changed = client.patch(path, {"repeat": 0}, content_type="application/json", headers={"If-Match": '"1"'})
    assert (changed.status_code, changed["ETag"]) == (200, '"2"')
    stale = client.patch(path, {"repeat": 3}, content_type="application/json", headers={"If-Match": '"1"'})
    assert stale.status_code == 412


@pytest.mark.parametrize(
    "steps",
    [[], [{"wait_minutes": 5, "targets": []}], [{"wait_minutes": 0, "targets": [{"kind": "lead"}]}],
     [{"wait_minutes": 5, "targets": [{"kind": "person"}]}], [{"wait_minutes": 5, "targets": [{"kind": "god"}]}]],
)  # fmt: skip
def test_a_policy_that_calls_nobody_is_refused(house, steps):
    answer = post(house.max, "escalation-policies/", {"team": "payments", "name": "Night", "steps": steps})
    assert answer.status_code == 400
    assert not EscalationPolicy.objects.exists()


# --- the editor -------------------------------------------------------------------------------------------
def fields(client: Client, path: str) -> dict[str, Any]:
    """What the editor would send back untouched."""
    context = client.get(path).context
    forms = [context["form"], *(step for _, step in context["steps"])]
    found: dict[str, Any] = {"steps": context["numbers"]}
    for form in forms:
        for bound in form:
            value = bound.value()
            if hasattr(value, "username") or hasattr(value, "slug"):
                value = getattr(value, "username", None) or value.slug
            if value is not False:
                found[bound.html_name] = "on" if value is True else "" if value is None else value
    return found


def test_the_editor_begins_with_what_the_team_has_and_saves_it(house):
    client = browser(house.ira)
    typed = fields(client, "/on-call/policies/new/payments/")
    assert typed["s1-own"] == ["on_call:1"]
    answer = client.post("/on-call/policies/new/payments/", {**typed, "name": "Day"})
    policy = EscalationPolicy.objects.get()
    assert answer["Location"] == f"/on-call/policies/{policy.pk}/"
    assert [step.wait_minutes for step in policy.steps.all()] == [5, 10, 10]


def test_a_step_more_and_a_step_less_keep_what_was_typed(house):
    client = browser(house.max)
    typed = fields(client, "/on-call/policies/new/payments/") | {"name": "Typed at length"}
    more = client.post("/on-call/policies/new/payments/", {**typed, "add": "1"})
    assert more.status_code == 200 and more.context["numbers"] == "1,2,3,4"
    less = client.post("/on-call/policies/new/payments/", {**typed, "drop": "2"})
    assert less.context["numbers"] == "1,3"
    assert "Typed at length" in less.content.decode()
    assert not EscalationPolicy.objects.exists()


def test_what_the_editor_cannot_show_it_keeps(house, by):
    """The API wrote the lead of another team into a step."""
    steps = [
        Step(5, (Target("lead", house.network.pk), Target("lead"), Target("person", person=house.ana.pk)))
    ]
    policy = operations.create_policy(team=house.payments, name="Odd", steps=steps, by=by(house.max))
    client = browser(house.max)
    path = f"/on-call/policies/{policy.pk}/"
    answer = client.post(path, fields(client, path) | {"name": "Odder"})
    assert answer.status_code == 302, answer.content.decode()
    kinds = list(policy.steps.get().targets.values_list("kind", "team__slug", "person__username"))
    assert sorted(kinds, key=str) == [
        ("lead", "network", None), ("lead", "payments", None), ("person", None, "ana"),
    ]  # fmt: skip


def test_an_empty_step_is_refused_and_everything_kept(house, by):
    client = browser(house.max)
    typed = fields(client, "/on-call/policies/new/payments/") | {"name": "Typed at length", "s2-own": []}
    answer = client.post("/on-call/policies/new/payments/", typed)
    assert answer.status_code == 400
    text = answer.content.decode()
    assert "Step 2 tells nobody" in text and "Typed at length" in text


# --- channels ---------------------------------------------------------------------------------------------
def test_a_chat_is_added_tested_and_used(house, settings, by, mailoutbox):
    with receiver() as slack:
        settings.ALLOWED_TARGETS = frozenset({slack.name})
        client = browser(house.eli)
        client.post("/on-call/channels/add/", {"transport": "slack", "url": slack.url, "label": "Ops"})
        channel = PagingChannel.objects.get(transport="slack")
        assert PagingChannel.objects.filter(person=house.eli).count() == 2  # the mail is kept
        text = client.get("/on-call/channels/").content.decode()
        assert "Ops" in text and "127.0.0.1" in text and "secret-path" not in text
        client.post(f"/on-call/channels/{channel.pk}/test/")
        operations.page(team=house.payments, reason="Settlement is late.", by=by(house.ana))
        sweeps.run("outbox")

        test, page = (got.json for got in slack.got)
        assert test["text"] == "Test: this is where you would be paged"
        assert "Settlement is late." in page["text"]
        assert "acknowledge/" in page["blocks"][2]["text"]["text"]
        assert len(mailoutbox) == 1

        client.post(f"/on-call/channels/{channel.pk}/remove/")
        assert Endpoint.objects.get().sealed_url == ""


def test_a_text_message_goes_to_whoever_is_on_call(house, settings, by):
    with receiver() as provider:
        settings.ALLOWED_TARGETS = frozenset({provider.name})
        typed = {"transport": "webhook", "url": provider.url, "template": "To={{phone}}&Body={{short}}",
                 "format": "form", "authorization": "Basic abc"}  # fmt: skip
        browser(house.eli).post("/on-call/channels/add/", typed)
        made = operations.page(team=house.payments, reason="Settlement is late.", by=by(house.ana))
        sweeps.run("outbox")
        [got] = provider.got
    assert got.form["To"] == "+44 20 5550 0101"
    assert got.form["Body"].startswith(f"[{made.reference}] Settlement is late. http")
    assert len(got.form["Body"]) <= 300


def test_a_secret_is_shown_once(house, settings):
    with receiver() as hook:
        settings.ALLOWED_TARGETS = frozenset({hook.name})
        client = browser(house.eli)
        text = client.post(
            "/on-call/channels/add/", {"transport": "webhook", "url": hook.url}
        ).content.decode()
        secret = re.search(r"whsec_[\w+/=]+", text)
        assert secret
        assert "whsec_" not in client.get("/on-call/channels/").content.decode()
        made = post(
            house.eli,
            "paging-channels/",
            {"transport": "webhook", "url": hook.url},
            **{"Idempotency-Key": "k"},
        )
        assert made.json()["secret"].startswith("whsec_")
        again = post(
            house.eli,
            "paging-channels/",
            {"transport": "webhook", "url": hook.url},
            **{"Idempotency-Key": "k"},
        )
        assert again.json() == made.json()
        assert "whsec_" not in IdempotentCall.objects.get().body
        shown = browser(house.eli).get(f"/api/v1/paging-channels/{made.json()['id']}/").json()
        assert (shown["secret"], shown["host"]) == (None, "127.0.0.1")


@pytest.mark.parametrize(
    "typed",
    [
        {"transport": "slack", "url": "http://hooks.example/"},
        {"transport": "slack", "url": "https://10.0.0.1/"},
        {"transport": "slack", "url": ""},
        {"transport": "webhook", "url": "https://hooks.example/", "template": '{"a": "{{password}}"}'},
        {"transport": "pigeon", "url": "https://hooks.example/"},
    ],
)
def test_a_way_that_leads_nowhere_is_refused(house, typed):
    answer = browser(house.eli).post("/on-call/channels/add/", typed)
    assert answer.status_code in (400, 422)
    assert not PagingChannel.objects.exists()


def test_a_channel_is_its_owners(house, by):
    mine = operations.add_channel(transport="email", person=house.eli, by=by(house.eli)).channel
    team = operations.add_channel(transport="email", team=house.payments, by=by(house.ira)).channel
    for client, channel, status in (
        (browser(house.lea), mine, 404), (browser(house.lea), team, 404), (browser(house.ira), team, 302),
        (browser(house.max), mine, 302),
    ):  # fmt: skip
        assert client.post(f"/on-call/channels/{channel.pk}/remove/").status_code == status
    with pytest.raises(Exception, match="set how you are paged yourself"):
        operations.add_channel(transport="email", person=house.eli, by=by(house.lea))
    said = browser(house.lea).get("/on-call/channels/?team=payments").content.decode()
    assert "can see and change this" in said


def test_the_teams_chat_hears_with_the_person(house, settings, by):
    with receiver() as chat:
        settings.ALLOWED_TARGETS = frozenset({chat.name})
        operations.add_channel(transport="teams", url=chat.url, team=house.payments, by=by(house.ira))
        made = operations.page(team=house.payments, reason="Settlement is late.", by=by(house.ana))
        sweeps.run("outbox")
        [got] = chat.got
    actions = got.json["attachments"][0]["content"]["actions"]
    assert [action["url"].rpartition("/on-call")[2] for action in actions] == [f"/pages/{made.reference}/"]
    assert sorted(made.notices.values_list("recipient", flat=True)) == [
        f"team:{house.payments.pk}", f"user:{house.eli.pk}",
    ]  # fmt: skip
