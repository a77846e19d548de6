"""The customer's pages in a real browser: phone first, clean for axe, whole without script."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from catalogue.models import Application
from core.accounts.models import User
from customers.models import Contact, Organisation
from tickets import operations

NARROW = {"width": 390, "height": 844}
PAGES = {
    "list": "/portal/",
    "new": "/portal/new/",
    "talked": "/portal/{talked}/",
    "solved": "/portal/{solved}/",
}

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def house(casey: User, ana: User, by: Callable[..., Any]) -> SimpleNamespace:
    """Casey's company with a request in each stage; the waiting one has been talked about."""
    acme = Organisation.objects.create(slug="acme", name="Acme")
    acme.applications.add(Application.objects.create(slug="payments", name="Card payments"))
    Contact.objects.create(organisation=acme, user=casey, name="Casey Cole", email="casey@acme.example")
    made = [
        operations.create(subject=subject, description="Since 14:02 every card fails.", by=by(casey))
        for subject in (
            "Refund of 19 October has not reached the guest",
            "Access to the reports for a new colleague, please see the very-long-reference-without-any-break-"
            "0123456789-0123456789-0123456789",
            "Which banks are slow with refunds?",
            "Card payments rejected with code 91 since 14:02",
        )
    ]
    operations.resolve(made[0].reference, code="fixed", note="The bank has it now.", by=by(ana))
    operations.take(made[1].reference, by=by(ana))
    talked = made[3]
    operations.reply(
        talked.reference, body="We see the same errors. Which **terminal** is it?", public=True, by=by(ana)
    )
    files = [SimpleUploadedFile("till-7.png", b"png")]
    operations.reply(
        talked.reference, body="Till 7, at the entrance.", public=True, files=files, by=by(casey)
    )
    operations.wait(talked.reference, reason="Number of the terminal", by=by(ana))
    return SimpleNamespace(casey=casey, talked=talked.reference, solved=made[0].reference)


@pytest.fixture
def shown(
    open_page: Callable[..., Any], login: Callable[[Any, Any], None], house: SimpleNamespace
) -> Callable[..., Any]:
    def show(path: str, *args: Any, **kwargs: Any) -> Any:
        page = open_page(*args, **kwargs)
        login(page, house.casey)
        page.goto(path.format(**vars(house)))
        return page

    return show


@pytest.mark.parametrize("dark", [False, True], ids=["day", "night"])
@pytest.mark.parametrize("size", [None, NARROW], ids=["desk", "phone"])
@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES.keys())
def test_nothing_serious_for_axe_and_nothing_scrolls_sideways(
    shown: Callable[..., Any],
    axe: Callable[[Any], list[str]],
    overflow: Callable[[Any], int],
    picture: Callable[[Any], None],
    path: str,
    size: Any,
    dark: bool,
) -> None:
    page = shown(path, size, dark=dark)
    picture(page)
    assert axe(page) == []
    assert overflow(page) == 0


def test_the_smallest_phone_still_fits(shown: Callable[..., Any], overflow: Callable[[Any], int]) -> None:
    for path in ("/portal/", "/portal/new/", "/portal/{talked}/"):
        assert overflow(shown(path, {"width": 320, "height": 640})) == 0


def test_a_request_is_sent_and_answered_without_script(shown: Callable[..., Any]) -> None:
    page = shown("/", NARROW, script=False)
    page.get_by_role("navigation", name="Main").get_by_text("Get help").click()
    page.get_by_text("I have a question").click()
    page.get_by_label("In one sentence").fill("Where are the invoices?")
    page.get_by_text("Can wait").click()
    page.get_by_role("button", name="Send request").click()
    assert page.get_by_role("heading", name="Where are the invoices?").is_visible()
    page.get_by_label("Your message").fill("The ones of last year")
    page.get_by_role("button", name="Send", exact=True).click()
    assert page.get_by_text("The ones of last year").is_visible()
    page.get_by_role("button", name="It works again").click()
    assert page.get_by_text("We close the request").is_visible()


def test_a_refused_form_leads_to_the_field_that_needs_care(
    shown: Callable[..., Any], picture: Callable[[Any], None], axe: Callable[[Any], list[str]]
) -> None:
    page = shown("/portal/new/", NARROW)
    page.get_by_label("What happened").fill("A long story")
    page.evaluate("document.querySelector('form.panel').noValidate = true")
    page.get_by_role("button", name="Send request").click()
    page.get_by_text("Say in one sentence").wait_for()
    picture(page)
    assert page.evaluate("document.activeElement.name") == "subject"
    assert page.get_by_label("What happened").input_value().strip() == "A long story"
    assert axe(page) == []
