"""An analyst's morning without a mouse, and lists that refresh without moving under the hand."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from core.accounts.models import User
from tests import world as worlds
from tickets import operations
from tickets.models import Entry, Ticket

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def queue(
    db: None, open_page: Callable[..., Any], login: Callable[[Any, Any], None], by: Callable[..., Any]
) -> SimpleNamespace:
    """Six tickets at L1; Ana sits before the queue, with her hands on the keyboard."""
    world = worlds.ground()
    ana = world.people["ana"]
    made = [
        operations.create(
            subject=f"Till {n} stands still", requester=world.casey, component=world.gateway, by=by(ana)
        ).reference
        for n in range(6)
    ]
    page = open_page()
    login(page, ana)
    page.goto("/tickets/?view=triage")
    page.locator("[data-row]").first.wait_for()
    return SimpleNamespace(world=world, page=page, made=made, ana=ana)


def press(page: Any, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def current(page: Any) -> str:
    return str(page.locator("[data-row].cur .id").inner_text())


def refresh(page: Any) -> None:
    """What the poll of the list does, now."""
    with page.expect_response(lambda answer: "part=rows" in answer.url):
        page.evaluate("htmx.ajax('GET', '?part=rows&view=triage', {source: '#rows', target: '#rows'})")


def test_a_morning_without_a_mouse(queue: SimpleNamespace) -> None:
    page, triaged = queue.page, []
    for severity in range(1, 6):  # the letters before each choice are typed into the select
        press(page, "j")
        triaged.append(current(page))
        press(page, "v")
        page.locator("#severity select").focus()
        page.keyboard.type(f"Sev {min(severity, 4)}")
        with page.expect_navigation():
            press(page, "Control+Enter")
        page.get_by_text("Severity set.").wait_for()
        assert page.url.endswith("/tickets/?view=triage")  # back in the list
        assert current(page) == triaged[-1]  # on the same row
    assert Ticket.objects.exclude(severity="").count() == 5
    assert len(set(triaged)) == 5

    with page.expect_navigation():
        press(page, "i")
    page.get_by_text("It is yours.").wait_for()
    assert Ticket.objects.filter(assignee=queue.ana).count() == 1

    answered = current(page)
    press(page, "r")
    page.wait_for_url(f"**/{answered}/#reply")
    page.keyboard.type("We are on it.")
    with page.expect_navigation():
        press(page, "Control+Enter")
    assert (
        page.locator("h1").inner_text()
        == "Till " + page.locator("h1").inner_text().split()[1] + " stands still"
    )

    press(page, "Escape")
    page.wait_for_url("**/tickets/?view=triage")
    escalated = current(page)
    press(page, "e")
    page.locator("#escalate:modal").wait_for()
    for name in ("summary", "business_impact", "tried"):
        page.locator(f"#escalate [name={name}]").focus()
        page.keyboard.type(f"The {name}")
    page.locator("#escalate [name=no_sop]").focus()
    press(page, "Space")
    with page.expect_navigation():
        press(page, "Control+Enter")
    page.get_by_text("Escalated.").wait_for()
    assert Ticket.objects.get(pk=int(escalated[4:])).tier == 2

    page.locator("[data-row].cur").wait_for()
    linked, other = current(page), next(ref for ref in queue.made if ref not in (escalated, current(page)))
    press(page, "l")
    page.locator("#link [name=to]").focus()
    page.keyboard.type(other)
    with page.expect_navigation():
        press(page, "Control+Enter")
    page.get_by_text("Linked.").wait_for()
    assert linked != other

    page.locator("[data-row].cur").wait_for()
    merged = current(page)
    press(page, "x", "m")
    page.locator("#bulk-ask [name=into]").focus()
    page.keyboard.type(other)
    with page.expect_navigation():
        press(page, "Control+Enter")
    page.locator("[data-row]").first.wait_for()
    assert Ticket.objects.get(pk=int(merged[4:])).merged_into.reference == other


def test_status_leads_to_the_verb_and_back(queue: SimpleNamespace) -> None:
    page = queue.page
    press(page, "j", "s")
    page.locator("#status:modal").wait_for()
    press(page, "Enter")  # the first way on: wait for the customer
    page.locator("#wait textarea").focus()
    page.keyboard.type("The number of the till")
    with page.expect_navigation():
        press(page, "Control+Enter")
    assert Ticket.objects.filter(status="waiting").count() == 1
    assert "/tickets/?view=triage" in page.url


def test_the_palette_goes_to_what_is_typed(queue: SimpleNamespace) -> None:
    page = queue.page
    press(page, "Control+k")
    page.keyboard.type(queue.made[4])
    page.locator("#pal-found [aria-selected='true']").wait_for()
    with page.expect_navigation():
        press(page, "Enter")
    assert "Till 4" in page.locator("h1").inner_text()
    page.goto("/tickets/?view=triage")
    press(page, "g", "m")
    page.wait_for_url("**/my/")


def test_the_filter_line_completes_by_keyboard(queue: SimpleNamespace) -> None:
    page = queue.page
    press(page, "/")
    page.keyboard.type("sev")
    page.locator("#complete:not(:has([data-text='tier:'])) [data-text='severity:']").wait_for()
    press(page, "ArrowDown", "Enter")
    page.locator("#complete [data-text='severity:none']").wait_for()
    page.keyboard.type("no")
    page.locator("#complete:not(:has([data-text='severity:SEV1'])) [data-text='severity:none']").wait_for()
    press(page, "ArrowDown")
    with page.expect_navigation():
        press(page, "Enter")
    assert "severity=none" in page.url


def test_single_keys_are_silent_where_the_profile_says_so(queue: SimpleNamespace) -> None:
    User.objects.filter(pk=queue.ana.pk).update(shortcuts=False)
    page = queue.page
    page.reload()
    press(page, "j", "c")
    assert page.locator("[data-row].cur").count() == 0
    press(page, "Control+k")
    assert page.locator("#pal").is_visible()


def test_nothing_moves_under_the_hand(queue: SimpleNamespace, by: Callable[..., Any]) -> None:
    page, eli = queue.page, by(queue.world.people["eli"])
    rows = "[data-live-rows] [data-row]"
    before = page.locator(f"{rows} .id").all_inner_texts()
    press(page, "j", "j", "x")
    here = current(page)
    taken, left = before[3], before[4]
    operations.take(taken, by=eli)
    operations.escalate(left, from_tier=1, handoff=worlds.HANDOFF, by=eli)
    operations.set_priority(before[5], priority="P0", reason="Board", by=eli)
    operations.create(subject="A new one", requester=queue.world.drew, by=eli)

    refresh(page)
    page.locator("[data-fresh]").get_by_text("1 new").wait_for()

    assert page.locator(f"{rows} .id").all_inner_texts() == before
    assert current(page) == here and page.locator("[data-row].picked").count() == 1
    assert page.evaluate("document.activeElement.closest('[data-row]').classList.contains('cur')")
    for reference in (taken, left):
        row = page.locator(f"[data-row]:has-text('{reference} ')").first
        assert row.evaluate("row => row.classList.contains('gone')"), reference
        assert row.locator(".av").get_attribute("title") == "Eli Engel"
    assert page.locator(f"#row-{before[5][4:]} .p").inner_text() == "P0"

    press(page, ".")
    page.locator(f"{rows}:has-text('A new one')").wait_for()
    after = page.locator(f"{rows} .id").all_inner_texts()
    assert after.index(before[5]) == 0 and left in after  # in its order now; who left stays in sight
    assert page.locator("[data-row].picked").count() == 1


def test_typed_text_survives_a_refresh(queue: SimpleNamespace, by: Callable[..., Any]) -> None:
    page, reference = queue.page, queue.made[0]
    page.goto(f"/tickets/{reference}/")
    press(page, "n")
    page.keyboard.type("Half a sent")
    page.evaluate("document.querySelector('#composer textarea').setSelectionRange(2, 5)")
    operations.reply(reference, body="Somebody else says", public=False, by=by(queue.world.people["eli"]))

    page.evaluate(
        "htmx.ajax('GET', location.pathname + 'live/', {source: '#talk', target: '#talk', swap: 'morph:outerHTML'})"
    )
    page.get_by_text("Somebody else says").wait_for()

    box = page.locator("#composer textarea")
    assert box.input_value() == "Half a sent"
    assert box.evaluate(
        "box => box === document.activeElement && box.selectionStart === 2 && box.selectionEnd === 5"
    )
    assert Entry.objects.count() == 1


def test_a_page_that_hears_nothing_says_so(queue: SimpleNamespace) -> None:
    page = queue.page
    page.route("**/tickets/?*part=rows*", lambda route: route.abort())
    for _ in range(2):
        page.evaluate(
            "htmx.ajax('GET', '?part=rows&view=triage', {source: '#rows', target: '#rows'}).catch(() => 0)"
        )
    page.get_by_text("Not live since").wait_for()
    page.unroute("**/tickets/?*part=rows*")
    refresh(page)
    page.locator("[data-stale]").first.wait_for(state="hidden")
