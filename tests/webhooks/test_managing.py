"""Making, changing, ending: what is refused when it is saved, and what is shown once."""

from __future__ import annotations

import json
import logging
import socket

import pytest
from django.db import connection

from core.audit.models import Event
from core.common.errors import Conflict, NotAllowed, RuleBroken, Stale
from core.outbox.models import Endpoint
from tests import world as worlds
from tests.webhooks.conftest import fresh, tick
from webhooks import operations
from webhooks.models import Webhook

pytestmark = pytest.mark.django_db


@pytest.fixture
def by(desk):
    return worlds.by(desk.people["root"])


def create(by, **values):
    return operations.create(
        **{"name": "Register", "url": "https://hooks.example/x", "events": ["ticket.*"], **values}, by=by
    )


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example/x",
        "https://127.0.0.1/x",
        "https://[::1]/",
        "https://10.0.0.1/",
        "no address",
        "",
    ],
)
def test_an_address_that_is_never_called_is_refused_when_saved(by, url):
    with pytest.raises(RuleBroken) as refused:
        create(by, url=url)
    assert "url" in refused.value.errors
    assert not Webhook.objects.exists()


def test_a_name_that_leads_inside_is_refused_when_saved(by, monkeypatch):
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.7", 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: found)
    with pytest.raises(RuleBroken, match="not on the public Internet"):
        create(by)
    assert not Endpoint.objects.exists()


def test_an_edit_to_such_an_address_is_refused_too(by, monkeypatch):
    made = create(by)
    with pytest.raises(RuleBroken):
        operations.edit(made.webhook.pk, changes={"url": "https://192.168.1.1/"}, by=by)
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("169.254.169.254", 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: found)
    with pytest.raises(RuleBroken):
        operations.edit(made.webhook.pk, changes={"url": "https://metadata.example/"}, by=by)
    assert fresh(made.webhook).host == "hooks.example"


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"events": []}, "events"),
        ({"events": ["ticket.noted"]}, "events"),
        ({"events": ["*"]}, "events"),
        ({"name": "  "}, "name"),
        ({"only": "TKT-999"}, "only"),
        ({"only": "nonsense"}, "only"),
    ],
)
def test_what_makes_no_sense_is_refused_at_its_field(by, values, field):
    with pytest.raises(RuleBroken) as refused:
        create(by, **values)
    assert field in refused.value.errors


def test_the_secret_is_sealed_and_stands_in_no_log_and_no_trail(by, other, caplog, ticket):
    caplog.set_level(logging.DEBUG)
    other.then = (500, {}, b"no")
    made = create(by, url=other.url + "?key=quokka")
    new = operations.rotate_secret(made.webhook.pk, by=by)
    ticket()
    tick()
    assert made.secret.startswith("whsec_") and new.secret.startswith("whsec_")
    places = [caplog.text, json.dumps(list(Endpoint.objects.values()), default=str)]
    places += [
        json.dumps(list(rows), default=str) for rows in (Event.objects.values(), Webhook.objects.values())
    ]
    for place in places:
        for word in (made.secret, new.secret, "quokka", "secret-path"):
            assert word not in place


def test_a_new_address_gets_what_waits(by, other, third, ticket):
    other.then = (500, {}, b"")
    made = create(by, url=other.url)
    ticket()
    tick()
    operations.edit(made.webhook.pk, changes={"url": third.url}, by=by)
    delivery = made.webhook.deliveries.get()
    type(delivery.message).objects.filter(pk=delivery.message_id).update(due_at=delivery.created_at)
    tick()
    assert (len(other.got), len(third.got)) == (1, 1)
    assert other.got[0].headers["webhook-id"] == third.got[0].headers["webhook-id"]


def test_switching_twice_and_testing_while_off_is_refused(by):
    made = create(by)
    operations.switch(made.webhook.pk, on=False, by=by)
    for act in (
        lambda: operations.switch(made.webhook.pk, on=False, by=by),
        lambda: operations.test(made.webhook.pk, by=by),
    ):
        with pytest.raises(Conflict):
            act()
    assert operations.switch(made.webhook.pk, on=True, by=by).active


def test_a_stale_edit_is_refused(by):
    made = create(by)
    operations.edit(made.webhook.pk, changes={"name": "One"}, version=1, by=by)
    with pytest.raises(Stale):
        operations.edit(made.webhook.pk, changes={"name": "Two"}, version=1, by=by)
    assert fresh(made.webhook).name == "One"


def test_a_removed_one_is_forgotten(by, other, ticket):
    made = create(by, url=other.url)
    ticket()
    operations.remove(made.webhook.pk, by=by)
    tick()
    endpoint = Endpoint.objects.get()
    assert (endpoint.sealed_url, endpoint.sealed_secret, other.got) == ("", "", [])


def test_what_people_did_is_in_the_trail(by, other):
    made = create(by, url=other.url)
    operations.edit(made.webhook.pk, changes={"events": ["sla.*"]}, by=by)
    operations.rotate_secret(made.webhook.pk, by=by)
    operations.test(made.webhook.pk, by=by)
    operations.switch(made.webhook.pk, on=False, by=by)
    names = Event.objects.filter(subject_kind="webhook").order_by("id").values_list("name", flat=True)
    assert list(names) == [
        "webhook.created", "webhook.edited", "webhook.secret_rotated", "webhook.tested", "webhook.switched_off",
    ]  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_everybody_can_write_while_a_name_is_looked_up(desk, monkeypatch):
    """A slow name server must not hold the transaction in which a webhook is saved."""
    by, inside = worlds.by(desk.people["root"]), []

    def look_up(*args, **kwargs):
        inside.append(connection.in_atomic_block)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.215.14", 443))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    made = create(by)
    operations.edit(made.webhook.pk, changes={"url": "https://hooks.example/y"}, by=by)
    assert inside == [False, False]


def test_who_may_not_manage_webhooks_has_no_name_looked_up(desk, monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: pytest.fail("looked up"))
    with pytest.raises(NotAllowed):
        create(worlds.by(desk.people["eli"]))
