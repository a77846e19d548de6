"""From the status page to the first mail, on a phone, with and without script; the link is that of the real mail."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache, caches

from catalogue.models import Application
from core.accounts.models import User
from core.timers import sweeps
from customers.models import Contact, Organisation, Subscription
from incidents import operations
from tests.browser.conftest import OVERFLOW, PHONE
from tests.relays import Relay, relay, use

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
READER = "reader@elsewhere.example"


@pytest.fixture
def server(settings: Any, desk: str) -> Any:
    cache.clear()
    caches["local"].clear()
    settings.BASE_URL = desk
    with relay() as found:
        use(settings, found)
        yield found


@pytest.fixture
def payments(db: None) -> Application:
    return Application.objects.create(slug="payments", name="Card payments", public=True)


def mailed(server: Relay) -> list[Any]:
    sweeps.run_due()
    return [one.mail for one in server.received if one.to == READER]


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_a_reader_asks_confirms_and_is_told(
    script: bool,
    open_page: Callable[..., Any],
    axe: Callable[[Any], list[str]],
    server: Relay,
    payments: Application,
    ira: User,
    by: Callable[..., Any],
) -> None:
    page = open_page(PHONE, script=script)
    page.goto("/status/")
    page.get_by_role("link", name="Get updates").click()
    assert page.evaluate(OVERFLOW) <= 0 if script else True
    if script:
        assert axe(page) == []
    page.get_by_label("Your e-mail address").fill(READER)
    page.get_by_label("About").select_option(label="Card payments")
    page.get_by_role("button", name="Send me the link").click()
    assert "Look into your mail" in page.get_by_role("status").inner_text()

    (mail,) = mailed(server)
    link = re.search(r"https?://\S+/subscriptions/confirm/\S+", mail.get_content())
    assert link is not None
    page.goto(link[0])
    if script:
        assert axe(page) == []
    page.get_by_role("button", name="Yes, send them").click()
    assert "gets news about Card payments" in page.get_by_role("status").inner_text()

    incident = operations.declare(title="Cards are declined", applications=[payments], by=by(ira))
    told = mailed(server)[1]
    assert incident.reference in told["Subject"] and "/incidents/" not in told.get_content()
    assert page.context.cookies() == [] or {one["name"] for one in page.context.cookies()} == {"csrftoken"}


def test_a_wrong_address_is_said_and_kept_without_script(
    open_page: Callable[..., Any], server: Relay, payments: Application
) -> None:
    page = open_page(PHONE, script=False)
    page.goto("/status/subscribe/")
    page.locator("form").evaluate("form => form.noValidate = true")
    page.get_by_label("Your e-mail address").fill("reader at elsewhere")
    page.get_by_role("button", name="Send me the link").click()
    assert page.get_by_label("Your e-mail address").input_value() == "reader at elsewhere"
    assert page.get_by_text("Enter a valid email address.").count() and server.received == []


def test_a_customer_starts_and_stops_by_keyboard(
    open_page: Callable[..., Any],
    login: Callable[[Any, Any], None],
    axe: Callable[[Any], list[str]],
    payments: Application,
    casey: User,
) -> None:
    acme = Organisation.objects.create(slug="acme", name="Acme")
    acme.applications.add(payments)
    Contact.objects.create(organisation=acme, user=casey, name="Casey Cole", email=casey.email)
    page = open_page(PHONE)
    login(page, casey)
    page.goto("/portal/")
    page.get_by_role("link", name="Updates by mail").click()
    assert axe(page) == [] and page.evaluate(OVERFLOW) <= 0
    page.get_by_role("button", name="Get updates about Card payments").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Stop the updates about Card payments").focus()
    assert Subscription.objects.get().ended_at is None
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Get updates about Card payments").wait_for()
    assert Subscription.objects.get().ended_at is not None
