"""The mails of an incident as a real server receives them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from core.timers import sweeps
from customers.models import Subscription
from incidents import operations
from tests.incidents.conftest import at
from tests.relays import Relay, relay, use

pytestmark = pytest.mark.django_db
LONG = "Grüße aus Käsingen: die Zahlungen mit Karte schlagen an allen Kassen in allen Läden fehl, seit heute früh"


@pytest.fixture
def server(settings: Any) -> Iterator[Relay]:
    with relay() as found:
        use(settings, found)
        settings.BASE_URL = "https://desk.example.org"
        yield found


@pytest.fixture
def story(server: Relay, declared: Any, traveller: Any, ira: Any, by: Any, eli: Any) -> Relay:
    """Acknowledged at 10:02, updated at 10:10 and 10:20, restored at 10:30, to boss, shop and Eli."""
    Subscription.objects.create(user=eli, incident_id=declared.pk, audience="technical")
    sweeps.run("outbox")
    for clock, what in (("10:10", LONG), ("10:20", "Node 3 is out.")):
        traveller.move_to(at(clock))
        operations.send_update(
            declared.reference, what=what, affected="Shops.", workaround="Take cash.", by=by(ira)
        )
        sweeps.run("outbox")
    traveller.move_to(at("10:30"))
    operations.declare_restored(declared.reference, body="Cards work again.", severity="SEV2", by=by(ira))
    sweeps.run("outbox")
    return server


def to(server: Relay, address: str) -> list[Any]:
    return [one for one in server.received if one.to == address]


def test_every_mail_keeps_to_the_lengths_of_lines(story):
    assert len(story.received) == 2 * 4 + 3
    for one in story.received:
        head, _, body = one.content.partition(b"\r\n\r\n")
        assert max(map(len, one.content.split(b"\r\n"))) <= 998
        for line in head.split(b"\r\n"):
            assert len(line) <= 78, line
        assert b"\n" not in one.content.replace(b"\r\n", b"")  # no bare line feed
        assert body


def test_every_text_reads_at_40_columns_and_every_subject_is_short(story):
    for one in story.received:
        assert one.mail.get_content_type() == "text/plain"
        assert len(one.mail["Subject"]) < 78
        for line in one.mail.get_content().splitlines():
            assert len(line) <= 40 or line.startswith("https://"), line


def test_every_mail_says_that_a_machine_sent_it_and_how_to_stop_it(story, client):
    for one in story.received:
        mail = one.mail
        assert mail["Auto-Submitted"] == "auto-generated"
        assert re.fullmatch(r"<[0-9a-f]{32}@desk\.example\.org>", mail["Message-ID"])
        assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        stop = re.fullmatch(
            r"<https://desk\.example\.org(/unsubscribe/\S+/)>", mail["List-Unsubscribe"].strip()
        )
        assert stop, mail["List-Unsubscribe"]
        assert stop[1] in mail.get_content()
    [last] = to(story, "boss@firm.example")[-1:]
    path = re.search(r"org(/unsubscribe/\S+/)>", str(last.mail["List-Unsubscribe"]))[1]
    assert client.post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert Subscription.objects.get(email="boss@firm.example").ended_at is not None
    assert Subscription.objects.get(email="shop@firm.example").ended_at is None


def test_the_mails_of_one_incident_are_one_conversation(story):
    mails = [one.mail for one in to(story, "boss@firm.example")]
    ids = [mail["Message-ID"] for mail in mails]

    assert len(set(ids)) == 4
    assert mails[0]["In-Reply-To"] is mails[0]["References"] is None
    for number in (1, 2, 3):
        assert mails[number]["In-Reply-To"] == ids[number - 1]
        assert str(mails[number]["References"]).split()[0] == ids[0]
    others = {one.mail["Message-ID"] for one in to(story, "shop@firm.example")}
    assert not others & set(ids)  # nobody's conversation is somebody else's


def test_only_staff_get_the_link_to_the_incident(story):
    assert all("/incidents/" in one.mail.get_content() for one in to(story, "eli@desk.example"))
    assert not any("/incidents/" in one.mail.get_content() for one in to(story, "boss@firm.example"))


def test_words_in_any_language_arrive_as_they_were_written(story):
    said = " ".join(to(story, "boss@firm.example")[1].mail.get_content().split())
    assert LONG in said
