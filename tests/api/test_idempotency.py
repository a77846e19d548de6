"""Idempotency-Key: a POST sent twice takes effect once."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import OperationalError, connection

from catalogue import operations
from catalogue.models import Application, Region
from core.accounts.models import IdempotentCall
from core.timers import sweeps
from tests.api.conftest import Api, problem, token_for

BODY = {"slug": "apac", "name": "APAC"}


def post(client, body=BODY, key="one", path="/regions/"):
    return client.post(path, body, **{"Idempotency-Key": key})


def test_the_same_body_gives_the_first_answer_again(api):
    root = api("root")
    first, again = post(root), post(root)
    assert (first.status_code, again.status_code) == (201, 201)
    assert "Idempotency-Replayed" not in first
    assert again["Idempotency-Replayed"] == "true"
    assert again.json() == first.json()
    for name in ("Location", "ETag", "Content-Type"):
        assert again[name] == first[name]
    assert Region.objects.count() == 1


def test_another_body_is_a_conflict(api):
    root = api("root")
    post(root)
    problem(post(root, BODY | {"name": "Asia"}), 409)
    assert post(root, dict(reversed(BODY.items()))).status_code == 201


def test_keys_are_kept_apart_by_principal_and_path(api):
    root, other = api("root"), api("root")
    post(root)
    answer = post(other)  # tried anew, and the slug is taken
    problem(answer, 409)
    assert "Idempotency-Replayed" not in answer
    assert post(root, BODY, path="/applications/").status_code == 201


def test_a_refusal_is_kept_and_leaves_nothing_behind(api):
    root = api("root")
    Region.objects.create(**BODY)
    first = post(root)
    Region.objects.all().delete()
    again = post(root)
    problem(again, 409)
    assert (first.status_code, again["Idempotency-Replayed"]) == (409, "true")
    assert Region.objects.count() == 0


def test_an_answer_of_5xx_is_not_kept(api, monkeypatch):
    root = api("root")

    def away(*args, **kwargs):
        raise OperationalError("away")

    with monkeypatch.context() as patch:
        patch.setattr(operations, "create", away)
        answer = post(root)
    problem(answer, 503)
    assert answer["Retry-After"]
    assert IdempotentCall.objects.count() == 0
    assert post(root).status_code == 201


def test_after_a_day_the_key_is_free(api, time_machine):
    time_machine.move_to("2026-11-21T09:00:00Z", tick=False)
    root = api("root")
    post(root)
    time_machine.shift(timedelta(hours=24))
    answer = post(root)
    problem(answer, 409)
    assert "Idempotency-Replayed" not in answer


def test_the_sweep_forgets_what_is_a_day_old(api, time_machine):
    time_machine.move_to("2026-11-21T09:00:00Z", tick=False)
    post(api("root"))
    sweeps.run("accounts.idempotent_calls")
    assert IdempotentCall.objects.count() == 1
    time_machine.shift(timedelta(hours=25))
    sweeps.run("accounts.idempotent_calls")
    assert IdempotentCall.objects.count() == 0


@pytest.mark.parametrize("key", ["", "a b", "x" * 256, "é"])
def test_a_malformed_key_is_400(api, key):
    problem(post(api("root"), key=key), 400)


@pytest.mark.everywhere
@pytest.mark.django_db(transaction=True)
def test_five_equal_posts_at_once_make_one():
    token = token_for("root")
    ready, answers = threading.Barrier(5), []

    def send():
        try:
            ready.wait(timeout=10)
            answers.append(post(Api(token), {"slug": "shop", "name": "Shop"}, path="/applications/"))
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.status_code for answer in answers] == [201] * 5
    assert sum("Idempotency-Replayed" in answer for answer in answers) == 4
    assert Application.objects.count() == 1
