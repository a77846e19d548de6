"""The marker hunt: a word that only the desk may read occurs in no byte that reaches anybody else.

The world holds a marker in every place where the desk talks to itself (tests/world.py). Every address is
asked, with every parameter that changes what it shows, as the customers and as the account manager.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.core import mail
from django.db import transaction
from django.test import Client

from core.accounts import operations as accounts
from core.common import clock
from core.common.actor import Door, system
from core.outbox.models import OutgoingMessage
from core.search import queries as search
from core.timers import sweeps
from problems import operations as problems
from tests import world as worlds
from tests.contracts import addresses
from tests.contracts.addresses import API, example
from tests.contracts.reading import parameters_read, worth_asking
from tests.receivers import receiver
from tests.world import CALLED, DESK_WORDS, MISSED, PROBLEM_AND_CHANGE_WORDS, TICKET_WORDS
from tickets import operations as tickets
from tickets.verbs import VERBS
from webhooks import operations as webhooks
from webhooks import published
from webhooks.models import Webhook
from worklog.models import Attachment

# Who must not read what. The account manager sees incidents and the facts of a ticket, but of what is said only
# what the customer reads too.
HUNTED = {
    "casey": DESK_WORDS,
    "drew": DESK_WORDS,
    "kim": (*TICKET_WORDS, MISSED, *PROBLEM_AND_CHANGE_WORDS, CALLED),
}
LISTS = ["?part=rows", "?view=all", "?search=quokka", "?q=quokka", "?subject=quokka"]
ONE = ["?show=all", "?show=decisions", "?show=updates", *(f"?open={verb}" for verb in VERBS)]


class Reader:
    """Everything that one person can fetch, through pages and API."""

    def __init__(self, world: SimpleNamespace, name: str) -> None:
        self.world = world
        self.page = Client(raise_request_exception=False)
        self.page.force_login(world.people[name])
        _, token = accounts.create_token(name, "tests", scopes=["admin"], by=system(door=Door.CLI))
        self.bearer = {"Authorization": f"Bearer {token}"}

    def everything(self) -> Iterator[tuple[str, bytes]]:
        for found in addresses.every():
            if found.path.startswith(("admin/", "accounts/")):
                continue
            for url in self.urls(found.path):
                yield from self.asked(url, is_api=found.path.startswith(API))

    def urls(self, path: str) -> Iterator[str]:
        yield example(path, self.world)
        if path == "files/<pk>/":
            yield from (f"/files/{pk}/" for pk in Attachment.objects.values_list("pk", flat=True))

    def asked(self, url: str, *, is_api: bool) -> Iterator[tuple[str, bytes]]:
        if is_api:
            for query in ("", "?search=quokka"):
                yield f"GET {url}{query}", self.bytes_of("GET", url + query, headers=self.bearer)
            body = json.dumps({"body": "x", "reason": "x"})
            sent = {"data": body, "content_type": "application/json", "headers": self.bearer}
            yield f"POST {url}", self.bytes_of("POST", url, **sent)
            sent["headers"] = {**self.bearer, "If-Match": '"1"'}
            sent["data"] = json.dumps({"subject": "x", "risk": "x", "title": "x"})
            yield f"PATCH {url}", self.bytes_of("PATCH", url, **sent)
            return
        with parameters_read() as names:
            yield f"GET {url}", self.bytes_of("GET", url)
        for query in worth_asking(ONE if _ends_with_a_name(url) else LISTS, names):
            yield f"GET {url}{query}", self.bytes_of("GET", url + query)
        yield f"htmx {url}", self.bytes_of("GET", url, headers={"HX-Request": "true"})
        yield f"POST {url}", self.bytes_of("POST", url)

    def bytes_of(self, method: str, url: str, **sent: object) -> bytes:
        """Head and body; whatever the call wrote is taken back."""
        with transaction.atomic():
            answer = self.page.generic(method, url, **sent)
            body = answer.getvalue() if answer.streaming else answer.content
            transaction.set_rollback(True)
        return body + repr(dict(answer.headers)).encode()


def _ends_with_a_name(url: str) -> bool:
    return url.rstrip("/")[-1:].isdigit()


@pytest.mark.parametrize("name", HUNTED)
def test_no_door_hands_out_what_the_desk_says_to_itself(world: SimpleNamespace, name: str) -> None:
    found = [
        f"{word} in {door}"
        for door, content in Reader(world, name).everything()
        for word in HUNTED[name]
        if word.encode() in content
    ]
    assert not found, "\n".join(found)


def test_the_markers_are_there_to_be_found(world: SimpleNamespace) -> None:
    """Max reads it all: without this the hunt could hunt nothing."""
    seen = b"".join(content for _, content in Reader(world, "max").everything())
    assert [word for word in DESK_WORDS if word.encode() not in seen] == []


@pytest.mark.parametrize("name", HUNTED)
def test_nobody_finds_by_words_that_they_may_not_read(world: SimpleNamespace, name: str) -> None:
    actor = worlds.by(world.people[name])
    assert [(word, search.find(word, actor)) for word in HUNTED[name] if search.find(word, actor)] == []
    assert search.find("quokka", worlds.by(world.people["max"]))


def test_no_webhook_holds_it(world: SimpleNamespace, settings: Any) -> None:
    """The body of every kind of event, told to an admin's program: not a word that somebody typed inside."""
    w, by = world, worlds.by(world.people["root"])
    with receiver() as outside:
        settings.ALLOWED_TARGETS = frozenset({outside.name})
        webhooks.create(name="All", url=outside.url, events=list(published.WILDCARDS), by=by)
        Webhook.objects.update(created_at=clock.now() - timedelta(days=1))  # as if it had heard it all
        tickets.resume(w.ticket.reference, by=worlds.by(w.people["lea"]))
        tickets.add_note(w.ticket.reference, body=worlds.NOTE, by=worlds.by(w.people["lea"]))
        while any(outcome.done for outcome in sweeps.run_due().values()):
            pass
        bodies = [got.body.decode() + repr(got.headers) for got in outside.got]
    kinds = {json.loads(got.body)["type"].partition(".")[0] for got in outside.got}
    assert kinds == {"ticket", "incident", "problem", "change"}
    assert len(bodies) > 15
    assert [word for word in DESK_WORDS for body in bodies if word in body] == []


