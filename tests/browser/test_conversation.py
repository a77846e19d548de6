"""Two people on one ticket: they see each other, the second sender reads first, and no text is lost."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from core.accounts.models import User
from core.timers import sweeps
from customers.models import Contact, Organisation
from escalation.models import Team
from tests.browser.conftest import pass_time
from tickets import operations
from tickets.models import Entry, HeldReply
from worklog.models import Mention

NARROW = {"width": 390, "height": 844}
WITHIN = 15  # seconds: what the desk promises for presence

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
    for slug, name in (("front", "Front line"), ("payments", "Payments")):
        Team.objects.create(
            slug=slug, name=name, lead={"front": ana, "payments": eli}[slug], review_due="2030-01-01"
        )
    operations.save_macro(
        name="Ask for the till", text="Dear {requester.first_name}, which till?",
        changes={"tags": ["cards"], "status": "waiting"}, by=by(max),
    )  # fmt: skip
    return SimpleNamespace(ref=made.reference, ana=ana, eli=eli, casey=casey)


@pytest.fixture
def at_ticket(visit: Callable[..., Any], house: SimpleNamespace) -> Callable[..., Any]:
    return lambda user, *args, **kwargs: visit(user, f"/tickets/{house.ref}/", *args, **kwargs)


def message(page: Any) -> Any:
    return page.get_by_role("textbox", name="Message")


def test_two_people_on_one_ticket(
    at_ticket: Callable[..., Any],
    house: SimpleNamespace,
    by: Callable[..., Any],
    picture: Callable[[Any], None],
) -> None:
    ana, eli = at_ticket(house.ana, clock=True), at_ticket(house.eli, clock=True)
    message(eli).fill("Eli looked at the gateway.")
    pass_time(eli, 2)  # what one does is told at once, at most each second
    eli.locator("#present", has_text="Ana Alves is viewing").wait_for()
    pass_time(ana, WITHIN)
    ana.locator("#who", has_text="Eli Engel is writing a reply").wait_for()
    message(ana).fill("Ana restarts the node.")

    message(eli).press("Control+Enter")
    eli.get_by_text("Sends in").wait_for()
    eli.get_by_role("button", name="Send now").click()
    eli.get_by_text("Eli looked at the gateway.").wait_for()

    pass_time(ana, 10)  # the message comes into the page, but Ana was typing: she may not have seen it
    ana.locator("#talk").get_by_text("Eli looked at the gateway.").wait_for()
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


def test_who_answers_what_came_while_the_page_was_open_is_not_warned_of_it(
    at_ticket: Callable[..., Any], house: SimpleNamespace, by: Callable[..., Any]
) -> None:
    page = at_ticket(house.ana, clock=True)
    operations.reply(house.ref, body="It is till 7.", public=True, by=by(house.casey))
    pass_time(page, 10)
    page.get_by_text("It is till 7.").wait_for()
    message(page).fill("Thank you, we look at till 7.")
    message(page).press("Control+Enter")
    page.get_by_text("Sends in").wait_for()
    assert page.get_by_text("Not sent.").count() == 0


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


def test_naming_somebody_by_keyboard(
    at_ticket: Callable[..., Any],
    house: SimpleNamespace,
    axe: Callable[[Any], list[str]],
    picture: Callable[[Any], None],
) -> None:
    page = at_ticket(house.ana)
    page.keyboard.press("n")
    page.keyboard.type("Can ")
    page.keyboard.type("@e")
    box = page.get_by_role("combobox", name="Message")
    box.wait_for()
    chosen = page.get_by_role("option", name="Eli Engel")
    assert box.get_attribute("aria-expanded") == "true"
    assert box.get_attribute("aria-activedescendant") == chosen.get_attribute("id")
    assert chosen.get_attribute("aria-selected") == "true"
    assert axe(page) == []
    picture(page)
    page.keyboard.press("Escape")
    message(page).wait_for()  # a plain field again
    page.keyboard.type("l")
    box.wait_for()
    page.keyboard.press("Enter")
    page.keyboard.type("look, with @fr")
    page.get_by_role("option", name="Front line").wait_for()
    page.keyboard.press("Tab")
    page.keyboard.type("and @pay")
    page.get_by_role("option", name="Payments").wait_for()
    page.keyboard.press("ArrowUp")  # round to the last one and back
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+Enter")
    page.get_by_text("Not told: @pay").wait_for()
    assert Entry.objects.get().body == "Can @eli look, with @front and @pay"
    assert set(Mention.objects.values_list("user__username", flat=True)) == {"eli"}


def test_nobody_is_offered_to_the_customer(at_ticket: Callable[..., Any], house: SimpleNamespace) -> None:
    page = at_ticket(house.ana)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.keyboard.press("r")
    page.keyboard.type("Dear @e")
    page.wait_for_timeout(300)  # longer than the list waits before it asks
    assert not [url for url in asked if "mentionable" in url]
    page.get_by_text("Internal note", exact=True).click()
    message(page).press("l")
    page.get_by_role("option", name="Eli Engel").click()
    assert message(page).input_value() == "Dear @eli "
