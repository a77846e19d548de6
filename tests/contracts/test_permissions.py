"""The permission table over every address that the resolver knows; an address without a line fails here."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.test import Client

from core.accounts import operations as accounts
from core.accounts.models import User
from core.common.actor import Door, system
from tests.contracts import addresses
from tests.contracts.addresses import API, example
from tests.contracts.permission_table import TABLE

# Addresses without a reader: home sends everybody on to the queue, the probes answer anybody, what is no
# address of the API is 404 for all, and a signed link of a mail or a secret calendar address names its reader itself.
OPEN = {
    "", "healthz", "readyz", "api/v1/.*", "on-call/still-right/<token>/", "on-call/acknowledge/<token>/",
    "on-call/calendars/<token>.ics", "status/", "status/history/", "status/subscribe/", "status/data.json",
    "status/feed.atom", "status/internal/<key>/", "metrics", "unsubscribe/<token>/", "subscriptions/confirm/<token>/",
}  # fmt: skip

# What the API is, without a word of what it holds.
DESCRIPTION = {"api/v1/schema/", "api/v1/docs/"}

# Where an empty body would be refused before the question who asks: a body that parses.
TEXTS = {
    "assign": {"assignee": "ana"},
    "escalate": {"from_tier": 2, "summary": "s", "business_impact": "b", "tried": "t", "no_sop": True},
    "hand_back": {"from_tier": 2, "reason": "r", "next": "n"},
    "wait": {"reason": "r"},
    "hold": {"reason": "vendor", "note": "n"},
    "resolve": {"code": "fixed", "note": "n"},
    "reopen": {"reason": "r"},
    "reply": {"body": "b"},
    "log_time": {"minutes": 5},
    "set_priority": {"priority": "P0", "reason": "r"},
    "answer_ticket": {"ticket": "TKT-1", "tell": True},
    "suspect_change": {"change": "CHG-1"},
    "clear_change": {"change": "CHG-1", "note": "n"},
    "take_role": {"role": "scribe"},
    "hand_over": {"role": "commander", "to": "eli", "note": "n"},
    "link": {"to": "INC-1"},
    "unlink": {"to": "INC-1"},
    "merge": {"into": "TKT-2"},
    "split": {"entry": 1, "subject": "s"},
    "set_parent": {"parent": "TKT-2"},
    "resolve_with_children": {"code": "fixed", "note": "n"},
    "move": {"to": 1},
    "tag": {"add": ["cards"]},
    "keep_draft": {"text": "t"},
    "raise_problem": {"source": "recurring"},
    "update": {"what": "w", "affected": "a"},
    "correct": {"number": 2, "wrong": "w", "what": "w", "affected": "a"},
    "set_approval": {"audience": "external", "severities": ["SEV1"]},
    "approve_update": {"waiting": 1},
    "send_back_update": {"waiting": 1, "note": "n"},
    "take_back_update": {"waiting": 1},
    "edit_update": {"number": 2, "why": "w", "what": "x"},
    "status": {"status": "identified"},
    "restore": {"body": "b", "severity": "SEV2"},
    "add_entry": {"body": "b"},
    "set_cadence": {"minutes": 30, "reason": "r"},
    "snooze": {"minutes": 5, "reason": "r"},
    "add_webhook": {"url": "https://hooks.example/updates"},
    "subscribe": {"email": "new@firm.example"},
    "unsubscribe": {"email": "new@firm.example"},
    "root_cause": {"category": "code", "statement": "s"},
    "propose_known_error": {"symptom": "s", "workaround": "w"},
    "publish_known_error": {"symptom": "s", "workaround": "w"},
    "plan_fix": {"fix_kind": "hotfix"},
    "add_action": {"title": "t", "due": "2030-01-07"},
    "drop": {"reason": "r"},
    "explain": {"cause": "vendor"},
    "withdraw": {"reason": "r"},
    "waive": {"reason": "r"},
    "reject": {"note": "n"},
    "back_out": {"note": "n"},
    "validate": {"result": "passed"},
}
NINE = {"handoff_time": "09:00"}
BODIES: dict[str, dict[str, Any]] = {
    "applications/": {"slug": "new", "name": "New"},
    "components/": {"slug": "new", "name": "New", "application": "payments"},
    "regions/": {"slug": "new", "name": "New"},
    "services/": {"slug": "new", "name": "New", "application": "payments"},
    "organisations/": {"slug": "new", "name": "New"},
    "contacts/": {"organisation": "acme", "name": "New", "email": "new@acme.example"},
    "impact-notes/": {"organisation": "acme", "application": "payments", "stops": "No sales."},
    "busy-windows/": {
        "organisation": "acme",
        "weekdays": [0],
        "starts": "09:00",
        "ends": "10:00",
        "timezone": "UTC",
    },
    "macros/": {"name": "New", "text": "t"},
    "views/": {"name": "New"},
    "recurring-tickets/": {
        "name": "New",
        "rule": "FREQ=DAILY",
        "zone": "UTC",
        "starts_at": "2027-01-04T09:00Z",
        "values": {"subject": "s"},
    },
    "questions/": {"application": "payments", "key": "new", "text": "New"},
    "teams/": {"name": "New"},
    "tiers/": {"name": "L4"},
    "policies/": {"name": "New", "calendar": "business-hours", "resolution_minutes": 60},
    "calendars/": {"slug": "new", "name": "New"},
    "rotations/": {"team": "payments", "name": "New", "people": ["eli"], "start": "2027-01-04", **NINE},
    "escalation-policies/": {
        "team": "payments",
        "name": "New",
        "steps": [{"wait_minutes": 5, "targets": [{"kind": "lead"}]}],
    },
    "pages/": {"team": "payments", "reason": "r"},
    "pages/<ref>/cancel/": {"reason": "r"},
    "paging-channels/": {"transport": "email"},
    "webhooks/": {"name": "New", "url": "https://93.184.215.14/", "events": ["ticket.*"]},
    "tickets/": {"subject": "s"},
    "tickets/<ref>/set_communication_owner/": {"person": "eli"},
    "tickets/bulk/": {"verb": "take", "tickets": ["TKT-2"]},
    "incidents/": {"title": "t"},
    "update-templates/": {"kind": "update", "audience": "business", "body": "{{text}}"},
    "incidents/<ref>/merge/": {"into": "INC-1"},
    "incidents/<ref>/set_parent/": {"parent": ""},
    "subscriptions/": {"application": "payments", "email": "new@firm.example"},
    "incidents/<ref>/recipients/": {"email": "new@firm.example", "audience": "business"},
    "problems/": {"title": "t"},
    "changes/": {"title": "t"},
    "changes/<ref>/close/": {"outcome": "successful"},
}


@dataclass(frozen=True)
class Line:
    method: str
    path: str
    allowed: str
    refused: str
    customer: str

    @property
    def is_api(self) -> bool:
        return self.path.startswith(API)

    @property
    def key(self) -> tuple[str, str]:
        return self.method, self.path


LINES = [Line(*line.split()) for line in TABLE.splitlines() if line.strip()]


class Doors:
    """One client a person for the pages, one token a person for the API; whatever a call writes is taken back."""

    def __init__(self, world: SimpleNamespace) -> None:
        self.world = world
        self.clients: dict[str, Client] = {"": Client()}
        self.tokens: dict[str, str] = {}
        for name, user in world.people.items():
            self.clients[name] = Client()
            self.clients[name].force_login(user)
            _, token = accounts.create_token(
                name, "tests", scopes=["read", "write", "admin"], by=system(door=Door.CLI)
            )
            self.tokens[name] = token

    def call(self, method: str, path: str, who: str) -> HttpResponse:
        url, body = example(path, self.world), self.body(method, path)
        with transaction.atomic():
            if path.startswith(API):
                headers = {"Authorization": f"Bearer {self.tokens[who]}"} if who else {}
                answer = Client().generic(
                    method, url, json.dumps(body), content_type="application/json", headers=headers
                )
            elif method == "POST":
                answer = self.clients[who].post(url, body)
            else:
                answer = self.clients[who].generic(method, url)
            if answer.streaming:
                answer.getvalue()  # to its end; closing a file would close the test's database with it
            transaction.set_rollback(True)
        return answer

    def body(self, method: str, path: str) -> dict[str, Any]:
        if method != "POST":
            return {}
        if path == "on-call/<slug>/override/" or path == f"{API}overrides/":
            times = {"starts_at": "2027-03-01T09:00Z", "ends_at": "2027-03-01T12:00Z"}
            return {"rotation": self.world.rotation.pk, "user": self.user(path), **times}
        if path in (f"{API}swaps/<ref>/withdraw/", "on-call/swaps/<pk>/withdraw/"):
            return {}  # changes need a reason, swaps do not
        if path == f"{API}swaps/":
            times = {"starts_at": "2027-03-01T09:00Z", "ends_at": "2027-03-01T12:00Z"}
            return {"rotation": self.world.rotation.pk, **times}
        if path.endswith("/delete_time/"):
            return {"entry": self.world.time.pk}
        if path.startswith(f"{API}webhooks/") and path.endswith(("/redeliver/", "/skip/")):
            return {"delivery": self.world.delivery.pk}
        if path.endswith("/apply_macro/"):
            return {"macro": self.world.macro.pk}
        if path == f"{API}time-entries/":
            return {"ticket": self.world.ticket.reference, "minutes": 5}
        if path == f"{API}environment-answers/":
            return {"organisation": "acme", "question": self.world.answer.question_id, "value": "New"}
        path = path.removeprefix(API)
        return BODIES.get(path) or TEXTS.get(path.rstrip("/").rpartition("/")[2], {})

    def user(self, path: str) -> Any:
        return "lea" if path.startswith(API) else self.world.people["lea"].pk


@pytest.fixture
def doors(world: SimpleNamespace) -> Iterator[Doors]:
    yield Doors(world)


def test_every_address_has_its_lines() -> None:
    pages = {found.path for found in addresses.pages()} - OPEN
    assert {line.path for line in LINES if not line.is_api} == pages
    api = {
        (method, found.path)
        for found in addresses.api()
        if found.path not in OPEN
        for method in found.methods or ()
    }
    assert {line.key for line in LINES if line.is_api} == api
    assert len({line.key for line in LINES}) == len(LINES)


def test_who_may_gets_in(doors: Doors) -> None:
    _check(LINES, lambda line: (_is_let_in, doors.call(line.method, line.path, line.allowed)))


def test_staff_who_may_not_are_refused(doors: Doors) -> None:
    refused = [line for line in LINES if line.refused != "-"]
    assert len(refused) > 100

    def ask(line: Line) -> Any:
        who, _, status = line.refused.partition(":")
        return _is(int(status or 403)), doors.call(line.method, line.path, who)

    _check(refused, ask)


def test_a_customer_meets_only_what_is_theirs(doors: Doors) -> None:
    def ask(line: Line) -> Any:
        expected = _is_let_in if line.customer == "ok" else _is(int(line.customer))
        return expected, doors.call(line.method, line.path, "casey")

    _check(LINES, ask)


def test_for_another_customer_it_does_not_exist(doors: Doors) -> None:
    named = [line for line in LINES if "<" in line.path]
    _check(named, lambda line: (_is(404), doors.call(line.method, line.path, "drew")))


def test_nobody_signed_in_gets_nowhere(doors: Doors) -> None:
    def ask(line: Line) -> Any:
        return _is(401) if line.is_api else _is_sent_to_sign_in, doors.call(line.method, line.path, "")

    _check([line for line in LINES if line.path not in DESCRIPTION], ask)


def test_a_page_has_no_other_method(doors: Doors) -> None:
    """Not even for an admin: nothing is deleted, replaced or written by an address that only shows."""
    there = {line.key for line in LINES}
    paths = sorted({line.path for line in LINES})
    others = [
        Line(method, path, "root", "-", "404")
        for path in paths
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE")
        if (method, path) not in there
    ]
    _check(others, lambda line: (_is(405), doors.call(line.method, line.path, "root")))


ANYBODY = {
    "login/", "logout/", "inactive/", "signup/", "confirm-email/", "confirm-email/<key>/", "login/code/confirm/",
    "password/reset/", "password/reset/done/", "password/reset/key/done/", "password/reset/key/<uidb36>-<key>/",
    "2fa/authenticate/", "2fa/webauthn/login/", "3rdparty/login/cancelled/", "3rdparty/login/error/",
    "3rdparty/signup/", "social/login/cancelled/", "social/login/error/", "social/signup/",
    "oidc/<provider_id>/login/", "oidc/<provider_id>/login/callback/",
}  # fmt: skip
ONESELF = {
    "email/", "password/change/", "password/set/", "reauthenticate/", "sessions/", "3rdparty/", "social/connections/",
    "2fa/", "2fa/reauthenticate/", "2fa/totp/activate/", "2fa/totp/deactivate/", "2fa/recovery-codes/",
    "2fa/recovery-codes/generate/", "2fa/recovery-codes/download/", "2fa/webauthn/", "2fa/webauthn/add/",
    "profile/", "2fa/webauthn/reauthenticate/", "2fa/webauthn/keys/<pk>/remove/", "2fa/webauthn/keys/<pk>/edit/",
}  # fmt: skip


def test_sign_in_pages_are_open_and_account_pages_are_ones_own(doors: Doors) -> None:
    found = {address.path.removeprefix("accounts/") for address in addresses.under("accounts/")}
    assert found == ANYBODY | ONESELF
    named = {"<pk>": "1", "<key>": "x", "<uidb36>": "1", "<provider_id>": "x"}
    for path in ONESELF:
        url = path
        for name, value in named.items():
            url = url.replace(name, value)
        answer = Client().get(f"/accounts/{url}", follow=True)
        assert answer.redirect_chain[-1][0].startswith("/accounts/login/"), path


def test_the_administration_is_for_admins(doors: Doors) -> None:
    paths = [found.path for found in addresses.under("admin/") if "<" not in found.path]
    closed = [path for path in paths if path not in ("admin/login/", "admin/logout/", "admin/jsi18n/")]
    assert len(closed) > 20
    wrong = []
    for path in closed:
        for who in ("max", "kim", "bot", "casey", ""):
            answer = doors.clients[who].get(f"/{path}")
            if answer.status_code != 302 or "/login/" not in answer["Location"]:
                wrong.append(f"{path} {who or 'nobody'}: {answer.status_code}")
        if path.endswith(("/add/",)):
            continue  # some data is not added here
        if (status := doors.clients["root"].get(f"/{path}").status_code) not in (200, 302, 403):
            wrong.append(f"{path} root: {status}")
    assert wrong == []


def test_a_disabled_person_is_out_at_once(doors: Doors) -> None:
    ana, token = doors.clients["ana"], doors.tokens["ana"]
    bearer = {"Authorization": f"Bearer {token}"}
    assert ana.get("/tickets/").status_code == 200
    assert Client().get("/api/v1/me/", headers=bearer).status_code == 200
    User.objects.filter(username="ana").update(is_active=False)
    assert ana.get("/tickets/").status_code == 302
    assert ana.post(f"/tickets/{doors.world.other_ticket.reference}/take/").status_code == 302
    assert ana.get("/api/v1/me/").status_code == 401
    assert Client().get("/api/v1/me/", headers=bearer).status_code == 401


def test_a_role_that_was_taken_away_counts_no_more(doors: Doors) -> None:
    doors.world.people["ana"].role_grants.all().delete()
    assert doors.clients["ana"].get("/tickets/").status_code == 404
    assert doors.call("GET", "api/v1/incidents/", "ana").status_code == 404


def test_a_token_does_no_more_than_its_scopes(doors: Doors) -> None:
    _, text = accounts.create_token("ana", "reads", scopes=["read"], by=system(door=Door.CLI))
    bearer = {"Authorization": f"Bearer {text}"}
    wrong = [
        line.key
        for line in LINES
        if line.is_api and line.method != "GET"
        and Client().generic(
            line.method, example(line.path, doors.world), "{}", content_type="application/json", headers=bearer
        ).status_code not in (403, 404)
    ]  # fmt: skip
    assert wrong == []


def _check(lines: list[Line], ask: Callable[[Line], Any]) -> None:
    """Fail with every line that was not answered as expected."""
    found = []
    for line in lines:
        expected, answer = ask(line)
        if not expected(answer):
            said = b"" if answer.streaming else answer.content[:200]
            found.append(f"{line.method} {line.path}: {answer.status_code} {said!r}")
    assert not found, "\n".join(found)


def _is(status: int) -> Callable[[HttpResponse], bool]:
    return lambda answer: answer.status_code == status


def _is_let_in(answer: HttpResponse) -> bool:
    """Past the guard: what happens to the body afterwards is not asked here."""
    return answer.status_code < 500 and answer.status_code not in (401, 403, 404, 405)


def _is_sent_to_sign_in(answer: HttpResponse) -> bool:
    return answer.status_code == 302 and answer["Location"].startswith("/accounts/login/")