def test_no_mail_to_a_customer_holds_it(world: SimpleNamespace) -> None:
    """The source of every mail, after everything that sends one has happened."""
    w, ref = world, world.ticket.reference
    lea, pia, max_ = (worlds.by(w.people[name]) for name in ("lea", "pia", "max"))
    tickets.resume(ref, by=lea)
    tickets.reply(ref, body="Try again, please.", public=True, by=lea)
    tickets.hand_back(ref, from_tier=2, reason=worlds.SUMMARY, next=worlds.TRIED, by=lea)
    problems.propose_known_error(
        w.problem.reference, symptom=worlds.PROBLEM, workaround=worlds.CAUSE, audience="internal", by=pia
    )
    problems.publish_known_error(w.problem.reference, by=max_)
    tickets.resolve(ref, code="fixed", note="It works again.", minutes=5, by=lea)
    sweeps.run_due()

    customers = {w.people["casey"].email, w.people["drew"].email, "boss@firm.example"}
    to_them = [message for message in mail.outbox if customers & set(message.to)]
    assert {address for message in to_them for address in message.to} == customers
    wrong = [
        f"{word} to {message.to}: {message.subject}"
        for message in to_them
        for word in DESK_WORDS
        if word.encode() in message.message().as_bytes()
    ]
    assert not wrong, "\n".join(wrong)
    rows = OutgoingMessage.objects.filter(to__in=customers)
    assert not [row for row in rows for word in DESK_WORDS if word in row.subject + row.text + row.html]
