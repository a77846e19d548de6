"""Two people on one ticket: they see each other, the second sender reads first, and no text is lost."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client

from core.accounts.models import User
from core.timers import sweeps
from customers.models import Contact, Organisation
from tickets import operations
from tickets.models import Entry, HeldReply

NARROW = {"width": 390, "height": 844}
WITHIN = 15_000  # ms: what the desk promises for presence

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def house(ana: User, eli: User, max: User, casey: User, by: Callable[..., Any]) -> SimpleNamespace:
    acme = Organisation.objects.create(slug="acme", name="Acme")
    contact = Contact.objects.create(
        organisation=acme, user=casey, name="Casey Cole", email="casey@acme.example"
    )
    made = operations.create(
        subject="Card payments rejected", description="Since 14:02.", requester=contact, by=by(ana)
    )
    operations.save_macro(
        name="Ask for the till", text="Dear {requester.first_name}, which till?",
        changes={"tags": ["cards"], "status": "waiting"}, by=by(max),
    )  # fmt: skip
    return SimpleNamespace(ref=made.reference, ana=ana, eli=eli, casey=casey)


@pytest.fixture
def at_ticket(open_page: Callable[..., Any], desk: str, house: SimpleNamespace) -> Callable[..., Any]:
    def enter(user: User, *args: Any, **kwargs: Any) -> Any:
        page, client = open_page(*args, **kwargs), Client()  # a client each: both stay signed in
        client.force_login(user)
        page.context.add_cookies(
            [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": desk}]
        )
        page.goto(f"/tickets/{house.ref}/")
        return page

    return enter


def message(page: Any) -> Any:
    return page.get_by_role("textbox", name="Message")


def test_two_people_on_one_ticket(
    at_ticket: Callable[..., Any],
    house: SimpleNamespace,
    by: Callable[..., Any],
    picture: Callable[[Any], None],
) -> None:
    ana, eli = at_ticket(house.ana), at_ticket(house.eli)
    message(eli).fill("Eli looked at the gateway.")
    ana.get_by_text("Eli Engel is writing a reply").first.wait_for(timeout=WITHIN + 5_000)
    message(ana).fill("Ana restarts the node.")

    message(eli).press("Control+Enter")
    eli.get_by_text("Sends in").wait_for()
    eli.get_by_role("button", name="Send now").click()
    eli.get_by_text("Eli looked at the gateway.").wait_for()

    message(ana).press("Control+Enter")
    ana.get_by_text("Not sent.").wait_for()
    held = ana.locator(".held.back")
    assert held.get_by_text("Eli looked at the gateway.").is_visible()
    assert held.get_by_text("Ana restarts the node.").is_visible()
    picture(ana)
    held.get_by_role("button", name="Read first").click()
    ana.wait_for_url("**/#composer")
    assert message(ana).input_value() == "Ana restarts the node."
    message(ana).fill("Ana restarts the node, as Eli says.")
    message(ana).press("Control+Enter")
    ana.get_by_role("button", name="Send now").click()
    ana.get_by_text("as Eli says").wait_for()
    assert message(ana).input_value() == ""
    assert list(Entry.objects.values_list("body", flat=True)) == [
        "Eli looked at the gateway.", "Ana restarts the node, as Eli says.",
    ]  # fmt: skip


def test_undo_by_key_gives_the_text_back(at_ticket: Callable[..., Any], house: SimpleNamespace) -> None:
    page = at_ticket(house.ana)
    message(page).fill("Too early")
    message(page).press("Control+Enter")
    page.get_by_text("Sends in").wait_for()
    assert message(page).input_value() == ""
    page.keyboard.press("z")
    page.wait_for_function("document.querySelector('#composer textarea').value === 'Too early'")
    sweeps.run_due()
    assert Entry.objects.count() == 0
    assert HeldReply.objects.get().taken_back_at is not None


def test_a_draft_waits_on_another_browser(at_ticket: Callable[..., Any], house: SimpleNamespace) -> None:
    page = at_ticket(house.ana)
    page.keyboard.press("n")
    message(page).fill("Half a note")
    message(page).blur()
    page.get_by_text("Draft saved").wait_for()
    other = at_ticket(house.ana)
    assert message(other).input_value() == "Half a note"
    assert other.get_by_role("radio", name="Internal note").is_checked()


def test_a_macro_by_key_fills_the_box_below_what_was_typed(
    at_ticket: Callable[..., Any], house: SimpleNamespace, picture: Callable[[Any], None]
) -> None:
    page = at_ticket(house.ana)
    message(page).fill("Hello.")
    message(page).blur()
    page.keyboard.press("m")
    page.get_by_role("link", name="Ask for the till").click()
    page.get_by_text("Tags + cards").wait_for()
    picture(page)
    page.get_by_role("button", name="Use this macro").click()
    page.wait_for_url("**/*#composer")
    assert message(page).input_value() == "Hello.\n\nDear Casey, which till?"
    assert page.get_by_label("Status after sending").input_value() == "waiting"


def test_files_are_listed_and_taken_out_before_sending(
    at_ticket: Callable[..., Any], house: SimpleNamespace
) -> None:
    page = at_ticket(house.ana)
    page.keyboard.press("n")
    message(page).fill("Two logs")
    for name in ("one.log", "two.log"):
        page.locator("input[name=files]").set_input_files(
            {"name": name, "mimeType": "text/plain", "buffer": b"x"}
        )
    page.get_by_role("button", name="Remove one.log").click()
    page.get_by_role("button", name="Preview").click()
    page.locator("#composer-preview").get_by_text("Two logs").wait_for()
    page.get_by_role("button", name="Add internal note").click()
    page.get_by_role("link", name="two.log").wait_for()
    assert page.get_by_role("link", name="one.log").count() == 0


def test_without_script_a_reply_is_held_and_undone(
    at_ticket: Callable[..., Any], house: SimpleNamespace
) -> None:
    page = at_ticket(house.ana, script=False)
    message(page).fill("Plain form")
    page.get_by_role("button", name="Send to customer").click()
    page.get_by_role("button", name="Undo").click()
    assert message(page).input_value() == "Plain form"
    page.get_by_role("button", name="Preview").click()
    assert page.locator("#composer-preview").get_by_text("Plain form").is_visible()


@pytest.mark.parametrize("dark", [False, True], ids=["day", "night"])
@pytest.mark.parametrize("size", [None, NARROW], ids=["desk", "phone"])
def test_the_page_with_all_of_it_is_clean(
    at_ticket: Callable[..., Any],
    house: SimpleNamespace,
    by: Callable[..., Any],
    axe: Callable[[Any], list[str]],
    overflow: Callable[[Any], int],
    picture: Callable[[Any], None],
    size: Any,
    dark: bool,
) -> None:
    quoted = "It works.\n\nOn Monday, Ana wrote:\n> Try\n> it\n> again"
    operations.reply(house.ref, body=quoted, public=True, by=by(house.casey))
    operations.send_soon(house.ref, body="Came back", last_seen=0, by=by(house.ana))
    operations.send_soon(house.ref, body="On its way", last_seen=None, by=by(house.ana))
    operations.watch(house.ref, by=by(house.eli))
    page = at_ticket(house.ana, size, dark=dark)
    page.get_by_text("Quoted history").first.wait_for()
    picture(page)
    assert axe(page) == []
    assert overflow(page) == 0
