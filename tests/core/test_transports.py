"""Teams, Slack and webhooks against servers that answer as theirs do."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from core.common import sealed
from core.common.errors import RuleBroken
from core.outbox import endpoints, filling, outgoing, queue
from core.outbox.models import Endpoint, Lane, OutgoingMessage
from core.outbox.transports import webhook
from core.timers import sweeps
from tests.receivers import Receiver, hang, receiver

pytestmark = pytest.mark.django_db
State = OutgoingMessage.State
NOON = datetime(2027, 6, 16, 12, tzinfo=UTC)
LINKS = [["Acknowledge", "https://desk.example/a"], ["Open", "https://desk.example/b"]]


@pytest.fixture
def other(settings: Any) -> Iterator[Receiver]:
    with receiver() as found:
        settings.ALLOWED_TARGETS = frozenset({found.name})
        yield found


def put(endpoint: Endpoint, key: str = "a", **more: Any) -> OutgoingMessage:
    values = {
        "lane": Lane.PAGE, "to": "Slack", "subject": "TKT-12 <!channel> & more", "topic": "test",
        "text": "Cards fail <https://evil.example|here>.\n\nSince 14:02.", "endpoint": endpoint,
        "data": {"links": LINKS, "values": {"phone": "+44 20", "person": 'Eli "E" Engel', "other": "x"}},
    }  # fmt: skip
    return queue.put(**{**values, "dedup_key": key, **more})


def sent(endpoint: Endpoint) -> OutgoingMessage:
    message = put(endpoint)
    sweeps.run(queue.SWEEP)
    message.refresh_from_db()
    return message


def test_slack_gets_blocks_in_which_nothing_is_called_but_our_links(other):
    other.then = (200, {}, b"ok")
    assert sent(endpoints.add("slack", other.url)[0]).state == State.SENT

    [got] = other.got
    assert got.headers["content-type"] == "application/json"
    header, said, links = got.json["blocks"]
    assert header == {
        "type": "header",
        "text": {"type": "plain_text", "text": "TKT-12 <!channel> & more", "emoji": False},
    }
    assert said["text"]["text"] == "Cards fail &lt;https://evil.example|here&gt;.\n\nSince 14:02."
    assert links["text"]["text"] == "<https://desk.example/a|Acknowledge>  <https://desk.example/b|Open>"
    assert got.json["text"] == "TKT-12 &lt;!channel&gt; &amp; more"


def test_teams_gets_an_adaptive_card(other):
    other.then = (202, {}, b"")
    assert sent(endpoints.add("teams", other.url)[0]).state == State.SENT

    said = other.got[0].json
    assert said["type"] == "message"
    [attachment] = said["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    card = attachment["content"]
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.4")
    assert [block["inlines"][0]["text"] for block in card["body"]] == [
        "TKT-12 <!channel> & more", "Cards fail <https://evil.example|here>.", "Since 14:02.",
    ]  # fmt: skip
    assert card["actions"][0] == {
        "type": "Action.OpenUrl",
        "title": "Acknowledge",
        "url": "https://desk.example/a",
    }


def test_a_webhook_is_signed_as_the_standard_says(other):
    endpoint, secret = endpoints.add("webhook", other.url)
    message = sent(endpoint)

    [got] = other.got
    assert got.json["type"] == "test"
    assert got.json["data"]["subject"] == "TKT-12 <!channel> & more"
    identity, at = got.headers["webhook-id"], got.headers["webhook-timestamp"]
    assert identity.startswith("msg_") and identity[4:] in message.message_id
    assert got.headers["webhook-signature"] == webhook.signature(secret, identity, at, got.body)
    assert secret.startswith("whsec_")


def test_a_signature_of_the_specification():
    """The example that the Standard Webhooks libraries test against."""
    signed = webhook.signature(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "1614265330",
        b'{"test": 2432232314}',
    )
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_text_message_goes_to_a_provider_in_its_own_form(other):
    endpoint, secret = endpoints.add(
        "webhook", other.url, template="To={{phone}}&Body={{short}}", format="form", authorization="Basic abc"
    )
    sent(endpoint)

    [got] = other.got
    assert got.form == {"To": "+44 20", "Body": "TKT-12 <!channel> & more https://desk.example/a"}
    assert got.headers["content-type"] == "application/x-www-form-urlencoded"
    assert got.headers["authorization"] == "Basic abc"
    assert (secret, "webhook-signature" in got.headers) == ("", False)


def test_values_cannot_leave_their_place_in_json(other):
    template = '{"to": "{{ person }}", "say": "{{text}}", "team": "{{team}}"}'
    sent(endpoints.add("webhook", other.url, template=template)[0])
    assert other.got[0].json == {
        "to": 'Eli "E" Engel',
        "say": "Cards fail <https://evil.example|here>.\n\nSince 14:02.",
        "team": "",
    }


@pytest.mark.parametrize(
    ("template", "format", "sentence"),
    [
        ('{"a": "{{settings}}"}', "json", "There is no {{settings}}"),
        ('{"a": "{{person.password}}"}', "json", "There is no {{person.password}}"),
        ('{"a": "{{ }}"}', "json", "There is no {{}}"),
        ('{"a": {{text}}}', "json", "no JSON"),
        ("To {{phone}}", "form", "no FORM"),
        ("x" * 5_000, "form", "at most 4,000"),
        ("{{text}}", "xml", "json or form"),
    ],
)
def test_a_template_that_would_not_work_is_refused_when_saved(other, template, format, sentence):
    with pytest.raises(RuleBroken, match=sentence.replace("{", r"\{").replace("}", r"\}")):
        endpoints.add("webhook", other.url, template=template, format=format)
    assert not Endpoint.objects.exists()


def test_a_template_calls_nothing():
    assert filling.fill("{% now %}{{text|safe}}{{text}}", filling.Format.FORM, {"text": "a&b"}) == (
        "{% now %}a%26b"
    )


@pytest.mark.parametrize("url", ["http://hooks.example/", "https://127.0.0.1/x", "no address"])
def test_an_address_that_is_never_called_is_not_kept(url):
    with pytest.raises(RuleBroken) as refused:
        endpoints.add("slack", url)
    assert "url" in refused.value.errors


def test_the_address_is_kept_sealed_and_logged_nowhere(other, caplog):
    caplog.set_level(logging.DEBUG)
    endpoint, secret = endpoints.add("webhook", other.url + "?key=quokka", authorization="")
    other.then = (500, {}, b"quokka")
    message = sent(endpoint)

    stored = " ".join(str(value) for value in Endpoint.objects.values_list()[0])
    written = " ".join(str(value) for value in OutgoingMessage.objects.values_list()[0])
    for place in (stored, written, str(endpoint), caplog.text, message.note):
        assert "quokka" not in place and "secret-path" not in place and secret not in place
    assert sealed.unseal(endpoint.sealed_url).endswith("quokka")


def test_with_another_secret_key_it_says_what_to_do(other, settings):
    endpoint, _ = endpoints.add("slack", other.url)
    settings.SECRET_KEY = "y" * 60
    message = sent(endpoint)
    assert (message.state, other.got) == (State.FAILED, [])
    assert message.note == "This was sealed with another secret key; enter it again."


def test_an_old_secret_key_still_opens(other, settings):
    endpoint, _ = endpoints.add("slack", other.url)
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "y" * 60
    assert sent(endpoint).state == State.SENT


def test_a_removed_address_is_forgotten_and_gets_nothing_more(other):
    endpoint, _ = endpoints.add("slack", other.url)
    message = put(endpoint)
    endpoints.remove(endpoint)
    sweeps.run(queue.SWEEP)
    message.refresh_from_db()
    endpoint.refresh_from_db()
    assert (message.state, message.note, other.got) == (State.FAILED, "This address was removed.", [])
    assert endpoint.sealed_url == endpoint.sealed_secret == ""


@pytest.mark.parametrize(
    ("status", "state", "note"),
    [
        (200, State.SENT, ""),
        (202, State.SENT, ""),
        (301, State.FAILED, "127.0.0.1 answered 301, and the desk follows no redirect."),
        (400, State.FAILED, "127.0.0.1 answered 400."),
        (404, State.FAILED, "127.0.0.1 answered 404."),
        (410, State.FAILED, "127.0.0.1 answered 410."),
        (408, State.QUEUED, "NotNow: 127.0.0.1 answered 408."),
        (429, State.QUEUED, "NotNow: 127.0.0.1 answered 429."),
        (500, State.QUEUED, "NotNow: 127.0.0.1 answered 500."),
        (503, State.QUEUED, "NotNow: 127.0.0.1 answered 503."),
    ],
)
def test_what_the_answer_means(other, status, state, note):
    other.then = (status, {}, b"")
    message = sent(endpoints.add("slack", other.url)[0])
    assert (message.state, message.note) == (state, note)


def test_who_hangs_is_tried_again(other, monkeypatch):
    monkeypatch.setattr(outgoing, "TOTAL_SECONDS", 0.2)
    other.then = hang(other)
    message = sent(endpoints.add("teams", other.url)[0])
    assert (message.state, message.note) == (
        State.QUEUED,
        "Unreachable: 127.0.0.1: no answer in time.",
    )


def test_an_address_that_turned_out_to_be_inside_is_refused(other, settings):
    endpoint, _ = endpoints.add("slack", other.url)
    settings.ALLOWED_TARGETS = frozenset()
    assert sent(endpoint).state == State.FAILED
    assert other.got == []


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ("120", timedelta(seconds=120)),
        ("1", timedelta(seconds=30)),  # our own first wait is longer
        ("Wed, 16 Jun 2027 12:10:00 GMT", timedelta(minutes=10)),
        ("Wed, 16 Jun 2027 11:00:00 GMT", timedelta(seconds=30)),
        ("999999999", timedelta(days=1)),
        ("soon", timedelta(seconds=30)),
        ("-5", timedelta(seconds=30)),
        ("", timedelta(seconds=30)),
    ],
)
def test_retry_after_is_honoured(other, header, wait):
    other.then = (429, {"Retry-After": header}, b"")
    with time_machine.travel(NOON, tick=False):
        message = sent(endpoints.add("slack", other.url)[0])
    assert (message.state, message.due_at) == (State.QUEUED, NOON + wait)


def test_every_attempt_carries_the_same_id(other):
    endpoint, _ = endpoints.add("webhook", other.url)
    other.then = (503, {}, b"")
    message = sent(endpoint)
    OutgoingMessage.objects.update(due_at=message.created_at)
    other.then = (200, {}, b"")
    sweeps.run(queue.SWEEP)

    assert len({got.headers["webhook-id"] for got in other.got}) == 1
    assert len(other.got) == 2
    message.refresh_from_db()
    assert message.state == State.SENT
