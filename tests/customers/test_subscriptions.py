"""Who is told about incidents: by person, address or chat; confirmed first, ended by one click."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from catalogue.models import Application
from core.audit.models import Event
from core.common import clock
from core.common.actor import Actor
from core.common.errors import NotAllowed, NotFound, RuleBroken
from core.outbox import bounces, queue
from core.outbox.models import Endpoint, OutgoingMessage
from core.timers import sweeps
from customers import links, operations, queries
from customers.models import Contact, Organisation, Subscription

pytestmark = pytest.mark.django_db
OUTSIDE = "Boss@Firm.example"
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def payments() -> Application:
    return Application.objects.create(slug="payments", name="Payments")


@pytest.fixture
def acme() -> Organisation:
    return Organisation.objects.create(slug="acme", name="Acme")


@pytest.fixture
def outside(payments: Application, ana: Any, by: Callable[..., Actor]) -> Subscription:
    return operations.subscribe(application=payments, email=OUTSIDE, by=by(ana)).subscription


def mailed() -> list[OutgoingMessage]:
    return list(OutgoingMessage.objects.filter(topic="subscription.confirm").order_by("id"))


def link(text: str) -> str:
    found = re.search(r"https?://[^/\s]+(/\S+)", text)
    assert found
    return found[1]


# --- one's own, and lists ---------------------------------------------------------------------------------
def test_a_person_subscribes_themselves_at_once(payments, kim, by):
    made = operations.subscribe(application=payments, person=kim, by=by(kim))

    assert (made.new, made.subscription.unconfirmed_since, mailed()) == (True, None, [])
    assert list(queries.subscriptions_of(kim.pk)) == [made.subscription]


def test_a_second_time_changes_nothing(payments, kim, by):
    first = operations.subscribe(application=payments, person=kim, by=by(kim))
    again = operations.subscribe(application=payments, email=kim.email.upper(), by=by(kim))

    assert (again.new, again.subscription) == (False, first.subscription)
    assert Event.objects.filter(name="subscription.started").count() == 1


def test_a_customer_has_no_lists_and_sets_none(payments, casey, by):
    with pytest.raises(NotAllowed):
        operations.subscribe(application=payments, person=casey, by=by(casey))


def test_an_address_of_somebody_known_needs_no_confirmation(payments, acme, casey, ana, by, settings):
    Contact.objects.create(organisation=acme, name="Gil", email="gil@acme.example")
    settings.OWN_DOMAINS = frozenset({"house.example"})
    for email in (casey.email, "GIL@acme.example", "all@house.example"):
        made = operations.subscribe(application=payments, email=email, by=by(ana)).subscription
        assert made.unconfirmed_since is None, email
    assert Subscription.objects.get(user=casey).address == casey.email  # known as the person
    assert mailed() == []


def test_lists_are_told_apart(payments, acme, ana, by):
    me = by(ana)
    for lists in (
        {"application": payments},
        {"organisation": acme},
        {"application": payments, "organisation": acme},
        {},
    ):
        assert operations.subscribe(**lists, person=ana, by=me).new
    assert [row.what for row in queries.subscriptions_of(ana.pk)] == [
        "incidents that name no application", "Payments for Acme", "Acme", "Payments",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "wrong", [{}, {"email": "x@y.example", "person": True}, {"transport": "slack", "person": True}]
)
def test_what_is_missing_is_said(wrong, payments, ana, by):
    given = {name: ana if value is True else value for name, value in wrong.items()}
    with pytest.raises(RuleBroken) as refused:
        operations.subscribe(application=payments, **given, by=by(ana))
    assert refused.value.errors


# --- chats and webhooks -----------------------------------------------------------------------------------
def test_one_chat_is_on_a_list_once_and_is_forgotten_when_taken_off(payments, acme, ana, by):
    url = "https://hooks.slack.example/services/quokka"
    me = by(ana)
    made = operations.subscribe(
        application=payments, person=ana, transport="slack", url=url, label="#pay", by=me
    )
    again = operations.subscribe(application=payments, person=ana, transport="slack", url=url, by=me)
    assert (made.new, again.new, Endpoint.objects.count()) == (True, False, 1)
    assert made.subscription.who == "#pay (Slack at hooks.slack.example)"
    other = operations.subscribe(
        organisation=acme, transport="slack", url=url, person=ana, by=me
    ).subscription
    assert other.endpoint.fingerprint == made.subscription.endpoint.fingerprint != ""

    operations.end(made.subscription.pk, by=me)

    assert Endpoint.objects.get(pk=made.subscription.endpoint_id).sealed_url == ""
    assert Endpoint.objects.get(pk=other.endpoint_id).sealed_url != ""
    assert "quokka" not in str(list(Event.objects.values_list("data", flat=True)))


def test_a_webhook_shows_its_secret_once(payments, ana, by):
    made = operations.subscribe(
        application=payments, person=ana, transport="webhook", url="https://in.firm.example/x", by=by(ana)
    )
    assert made.secret.startswith("whsec_")


def test_an_inside_address_is_no_chat(payments, ana, by):
    with pytest.raises(RuleBroken) as refused:
        operations.subscribe(
            application=payments, person=ana, transport="teams", url="https://10.0.0.1/x", by=by(ana)
        )
    assert "url" in refused.value.errors
    assert not Subscription.objects.exists()


# --- confirming -------------------------------------------------------------------------------------------
def test_an_outside_address_gets_a_link_and_nothing_else(outside):
    [mail] = mailed()

    assert (mail.to, outside.unconfirmed_since is not None) == (OUTSIDE, True)
    assert not Subscription.objects.told().exists()
    assert all(len(line) <= 40 or "http" in line for line in mail.text.splitlines())
    assert len(mail.subject) < 78


def test_fetching_the_link_confirms_nothing_the_button_does(outside):
    url = link(mailed()[0].text)
    for _ in range(2):
        page = Client().get(url)
        assert page.status_code == 200 and b"Yes, send them" in page.content
    assert Client().head(url).status_code == 200
    assert not Subscription.objects.told().exists()

    page = Client(enforce_csrf_checks=True).post(url)

    assert page.status_code == 200 and b"Confirmed" in page.content
    assert Subscription.objects.told().get() == outside
    assert Client().post(url).status_code == 200
    assert Event.objects.filter(name="subscription.confirmed").count() == 1


def test_asked_again_within_the_hour_it_is_one_mail(outside, payments, ana, by):
    operations.subscribe(application=payments, email=OUTSIDE, by=by(ana))
    assert len(mailed()) == 1
    with time_machine.travel(clock.now() + timedelta(hours=1), tick=False):
        operations.subscribe(application=payments, email=OUTSIDE.lower(), by=by(ana))
    assert len(mailed()) == 2
    assert Subscription.objects.count() == 1


def test_nobody_is_flooded_with_links(ana, by):
    applications = [Application.objects.create(slug=f"a{n}", name=f"A{n}") for n in range(6)]
    for application in applications[:5]:
        operations.subscribe(application=application, email=OUTSIDE, by=by(ana))
    with pytest.raises(RuleBroken, match="has not confirmed"):
        operations.subscribe(application=applications[5], email=OUTSIDE, by=by(ana))


# --- one click (RFC 8058) ---------------------------------------------------------------------------------
def test_one_click_ends_it_without_a_session_as_often_as_one_likes(outside, payments, ana, by):
    mine = operations.subscribe(application=payments, person=ana, by=by(ana)).subscription
    url = link(links.unsubscribe_url([outside.pk]))
    strict = Client(enforce_csrf_checks=True)

    answers = [strict.post(url, ONE_CLICK) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert not answers[0].cookies
    outside.refresh_from_db()
    assert outside.ended_at is not None
    assert Event.objects.filter(name="subscription.ended").count() == 1
    assert Subscription.objects.running().get() == mine  # nobody else's


def test_fetching_the_link_ends_nothing(outside):
    url = link(links.unsubscribe_url([outside.pk]))
    page = Client().get(url)
    assert (page.status_code, b"Stop these mails" in page.content) == (200, True)
    assert (page["Referrer-Policy"], page["X-Robots-Tag"]) == ("no-referrer", "noindex")
    assert Client().head(url).status_code == 200
    outside.refresh_from_db()
    assert outside.ended_at is None


def test_a_link_ends_what_it_was_sent_for_and_nothing_begun_later(outside, payments, ana, by):
    url = link(links.unsubscribe_url([outside.pk]))
    Client().post(url, ONE_CLICK)
    later = operations.subscribe(application=payments, email=OUTSIDE, by=by(ana))
    assert later.new

    Client().post(url, ONE_CLICK)

    later.subscription.refresh_from_db()
    assert later.subscription.ended_at is None


@pytest.mark.parametrize(
    "spoil", ["{0}x", "77.{1}", "{0}-1.{1}", "", "x", "1", "1.", ".", "1-.a", "²." + "a" * 22]
)
def test_a_link_that_is_not_ours_finds_nothing(spoil, outside):
    good = links.unsubscribe_url([outside.pk]).rstrip("/").rpartition("/")[2]
    names, _, signature = good.rpartition(".")
    token = spoil.format(f"{names}9", signature)
    assert links.read(links.STOP, token) == []
    if token:
        assert Client().post(f"/unsubscribe/{token}/", ONE_CLICK).status_code == 404
    outside.refresh_from_db()
    assert outside.ended_at is None


def test_a_link_to_confirm_is_none_to_stop(outside):
    token = links.confirm_url(outside.pk).rstrip("/").rpartition("/")[2]
    assert links.read(links.CONFIRM, token) == [outside.pk]
    assert links.read(links.STOP, token) == []


def test_an_old_key_still_opens_its_links(outside, settings):
    token = links.unsubscribe_url([outside.pk]).rstrip("/").rpartition("/")[2]
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "y" * 60
    assert links.read(links.STOP, token) == [outside.pk]


# --- pages ------------------------------------------------------------------------------------------------
@pytest.fixture
def web(client: Client) -> Callable[[Any], Client]:
    def enter(user: Any) -> Client:
        client.force_login(user)
        return client

    return enter


def test_my_subscriptions_are_added_and_taken_away(web, payments, kim):
    page = web(kim)
    data = {"application": "payments", "transport": "email", "audience": "business"}
    assert page.post("/subscriptions/", data).status_code == 302
    shown = page.get("/subscriptions/").content.decode()
    assert "Payments" in shown

    mine = Subscription.objects.get(user=kim)
    page.post(f"/subscriptions/{mine.pk}/end/")
    mine.refresh_from_db()
    assert mine.ended_at is not None


def test_a_wrong_address_keeps_what_was_typed(web, payments, kim):
    data = {
        "application": "payments",
        "transport": "slack",
        "audience": "business",
        "url": "http://x",
        "label": "#pay",
    }
    answer = web(kim).post("/subscriptions/", data)
    shown = answer.content.decode()
    assert answer.status_code == 400
    assert "#pay" in shown and "must start with https://" in shown


def test_the_list_of_an_application_says_who_takes_no_mail(web, payments, kim, by):
    Contact.objects.create(name="Gil", email="gil@acme.example")
    operations.subscribe(application=payments, email="gil@acme.example", by=by(kim))
    bounces.mark("gil@acme.example", "550 5.1.1 no such user")
    page = web(kim)
    shown = page.get("/subscriptions/?application=payments").content.decode()
    assert "gil@acme.example" in shown and "Takes no mail since" in shown and "550 5.1.1" in shown

    one = Subscription.objects.get()
    page.post(f"/subscriptions/{one.pk}/try_again/", {"next": "/subscriptions/?application=payments"})
    assert not bounces.dead(["gil@acme.example"])
    assert page.get("/subscriptions/?application=nothing").status_code == 404


def test_the_list_of_an_application_names_those_for_one_customer_too(web, payments, acme, kim, by):
    operations.subscribe(application=payments, organisation=acme, person=kim, by=by(kim))
    operations.subscribe(organisation=acme, person=kim, by=by(kim))
    shown = web(kim).get("/subscriptions/?application=payments").content.decode()
    assert shown.count("Take off the list") == 1 and "Payments for Acme" in shown


def test_the_contact_shows_that_its_address_is_dead(kim, by, client):
    contact = Contact.objects.create(name="Gil", email="Gil@acme.example")
    bounces.mark("gil@acme.example", "550 gone")
    client.force_login(kim)
    assert client.get(f"/api/v1/contacts/{contact.pk}/").json()["undeliverable"] == "550 gone"
    assert client.get("/api/v1/contacts/").json()["results"][0]["undeliverable"] == "550 gone"


# --- API --------------------------------------------------------------------------------------------------
def test_the_api_lists_makes_and_ends(client, payments, kim, casey):
    client.force_login(kim)
    made = client.post(
        "/api/v1/subscriptions/",
        {
            "application": "payments",
            "channel": "webhook",
            "url": "https://in.firm.example/x",
            "label": "Status",
        },
        content_type="application/json",
    )
    assert made.status_code == 201, made.content
    body = made.json()
    assert body["secret"].startswith("whsec_") and body["channel"] == "webhook" and "url" not in body
    found = client.get("/api/v1/subscriptions/?application=payments").json()["results"]
    assert [(row["id"], row["secret"]) for row in found] == [(body["id"], "")]
    ended = client.post(f"/api/v1/subscriptions/{body['id']}/end/", content_type="application/json")
    assert ended.json()["ended_at"]
    assert client.get("/api/v1/subscriptions/").json()["results"] == []
    assert client.get("/api/v1/subscriptions/?incident=INC-4").status_code == 200
    assert client.get("/api/v1/subscriptions/?incident=x").status_code == 400
    client.force_login(casey)
    assert client.get("/api/v1/subscriptions/").status_code == 404


def test_what_is_not_there_is_not_found(ana, by):
    with pytest.raises(NotFound):
        operations.end(4711, by=by(ana))


def test_confirmations_are_not_held_up_by_the_lane_of_incidents(outside):
    assert sweeps.run(f"{queue.SWEEP}.incident").done == 0
    assert sweeps.run(f"{queue.SWEEP}.reply").done == 1
