"""Getting updates from the status page and in the portal: confirmed first, limited, and telling nothing."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from django.core.cache import cache, caches
from django.test import Client

from catalogue.models import Application
from core.audit.models import Event
from core.outbox.models import OutgoingMessage
from customers import operations as lists
from customers.models import Contact, Subscription
from customers.operations import own_lists
from incidents import audience, operations
from incidents.models import Incident
from tests import world as worlds
from tests.portal.test_status import NOW

pytestmark = pytest.mark.django_db
PLACE = "/status/subscribe/"
STRANGER = "Somebody@Elsewhere.example"


@pytest.fixture(autouse=True)
def _a_still_clock() -> Any:
    cache.clear()
    caches["local"].clear()
    with time_machine.travel(NOW, tick=False) as machine:
        yield machine


@pytest.fixture
def w() -> SimpleNamespace:
    world = worlds.ground()
    Application.objects.filter(pk=world.payments.pk).update(public=True)
    world.payments.refresh_from_db()
    world.ledger = Application.objects.create(slug="ledger", name="Ledger")
    world.shop = Application.objects.create(slug="shop", name="Shop", public=True)
    world.ira = worlds.by(world.people["ira"])
    return world


def ask(
    email: str = STRANGER, application: str = "payments", client: Client | None = None, **more: Any
) -> Any:
    return (client or Client()).post(PLACE, {"email": email, "application": application}, **more)


def mails() -> list[OutgoingMessage]:
    return list(OutgoingMessage.objects.filter(topic="subscription.confirm").order_by("id"))


def link(text: str) -> str:
    found = re.search(r"https?://[^/\s]+(/subscriptions/confirm/\S+)", text)
    assert found
    return found[1]


def told(incident: Incident) -> set[str]:
    return {one.to for one in audience.recipients(Incident.objects.get(pk=incident.pk))}


def test_nothing_comes_until_the_link_was_opened_and_the_button_pressed(w):
    answer = ask()
    assert (answer.status_code, answer["Location"]) == (302, f"{PLACE}?sent=1")
    (mail,) = mails()
    assert mail.to == STRANGER and "- Payments" in mail.text and STRANGER not in mail.text
    incident = operations.declare(title="Cards are declined", applications=[w.payments], by=w.ira)
    assert STRANGER not in told(incident)

    assert "Yes, send them" in Client().get(link(mail.text)).content.decode()
    assert STRANGER not in told(incident)  # a program that follows links confirms nothing
    assert "gets news about Payments" in Client().post(link(mail.text)).content.decode()

    assert STRANGER in told(incident)
    row = Subscription.objects.get(email=STRANGER)
    assert (row.audience, row.user, row.source) == ("external", None, "status")
    assert set(Event.objects.filter(subject_kind="subscription", subject_id=row.pk).values_list("name", flat=True)) == {
        "subscription.started", "subscription.confirmed",
    }  # fmt: skip


def test_all_services_are_one_mail_and_one_button(w):
    ask(application="")
    (mail,) = mails()
    assert "- Payments" in mail.text and "- Shop" in mail.text and "Ledger" not in mail.text
    page = Client().post(link(mail.text)).content.decode()
    assert "Payments, Shop" in page
    rows = Subscription.objects.filter(email=STRANGER)
    assert {row.application.slug: row.unconfirmed_since for row in rows} == {"payments": None, "shop": None}


def test_asking_for_more_later_asks_to_confirm_that(w, _a_still_clock):
    ask()
    Client().post(link(mails()[0].text))
    _a_still_clock.shift(3600)
    ask(application="")
    page = Client().get(link(mails()[1].text)).content.decode()
    assert "Yes, send them" in page
    Client().post(link(mails()[1].text))
    assert not Subscription.objects.filter(email=STRANGER).exclude(unconfirmed_since=None).exists()


def test_who_subscribed_on_the_page_is_not_told_what_is_declared_about_a_customer(w):
    ask()
    Client().post(link(mails()[0].text))
    title = "Acme cannot pay"
    mine = operations.declare(title=title, applications=[w.payments], organisations=[w.acme], by=w.ira)
    assert STRANGER not in told(mine)
    assert not OutgoingMessage.objects.filter(to=STRANGER, text__contains="Acme").exists()
    operations.edit(mine.reference, changes={"public": True}, by=w.ira)
    assert STRANGER in told(mine)


def test_a_second_service_within_the_hour_comes_with_the_link_of_the_first(w, _a_still_clock):
    ask()
    _a_still_clock.shift(60)
    ask(application="shop")
    (mail,) = mails()
    page = Client().get(link(mail.text)).content.decode()
    assert "Payments" in page and "Shop" in page
    Client().post(link(mail.text))
    gets = Subscription.objects.filter(email=STRANGER, unconfirmed_since=None)
    assert {one.application for one in gets} == {w.payments, w.shop}


def test_a_second_service_after_the_first_was_confirmed_brings_a_link_of_its_own(w, _a_still_clock):
    ask()
    Client().post(link(mails()[0].text))
    ask(application="shop")
    ask(application="shop")
    assert ["- Shop" in mail.text for mail in mails()] == [False, True]


def test_a_link_confirms_nothing_that_the_desk_asked_for_or_another_address(w):
    ask()
    ask("other@elsewhere.example")
    byhand = {"application": w.shop, "unconfirmed_since": NOW, "created_at": NOW}
    Subscription.objects.create(email=STRANGER, **byhand)
    Client().post(link(mails()[0].text))
    assert Subscription.objects.exclude(unconfirmed_since=None).count() == 2


@pytest.mark.parametrize("email", [STRANGER, "casey@acme.example", "ana@desk.example", "boss@firm.example"])
def test_the_answer_says_nothing_about_an_address(w, email):
    """Strangers, customers, staff, people on other lists; asked for the first and the fifth time: all the same."""
    Subscription.objects.create(email="boss@firm.example", application=w.shop, source="status")
    answers = [ask(email, application="") for _ in range(5)]
    assert {(one.status_code, one["Location"], one.content) for one in answers} == {
        (302, f"{PLACE}?sent=1", b"")
    }
    assert [mail.to for mail in mails()] == [email]
    waiting = Subscription.objects.filter(email=email, source="status", application=w.payments)
    assert waiting.get().unconfirmed_since is not None


def test_an_address_gets_a_mail_an_hour_and_three_a_day(w, _a_still_clock):
    for _ in range(6):
        ask()
        ask(STRANGER.lower())
        _a_still_clock.shift(3600)
    assert len(mails()) <= own_lists.PER_ADDRESS
    assert Subscription.objects.filter(email__iexact=STRANGER).count() == 1


def test_a_network_is_stopped_and_told_when_to_go_on(w, _a_still_clock):
    for n in range(own_lists.PER_NETWORK):
        assert ask(f"a{n}@elsewhere.example").status_code == 302
    refused = ask("typed@elsewhere.example")
    assert refused.status_code == 429
    page = refused.content.decode()
    assert "too often from your network" in page and 'value="typed@elsewhere.example"' in page
    assert ask("b@elsewhere.example", REMOTE_ADDR="198.51.100.9").status_code == 302
    _a_still_clock.shift(3600)
    assert ask("typed@elsewhere.example").status_code == 302


def test_more_than_people_ask_for_in_an_hour_is_stopped_for_everybody(w, monkeypatch):
    monkeypatch.setattr(own_lists, "ALL_TOGETHER", 2)
    found = [ask(f"a{n}@elsewhere.example", REMOTE_ADDR=f"198.51.100.{n}").status_code for n in range(3)]
    assert found == [302, 302, 429] and len(mails()) == 2


@pytest.mark.parametrize(
    "typed", ["", "no address", "a@b", "x" * 300 + "@elsewhere.example", "a@b.example\r\nBcc: c@d.example"]
)
def test_what_is_no_address_is_said_and_kept(w, typed):
    answer = ask(typed)
    assert answer.status_code == 422 and not mails()


@pytest.mark.parametrize("slug", ["ledger", "nothing", "payments'--"])
def test_only_services_of_the_page_can_be_chosen(w, slug):
    answer = ask(application=slug)
    assert answer.status_code == 422 and "Ledger" not in answer.content.decode()
    assert not Subscription.objects.filter(source="status").exists()


def test_the_form_has_a_token_and_no_session_and_is_never_kept(w):
    browser = Client(enforce_csrf_checks=True)
    page = browser.get(PLACE)
    assert "no-store" in page["Cache-Control"] and set(page.cookies) == {"csrftoken"}
    assert 'http-equiv="refresh"' not in page.content.decode() and "Ledger" not in page.content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.content.decode())[1]
    assert browser.post(PLACE, {"email": STRANGER}).status_code == 403
    sent = browser.post(PLACE, {"email": STRANGER, "csrfmiddlewaretoken": token})
    assert sent.status_code == 302 and "sessionid" not in browser.cookies
    board = browser.get("/status/")
    assert f'href="{PLACE}"' in board.content.decode() and "csrf" not in board.content.decode()
    assert not board.cookies


def test_staff_are_led_to_their_own_subscriptions(w, client):
    client.force_login(w.people["ana"])
    page = client.get("/status/internal/", follow=True).content.decode()
    assert 'href="/subscriptions/"' in page and PLACE not in page


def test_without_public_services_there_is_nothing_to_ask_for(w):
    Application.objects.update(public=False)
    assert "nothing to get updates about" in Client().get(PLACE).content.decode()
    assert ask(application="").status_code == 400


# --- who hears what ---------------------------------------------------------------------------------------
def confirmed(w: SimpleNamespace) -> None:
    ask()
    Client().post(link(mails()[0].text))


def test_what_is_kept_off_the_status_page_is_not_mailed_to_its_readers(w):
    confirmed(w)
    incident = operations.declare(title="Cards are declined", applications=[w.payments], by=w.ira)
    assert STRANGER in told(incident)
    operations.edit(incident.reference, changes={"public": False}, by=w.ira)
    assert STRANGER not in told(incident) and "boss@firm.example" in told(incident)
    operations.edit(incident.reference, changes={"public": True}, by=w.ira)
    Application.objects.update(public=False)
    assert STRANGER not in told(incident) and "boss@firm.example" in told(incident)


def test_the_desk_can_put_the_same_address_on_its_own_list(w):
    confirmed(w)
    made = lists.subscribe(application=w.payments, email=STRANGER, by=w.ira)
    assert made.new and made.subscription.source == "desk"


def test_a_mail_stops_by_its_link(w):
    confirmed(w)
    incident = operations.declare(title="Cards are declined", applications=[w.payments], by=w.ira)
    sent = OutgoingMessage.objects.get(topic="incident.update", to=STRANGER, about_id=incident.pk)
    stop = re.search(r"<https?://[^/]+(/unsubscribe/[^>]+)>", sent.headers["List-Unsubscribe"])[1]
    Client().post(stop)
    assert STRANGER not in told(incident)


# --- in the portal ----------------------------------------------------------------------------------------
def test_customers_follow_what_they_use_and_stop(w, client):
    casey = w.people["casey"]
    Subscription.objects.filter(user=casey).delete()
    client.force_login(casey)
    page = client.get("/portal/updates/").content.decode()
    assert "Payments" in page and "Ledger" not in page and casey.email in page

    for _ in range(2):
        assert (
            client.post(
                "/portal/updates/", {"application": "payments", "tell": "on"}, follow=True
            ).status_code
            == 200
        )
    row = Subscription.objects.get(user=casey)
    assert (row.audience, row.organisation.slug, row.source, row.unconfirmed_since) == (
        "external",
        "acme",
        "portal",
        None,
    )
    incident = operations.declare(title="Cards are declined", applications=[w.payments], by=w.ira)
    assert casey.email in told(incident)

    assert "Stop" in client.get("/portal/updates/").content.decode()
    client.post("/portal/updates/", {"application": "payments"})
    client.post("/portal/updates/", {"application": "payments"})
    assert casey.email not in told(incident)
    assert Event.objects.filter(name="subscription.ended").count() == 1


def test_what_is_kept_quiet_reaches_customers_whom_it_hits(w):
    casey = w.people["casey"]
    Subscription.objects.filter(user=casey).delete()
    lists.follow("payments", by=worlds.by(casey))
    incident = operations.declare(title="Cards are declined", applications=[w.payments], by=w.ira)
    operations.edit(incident.reference, changes={"public": False}, by=w.ira)
    assert casey.email not in told(incident)
    operations.edit(incident.reference, changes={"organisations": [w.acme]}, by=w.ira)
    assert casey.email in told(incident)
    operations.edit(incident.reference, changes={"organisations": [w.bolt]}, by=w.ira)
    assert casey.email not in told(incident)


def test_what_they_do_not_use_is_not_there(w, client):
    client.force_login(w.people["casey"])
    for more in ({}, {"tell": "on"}):
        for name, status in (("ledger", 404), ("nothing", 404), ("", 422)):
            assert client.post("/portal/updates/", {"application": name, **more}).status_code == status
    assert not Subscription.objects.filter(source="portal").exists()


def test_stopping_leaves_what_the_desk_set_and_what_others_have(w, client):
    theirs = Subscription.objects.get(user=w.people["casey"])
    drew = lists.follow("payments", by=worlds.by(w.people["drew"]))
    client.force_login(w.people["casey"])
    client.post("/portal/updates/", {"application": "payments", "tell": "on"})
    client.post("/portal/updates/", {"application": "payments"})
    assert set(
        Subscription.objects.filter(pk__in=(theirs.pk, drew.pk)).values_list("ended_at", flat=True)
    ) == {None}


def test_no_company_no_products(w, client):
    Contact.objects.filter(user=w.people["casey"]).update(organisation=None)
    client.force_login(w.people["casey"])
    assert "No products yet" in client.get("/portal/updates/").content.decode()
