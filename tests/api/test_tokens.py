"""Who may call: tokens, scopes, sessions."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from core.accounts import operations
from core.accounts.models import ApiToken
from core.audit.models import Event
from core.common import clock
from core.common.errors import NotAllowed
from tests.api.conftest import Api, problem


def test_without_a_token_one_hears_how_to_sign_in(api):
    answer = api(None).get("/me/")
    problem(answer, 401)
    assert answer["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("token", ["nonsense", "desk_nonsense", "é", "x" * 5000, ""])
def test_a_wrong_token_is_401(api, token):
    assert Api(None).get("/me/", Authorization=f"Bearer {token}").status_code == 401


def test_the_digest_alone_decides(api):
    ana = api("ana")
    ana.token = ana.token[:-1] + ("A" if ana.token[-1] != "A" else "B")
    problem(ana.get("/me/"), 401)


def test_me(api):
    assert api("ana", "read").get("/me/").json() == {
        "username": "ana",
        "name": "Ana Alves",
        "email": "ana@desk.example",
        "timezone": "UTC",
        "roles": ["analyst"],
        "scopes": ["read"],
    }


def test_expired_revoked_or_disabled_is_401_at_once(api, by, root):
    client = api("ana")
    token = ApiToken.objects.get()
    ApiToken.objects.update(expires_at=clock.now())
    problem(client.get("/me/"), 401)
    ApiToken.objects.update(expires_at=clock.now() + timedelta(days=1))
    assert client.get("/me/").status_code == 200
    token.user.is_active = False
    token.user.save()
    problem(client.get("/me/"), 401)
    token.user.is_active = True
    token.user.save()
    operations.revoke_token(token.pk, by=by(root))
    problem(client.get("/me/"), 401)
    assert Event.objects.filter(name="token.revoked").count() == 1


def test_scopes_divide_reading_from_writing(api, shop):
    body = {"slug": "apac", "name": "APAC"}
    assert "write" in problem(api("root", "read").post("/regions/", body), 403)["detail"]
    assert "read" in problem(api("root", "write").get("/regions/"), 403)["detail"]
    assert api("root", "admin").post("/regions/", body).status_code == 201


def test_the_last_use_is_noted_once_a_minute(api, time_machine):
    time_machine.move_to("2026-11-21T09:00:00Z", tick=False)
    client = api("ana")
    client.get("/me/")
    first = ApiToken.objects.get().last_used_at
    time_machine.shift(timedelta(seconds=59))
    client.get("/me/")
    assert ApiToken.objects.get().last_used_at == first
    time_machine.shift(timedelta(seconds=1))
    client.get("/me/")
    assert ApiToken.objects.get().last_used_at == first + timedelta(minutes=1)


def test_a_session_reads_freely_and_writes_with_the_csrf_token(root, shop):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(root)
    body = {"slug": "apac", "name": "APAC"}
    assert browser.get("/api/v1/me/").json()["scopes"] is None
    problem(browser.post("/api/v1/regions/", body, content_type="application/json"), 403)


def test_the_command_prints_a_token_that_works(api, ana):
    out = StringIO()
    call_command("create_token", "ana", "script", "--scope", "read", "--scope", "write", stdout=out)
    assert Api(out.getvalue().strip()).get("/me/").json()["scopes"] == ["read", "write"]
    assert out.getvalue().strip() not in str(ApiToken.objects.values())


def test_the_command_says_why_it_refuses(db):
    with pytest.raises(CommandError, match="no active user"):
        call_command("create_token", "nobody", "script")


def test_nobody_makes_tokens_for_others(ana, eli, by):
    operations.create_token("ana", "mine", by=by(ana))
    with pytest.raises(NotAllowed):
        operations.create_token("eli", "theirs", by=by(ana))
