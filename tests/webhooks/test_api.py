"""The same through the API."""

from __future__ import annotations

import pytest
import standardwebhooks

from core.accounts import operations as accounts
from core.common.actor import Door, system
from tests.api.conftest import Api, problem
from tests.webhooks.conftest import tick
from webhooks.models import Delivery, Webhook

pytestmark = pytest.mark.django_db


@pytest.fixture
def api(desk):
    def make(name="root", *scopes):
        return Api(
            accounts.create_token(name, "t", scopes=scopes or ("read", "write"), by=system(door=Door.CLI))[1]
        )

    return make


@pytest.fixture
def made(api, other):
    answer = api().post(
        "/webhooks/", {"name": "Register", "url": other.url, "events": ["ticket.*", "sla.breached"]}
    )
    assert answer.status_code == 201, answer.content
    return answer.json()


def test_made_read_changed_deleted(api, made, other):
    root, path = api(), f"/webhooks/{made['id']}/"
    assert made["secret"].startswith("whsec_")
    found = root.get(path)
    assert found.json() == {**made, "secret": None}
    assert (found["ETag"], found.json()["host"], found.json()["owner"]) == ('"1"', "127.0.0.1", "root")
    assert "url" not in found.json() and "secret-path" not in found.content.decode()
    assert root.get("/webhooks/").json()["results"] == [found.json()]
    changed = root.patch(path, {"events": ["incident.*"], "active": False}, **{"If-Match": '"1"'})
    assert (changed.json()["events"], changed.json()["active"]) == (["incident.*"], False)
    problem(root.patch(path, {"name": "x"}, **{"If-Match": '"1"'}), 412)
    assert root.call("DELETE", path).status_code == 204
    problem(root.get(path), 404)
    assert Webhook.objects.get().removed_at


def test_deliveries_redelivered_and_skipped(api, made, other, ticket):
    root, path = api(), f"/webhooks/{made['id']}/"
    work = ticket()
    tick()
    [row] = root.get(path + "deliveries/").json()["results"]
    assert (row["type"], row["about"], row["state"]) == ("ticket.created", work.reference, "delivered")
    assert row["webhook_id"] == other.got[0].headers["webhook-id"]
    assert row["body"] == other.got[0].body.decode()
    assert [(one["status"], one["answer"]) for one in row["attempts"]] == [(200, "ok")]
    assert root.post(path + "redeliver/", {"delivery": row["id"]}).json()["state"] == "waiting"
    problem(root.post(path + "redeliver/", {"delivery": row["id"]}), 409)
    assert root.post(path + "skip/", {"delivery": row["id"]}).json()["state"] == "skipped"
    problem(root.post(path + "skip/", {"delivery": 999}), 404)
    Delivery.objects.update(state="dead")
    assert root.post(path + "redeliver_dead/").json()["id"] == made["id"]
    problem(root.post(path + "redeliver_dead/"), 409)


def test_a_delivery_of_another_webhook_is_not_found_here(api, made, other, hook):
    another = hook(other, "sla.*").webhook
    root = api()
    assert root.post(f"/webhooks/{another.pk}/test/").status_code == 201
    problem(root.post(f"/webhooks/{made['id']}/skip/", {"delivery": Delivery.objects.get().pk}), 404)


def test_a_test_and_a_new_secret(api, made, other):
    root, path = api(), f"/webhooks/{made['id']}/"
    secret = root.post(path + "rotate_secret/").json()["secret"]
    answer = root.post(path + "test/")
    assert (answer.status_code, answer.json()["type"]) == (201, "webhook.test")
    tick()
    got = other.got[0]
    for key in (secret, made["secret"]):
        standardwebhooks.Webhook(key).verify(got.body, got.headers)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"url": "https://10.0.0.1/"}, "url"),
        ({"url": "http://hooks.example/"}, "url"),
        ({"events": ["ticket.noted"]}, "events"),
        ({"events": []}, "events"),
        ({"only": "TKT-99"}, "only"),
        ({"owner": "eli"}, "owner"),
        ({"secret": "x"}, "secret"),
    ],
)
def test_bad_input_names_its_field(api, other, body, field):
    whole = {"name": "x", "url": other.url, "events": ["ticket.*"], **body}
    errors = problem(api().post("/webhooks/", whole), 400)["errors"]
    assert {name.partition(".")[0] for name in errors} == {field}
    assert not Webhook.objects.exists()


def test_a_secret_is_not_replayed_to_another_key(api, other):
    """The same Idempotency-Key gives the first answer again: one webhook, whatever the network does."""
    root = api()
    body = {"name": "x", "url": other.url, "events": ["ticket.*"]}
    first, second = (root.post("/webhooks/", body, **{"Idempotency-Key": "k"}) for _ in range(2))
    assert first.json() == second.json()
    assert Webhook.objects.count() == 1
