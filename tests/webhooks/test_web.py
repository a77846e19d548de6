"""The pages: a secret once, the log with what came back, and verbs without script."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from core.accounts.models import RoleGrant, User
from core.common.vocabulary import Role
from tests.webhooks.conftest import fresh, tick
from webhooks.models import Delivery, Webhook

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(desk):
    found = Client()
    found.force_login(desk.people["root"])
    return found


def text(answer):
    return re.sub(r"\s+", " ", answer.content.decode())


def test_the_first_one_is_made_and_its_secret_shown_once(client, other):
    assert "No webhooks yet" in text(client.get("/webhooks/"))
    answer = client.post(
        "/webhooks/new/", {"name": "Register", "url": other.url, "events": ["ticket.*"], "owner": "root"}
    )
    webhook = Webhook.objects.get()
    [secret] = re.findall(r"whsec_[A-Za-z0-9+/=]+", answer.content.decode())
    assert answer.status_code == 200
    for url in ("/webhooks/", f"/webhooks/{webhook.pk}/", f"/webhooks/{webhook.pk}/edit/"):
        page = client.get(url).content.decode()
        assert secret not in page and "secret-path" not in page
    assert "127.0.0.1" in text(client.get("/webhooks/"))


def test_a_refused_form_keeps_what_was_typed(client):
    answer = client.post(
        "/webhooks/new/",
        {"name": "Typed at length", "url": "https://10.0.0.1/x", "events": ["sla.*"], "owner": "root"},
    )
    said = text(answer)
    assert answer.status_code == 400
    assert "Typed at length" in said and "is not on the public Internet" in said
    assert 'value="sla.*"' in said and said.count("checked") == 1
    assert not Webhook.objects.exists()


def test_an_edit_keeps_the_address_when_none_is_typed(client, other, hook):
    made = hook(other, "ticket.*").webhook
    answer = client.post(
        f"/webhooks/{made.pk}/edit/",
        {"name": "Other", "url": "", "events": ["sla.*"], "owner": "root", "version": 1},
    )
    assert answer.status_code == 302
    assert (fresh(made).name, fresh(made).events, fresh(made).host) == ("Other", ["sla.*"], "127.0.0.1")
    stale = client.post(
        f"/webhooks/{made.pk}/edit/",
        {"name": "Late", "url": "", "events": ["sla.*"], "owner": "root", "version": 1},
    )
    assert stale.status_code == 412
    assert "Late" in text(stale)


def test_an_edit_without_an_owner_hands_nothing_over(client, other, hook):
    robot = User.objects.create(username="robot")
    RoleGrant.objects.create(user=robot, role=Role.INTEGRATION)
    made = hook(other, "ticket.*", owner=robot).webhook
    answer = client.post(f"/webhooks/{made.pk}/edit/", {"name": "Other", "events": ["sla.*"], "version": 1})
    assert answer.status_code == 302
    assert (fresh(made).name, fresh(made).owner) == ("Other", robot)


def test_a_test_is_sent_and_its_answer_shown(client, other, hook):
    made = hook(other, "ticket.*").webhook
    other.then = (500, {}, b"<script>no</script>")
    client.post(f"/webhooks/{made.pk}/test/")
    tick()
    assert other.got[0].json["type"] == "webhook.test"
    page = text(client.get(f"/webhooks/{made.pk}/?show=open"))
    assert "webhook.test" in page and "Tried again" in page
    one = text(client.get(f"/webhooks/deliveries/{Delivery.objects.get().pk}/"))
    assert "500" in one and "&lt;script&gt;no" in one and "<script>no" not in one
    assert other.got[0].headers["webhook-id"] in one
    assert "webhook.test" in one


def test_dead_letters_are_listed_and_sent_again(client, other, hook, ticket):
    made = hook(other, "ticket.*").webhook
    other.then = (410, {}, b"")
    ticket()
    tick()
    assert "410 Gone" in text(client.get(f"/webhooks/{made.pk}/"))
    dead = Delivery.objects.get()
    assert f"/webhooks/deliveries/{dead.pk}/" in text(client.get(f"/webhooks/{made.pk}/?show=dead"))
    refused = client.post(f"/webhooks/deliveries/{dead.pk}/redeliver/")
    assert (refused.status_code, "switch it on first" in text(refused)) == (409, True)

    other.then = (200, {}, b"ok")
    client.post(f"/webhooks/{made.pk}/switch/", {"on": "1"})
    assert "Send them all again" in text(client.get(f"/webhooks/{made.pk}/?show=dead"))
    assert client.post(f"/webhooks/{made.pk}/redeliver_dead/").status_code == 302
    tick()
    assert Delivery.objects.get().state == "delivered"
    assert client.post(f"/webhooks/{made.pk}/redeliver_dead/").status_code == 409
    assert client.post(f"/webhooks/deliveries/{dead.pk}/redeliver/").status_code == 302
    tick()
    assert Delivery.objects.get().state == "delivered"
    assert "No dead letters" in text(client.get(f"/webhooks/{made.pk}/?show=dead"))
    assert len({got.headers["webhook-id"] for got in other.got}) == 1


def test_one_that_is_not_delivered_is_skipped(client, other, hook, ticket):
    hook(other, "ticket.*")
    other.then = (500, {}, b"")
    ticket()
    tick()
    pk = Delivery.objects.get().pk
    assert client.post(f"/webhooks/deliveries/{pk}/skip/").status_code == 302
    again = client.post(f"/webhooks/deliveries/{pk}/skip/")
    assert (again.status_code, "It is skipped already." in text(again)) == (409, True)


def test_a_new_secret_and_the_end(client, other, hook):
    made = hook(other, "ticket.*")
    answer = client.post(f"/webhooks/{made.webhook.pk}/rotate_secret/")
    [secret] = re.findall(r"whsec_[A-Za-z0-9+/=]+", answer.content.decode())
    assert secret != made.secret
    assert client.post(f"/webhooks/{made.webhook.pk}/remove/").status_code == 302
    assert client.get(f"/webhooks/{made.webhook.pk}/").status_code == 404
    assert "No webhooks yet" in text(client.get("/webhooks/"))


def test_the_menu_has_it_for_who_may(client, desk):
    assert 'href="/webhooks/"' in text(client.get("/tickets/"))
    eli = Client()
    eli.force_login(desk.people["eli"])
    assert 'href="/webhooks/"' not in text(eli.get("/tickets/"))
