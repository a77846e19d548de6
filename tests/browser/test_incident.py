"""An incident from a phone: declared, updated, restored at 390 px; and the same with script switched off."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from incidents import operations
from incidents.models import Incident
from tests import world as worlds
from tests.browser.conftest import OVERFLOW, PHONE
from tests.world import by

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True, reset_sequences=True),
    pytest.mark.slow,
]


@pytest.fixture
def w(transactional_db: None) -> SimpleNamespace:
    return worlds.ground()


def declare_update_restore(page: Any) -> Incident:
    """By links and buttons alone; answers the incident as it stands then."""
    page.goto("/incidents/")
    page.get_by_role("link", name="Declare incident").click()
    page.locator("main input[name=title]").fill("Card payments fail")
    page.get_by_role("button", name="Declare and acknowledge").click()
    page.wait_for_url("**/incidents/INC-*/")
    page.get_by_role("button", name="Take it: commander").click()
    page.locator(".roles").get_by_text("Ira Ivers").wait_for()
    assert page.evaluate(OVERFLOW) <= 0
    page.locator("#update textarea[name=what]").fill("Cards fail in two of three shops.")
    page.locator("#update textarea[name=affected]").fill("Shops in Ireland.")
    page.locator(".dock").get_by_role("button", name="Send update 2").click()
    page.get_by_text("Update 2 goes to").first.wait_for()
    page.locator(".dock").get_by_role("link", name="Restored").click()
    dialog = page.locator("dialog#restore")
    dialog.locator("textarea[name=body]").fill("Cards work again.")
    dialog.locator("select[name=severity]").select_option("SEV2")
    dialog.get_by_role("button", name="Send “Service restored”").click()
    page.get_by_text("Updates have ended.").first.wait_for()
    assert page.evaluate(OVERFLOW) <= 0
    return Incident.objects.get()


def test_a_phone_declares_updates_and_restores(
    w: SimpleNamespace, open_page: Callable[..., Any], login: Callable[[Any, Any], None]
) -> None:
    page = open_page(PHONE, touch=True)
    login(page, w.people["ira"])

    incident = declare_update_restore(page)

    assert (incident.status, incident.severity, incident.update_count) == ("restored", "SEV2", 3)


def test_all_of_it_works_without_script(
    w: SimpleNamespace, open_page: Callable[..., Any], login: Callable[[Any, Any], None]
) -> None:
    page = open_page(PHONE, script=False)
    login(page, w.people["ira"])

    page.goto("/incidents/")
    page.get_by_role("link", name="Declare incident").click()
    page.locator("main input[name=title]").fill("Card payments fail")
    page.get_by_role("button", name="Declare and acknowledge").click()
    page.get_by_role("button", name="Take it: commander").click()
    page.get_by_role("link", name="Hand over: commander").click()
    dialog = page.locator("dialog#hand_over")
    dialog.locator("select[name=to]").select_option("eli")
    dialog.locator("textarea[name=note]").fill("Yours now.")
    dialog.get_by_role("button", name="Hand over and tell them").click()
    page.locator(".roles").get_by_text("Eli Engel").wait_for()
    page.locator("#update textarea[name=what]").fill("Cards fail in two of three shops.")
    page.locator("#update textarea[name=affected]").fill("Shops in Ireland.")
    page.locator(".dock").get_by_role("button", name="Send update 2").click()
    page.locator(".dock").get_by_role("link", name="Restored").click()
    restore = page.locator("dialog#restore")
    restore.locator("select[name=severity]").select_option("SEV2")
    restore.get_by_role("button", name="Send “Service restored”").click()
    page.get_by_text("Updates have ended.").first.wait_for()

    incident = Incident.objects.get()
    assert (incident.status, incident.commander, incident.update_count) == ("restored", w.people["eli"], 3)


def test_the_timeline_is_morphed_and_the_hand_stays(
    w: SimpleNamespace, open_page: Callable[..., Any], login: Callable[[Any, Any], None]
) -> None:
    """A poll brings the new line; the rows that were there are the same nodes, and the focus stays where it was."""
    ira = by(w.people["ira"])
    incident = operations.declare(title="Card payments fail", applications=[w.payments], by=ira)
    page = open_page()
    login(page, w.people["max"])
    page.goto(f"/incidents/{incident.reference}/")
    page.locator("#entry_body").fill("Half a thought")
    page.evaluate("() => { for (const row of document.querySelectorAll('#story li')) row.seen = true; }")
    before = page.locator("#story li").count()

    operations.add_entry(incident.reference, body="Node 3 is out", by=by(w.people["eli"]))
    page.get_by_text("Node 3 is out").wait_for(timeout=25_000)

    kept = page.evaluate("() => [...document.querySelectorAll('#story li')].filter(row => row.seen).length")
    assert kept == before
    assert page.evaluate("document.activeElement.id") == "entry_body"
    assert page.locator("#entry_body").input_value() == "Half a thought"


def test_the_page_with_everything_on_it_fits_and_reads_aloud(
    w: SimpleNamespace, open_page: Callable[..., Any], login: Callable[[Any, Any], None], axe: Any
) -> None:
    ira = by(w.people["ira"])
    incident = operations.declare(title="Card payments fail", applications=[w.payments], drill=True, by=ira)
    ref = incident.reference
    operations.take_role(ref, role="commander", by=ira)
    operations.hand_over(ref, role="commander", to=w.people["eli"], note="A long note " * 20, by=ira)
    operations.edit(ref, changes={"bridge_url": "https://meet.example/" + "x" * 200}, by=ira)
    part = operations.declare(title="Part", drill=True, by=ira)
    operations.set_parent(part.reference, parent=ref, by=ira)
    for size in (PHONE, {"width": 1440, "height": 900}):
        page = open_page(size)
        login(page, w.people["ira"])
        page.goto(f"/incidents/{ref}/?open=holdings")
        page.get_by_text("Exercise.").first.wait_for()
        assert page.evaluate(OVERFLOW) <= 0, size
        assert axe(page) == [], size


def test_an_external_wording_is_written_on_a_phone_and_its_draft_survives(
    w: SimpleNamespace, open_page: Callable[..., Any], login: Callable[[Any, Any], None]
) -> None:
    incident = operations.declare(title="Card payments fail", by=by(w.people["ira"]))
    page = open_page(PHONE, touch=True)
    login(page, w.people["ira"])
    page.goto(f"/incidents/{incident.reference}/")
    page.locator("#update textarea[name=what]").fill("Node 3 is out.")
    page.locator("#update textarea[name=affected]").fill("Shops in Ireland.")
    phone = page.locator("[data-phone=external]")
    page.locator("[data-reader=external] > summary").click()
    assert phone.locator("dd[data-part=what]").inner_text() == "Node 3 is out."  # for want of an own wording
    page.locator('#update textarea[name="wordings.external.what"]').fill("Some card payments fail.")
    assert phone.locator("dd[data-part=what]").inner_text() == "Some card payments fail."
    assert page.evaluate(OVERFLOW) <= 0
    page.get_by_text("Draft saved").wait_for(timeout=15_000)

    page.reload()
    assert (
        page.locator('#update textarea[name="wordings.external.what"]').input_value()
        == "Some card payments fail."
    )
    other = open_page(PHONE, script=False)  # another browser, and one without script
    login(other, w.people["ira"])
    other.goto(f"/incidents/{incident.reference}/")
    assert other.locator("#update textarea[name=what]").input_value() == "Node 3 is out."
    assert (
        other.locator('#update textarea[name="wordings.external.what"]').input_value()
        == "Some card payments fail."
    )
    other.locator("[data-reader=external] > summary").click()
    other.locator('#update textarea[name="wordings.external.doing"]').fill("We are on it.")
    other.get_by_role("button", name="Keep draft").click()
    other.get_by_text("The draft is kept.").wait_for()
    other.locator(".dock").get_by_role("button", name="Send update 2").click()
    other.get_by_text("Update 2 goes to").first.wait_for()

    update = incident.updates.get(number=2)
    assert (update.what, update.wrote_for("external")["doing"]) == ("Node 3 is out.", "We are on it.")
