"""The page of a ticket renews itself while somebody works on it, and nothing moves under their hand."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from core.accounts.models import User
from tests import world as worlds
from tests.browser.conftest import pass_time
from tickets import operations
from tickets.models import Ticket

POLL = 10  # seconds
BOX = "#composer textarea"

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def house() -> SimpleNamespace:
    world = worlds.ground()
    made = operations.create(
        subject="Card payments rejected", description="Since 14:02.", requester=world.casey,
        component=world.gateway, by=worlds.by(world.people["ana"]),
    )  # fmt: skip
    return SimpleNamespace(world=world, ref=made.reference, people=world.people)


@pytest.fixture
def at_ticket(visit: Callable[..., Any], house: SimpleNamespace) -> Callable[..., Any]:
    return lambda name, **kwargs: visit(
        house.people[name], f"/tickets/{house.ref}/", **{"clock": True, **kwargs}
    )


def poll(page: Any) -> None:
    with page.expect_response(lambda answer: "/live/" in answer.url):
        pass_time(page, POLL)


def act(house: SimpleNamespace, name: str) -> Any:
    return worlds.by(User.objects.get(username=name))


def selection(page: Any) -> Any:
    return page.evaluate(
        "(({activeElement: it}) => [it.name, it.value, it.selectionStart, it.selectionEnd])(document)"
    )


def test_one_sees_what_the_other_does_and_keeps_what_they_type(
    at_ticket: Callable[..., Any], house: SimpleNamespace, picture: Callable[[Any], None]
) -> None:
    eli, ana = at_ticket("eli"), at_ticket("ana")
    eli.keyboard.press("n")
    eli.locator(BOX).fill("Half a sentence")
    eli.evaluate(f"document.querySelector('{BOX}').setSelectionRange(2, 6)")
    assert eli.locator("#side-clocks .clk.met").count() == 0

    ana.keyboard.press("p")
    ana.locator("dialog[open]").get_by_label("Priority").select_option("P0")
    ana.get_by_label("Why it differs").fill("The board asks")
    ana.get_by_role("button", name="Set priority").click()
    ana.locator(BOX).fill("We look at it.")
    ana.get_by_role("button", name="Send to customer").click()
    ana.get_by_role("button", name="Send now").click()
    ana.locator("#standing").get_by_text("Escalate to L2").click()
    ana.get_by_label("What the customer cannot do").fill("Sell")
    ana.get_by_label("What was tried").fill("A restart")
    ana.get_by_label("No SOP exists").check()
    ana.locator("dialog[open]").get_by_role("button", name="Escalate to L2").click()
    ana.locator("#tiers [aria-current=step]", has_text="L2").wait_for()

    poll(eli)

    eli.locator("#tiers [aria-current=step]", has_text="L2").wait_for()
    assert "Ana Alves" in eli.locator("#tiers li.done").inner_text()
    assert eli.locator("#facts .p").inner_text() == "P0"
    assert eli.locator("#side-clocks .clk.met").count() == 1
    assert eli.get_by_role("link", name="Hand back").is_visible()
    assert eli.get_by_role("link", name="Escalate to L3").is_visible()
    eli.get_by_text("We look at it.").wait_for()
    assert selection(eli) == ["text", "Half a sentence", 2, 6]
    assert eli.get_by_role("radio", name="Internal note").is_checked()
    eli.locator("#live", has_text=f"{house.ref} is now P0").wait_for(state="attached")
    picture(eli)


def test_what_is_possible_follows_the_status(at_ticket: Callable[..., Any], house: SimpleNamespace) -> None:
    page = at_ticket("eli")
    operations.wait(house.ref, reason="The number of the till", by=act(house, "ana"))
    poll(page)
    page.locator("#verbs").get_by_role("button", name="Resume").wait_for()
    assert page.locator("#paused").get_by_text("The number of the till").is_visible()
    operations.resolve(house.ref, code="fixed", note="It works", minutes=5, by=act(house, "ana"))
    poll(page)
    page.locator("#verbs").get_by_role("link", name="Reopen").wait_for()
    assert page.locator("#verbs").get_by_text("Resolve", exact=True).count() == 0


def test_what_is_open_and_typed_beside_the_talk_stays(
    at_ticket: Callable[..., Any], house: SimpleNamespace
) -> None:
    operations.log_time(house.ref, minutes=5, activity="investigation", note="Logs", by=act(house, "ana"))
    page = at_ticket("eli")
    side = page.locator("#side")
    side.get_by_text("Who is on call for this").click()
    side.locator("#who-is-on-call [data-keep]", has_text="Eli Engel").wait_for()
    side.get_by_text("What was logged").click()
    side.get_by_text("Ana Alves, investigation: Logs").wait_for()
    side.get_by_text("Log time without a timer").click()
    side.locator("#log-time [name=minutes]").fill("12")
    side.locator("#log-time [name=note]").fill("Half a note")
    page.evaluate("document.querySelector('#log-time [name=note]').setSelectionRange(2, 4)")
    page.evaluate("document.querySelector('#side').scrollTop = 40")
    page.mouse.move(0, 0)

    operations.log_time(house.ref, minutes=7, activity="call", note="Phone", by=act(house, "ana"))
    operations.wait(house.ref, reason="The number of the till", by=act(house, "ana"))
    poll(page)

    side.get_by_text("12 min in total").wait_for()
    side.get_by_text("Phone").wait_for()  # the list that was open is read again
    assert "Eli Engel" in side.locator("#who-is-on-call").inner_text()
    assert side.locator("details[open]").count() == 3
    assert side.locator("#log-time [name=minutes]").input_value() == "12"
    assert selection(page) == ["note", "Half a note", 2, 4]
    assert page.evaluate("document.querySelector('#side').scrollTop") == 40
    assert side.locator(".clk.held").count() > 0


def test_a_button_under_the_pointer_waits_for_the_pointer_to_leave(
    at_ticket: Callable[..., Any], house: SimpleNamespace
) -> None:
    page = at_ticket("eli")
    page.locator("#verbs").get_by_role("link", name="Resolve").hover()
    operations.wait(house.ref, reason="The number of the till", by=act(house, "ana"))
    poll(page)
    page.locator("#paused").wait_for()
    assert page.locator("#verbs").get_by_role("link", name="Wait").is_visible()
    page.locator("h1").hover()
    page.locator("#verbs").get_by_role("button", name="Resume").wait_for()


def test_focus_stays_on_the_very_row_that_it_was_on(
    at_ticket: Callable[..., Any], house: SimpleNamespace
) -> None:
    ana = act(house, "ana")
    others = [operations.create(subject=name, requester=house.world.casey, by=ana).reference for name in "AB"]
    for other in others:
        operations.link(house.ref, to=other, kind="relates", by=ana)
    page = at_ticket("eli")
    page.get_by_role("button", name=f"Remove the link to {others[1]}").focus()
    operations.unlink(house.ref, to=others[0], by=ana)
    poll(page)
    page.get_by_role("button", name=f"Remove the link to {others[0]}").wait_for(state="detached")
    focused = page.evaluate("document.activeElement.getAttribute('aria-label')")
    assert focused == f"Remove the link to {others[1]}"


def test_an_open_question_stays_open_and_a_stale_answer_is_refused_with_what_changed(
    at_ticket: Callable[..., Any], house: SimpleNamespace, picture: Callable[[Any], None]
) -> None:
    page = at_ticket("eli")
    page.get_by_role("link", name="Edit").click()
    dialog = page.locator("dialog[open]")
    dialog.get_by_label("Subject").fill("Eli's words")
    operations.edit(house.ref, values={"subject": "Ana's words"}, by=act(house, "ana"))
    poll(page)
    page.get_by_role("heading", name="Ana's words", include_hidden=True).wait_for(state="attached")
    assert dialog.get_by_label("Subject").input_value() == "Eli's words"
    with page.expect_response(lambda answer: answer.request.method == "POST" and answer.status == 412):
        dialog.get_by_role("button", name="Save").click()
    dialog.get_by_text(f"{house.ref} was changed by somebody else.").wait_for()
    dialog.get_by_text("Now: Ana's words").first.wait_for()
    assert dialog.get_by_label("Subject").input_value() == "Eli's words"
    picture(page)
    assert Ticket.objects.get().subject == "Ana's words"
    dialog.get_by_role("button", name="Save").click()  # having read it, Eli means it
    page.get_by_role("heading", name="Eli's words").wait_for()


def test_a_hand_off_that_was_made_meanwhile_is_not_made_twice(
    at_ticket: Callable[..., Any], house: SimpleNamespace
) -> None:
    page = at_ticket("eli")
    page.keyboard.press("e")
    dialog = page.locator("dialog[open]")
    dialog.get_by_label("What the customer cannot do").fill("Sell anything")
    dialog.get_by_label("What was tried").fill("A restart")
    dialog.get_by_label("No SOP exists").check()
    operations.escalate(house.ref, from_tier=1, handoff=worlds.HANDOFF, by=act(house, "ana"))
    poll(page)
    with page.expect_response(lambda answer: answer.request.method == "POST" and answer.status == 409):
        dialog.get_by_role("button", name="Escalate to L2").click()
    page.locator("dialog[open] .call.red").wait_for()
    assert (
        page.locator("dialog[open]").get_by_label("What the customer cannot do").input_value()
        == "Sell anything"
    )
    assert Ticket.objects.get().tier == 2


def test_a_page_that_hears_nothing_says_since_when(
    at_ticket: Callable[..., Any], house: SimpleNamespace
) -> None:
    page = at_ticket("eli")
    page.route("**/live/*", lambda route: route.abort())
    stale = page.locator("[data-stale]").first
    for _ in range(2):
        assert stale.is_hidden()
        with page.expect_event("requestfailed"):
            pass_time(page, POLL)
    page.get_by_text("Not live since").wait_for()
    page.unroute("**/live/*")
    poll(page)
    stale.wait_for(state="hidden")


def test_who_comes_back_to_the_page_sees_it_as_it_is(
    at_ticket: Callable[..., Any], house: SimpleNamespace
) -> None:
    page = at_ticket("eli", clock=False)
    operations.wait(house.ref, reason="The number of the till", by=act(house, "ana"))
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.locator("#paused").wait_for()


def test_who_may_not_see_it_any_more_is_told(at_ticket: Callable[..., Any], house: SimpleNamespace) -> None:
    page = at_ticket("eli")
    operations.edit(house.ref, values={"confidential": True}, by=act(house, "ana"))
    poll(page)
    page.get_by_text("No longer here for you").wait_for()
