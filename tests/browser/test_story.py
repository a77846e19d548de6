"""The story in a real browser, short: sign in, triage, reply, hand off, declare, update, restore, problem, change."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from core.common import clock
from core.timers import sweeps
from tests import world as worlds
from tests.world import by
from tickets import operations
from tickets.models import Ticket

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True, reset_sequences=True),
    pytest.mark.slow,
]


# A form lies in a dialog, under a fold, or on the page.
OPEN = """form => {
  const dialog = form.closest('dialog'), fold = form.closest('details');
  if (dialog && !dialog.open) dialog.showModal();
  if (fold) fold.open = true;
}"""


@pytest.fixture
def w(transactional_db: None) -> SimpleNamespace:
    """Casey's new ticket is all there is."""
    found = worlds.ground()
    found.ticket = operations.create(
        subject="Card payments rejected",
        requester=found.casey,
        component=found.gateway,
        by=by(found.people["bot"]),
    )
    found.people["ana"].set_password("a-long-enough-word")
    found.people["ana"].save()
    return found


def test_the_story_in_the_browser(
    w: SimpleNamespace, open_page: Callable[..., Any], login: Callable[[Any, Any], None]
) -> None:
    def seat(name: str) -> Any:
        page = open_page()
        login(page, w.people[name])
        return page

    ana = open_page()
    ana.goto("/tickets/")
    ana.locator("input[name=login]").fill("ana")
    ana.locator("input[name=password]").fill("a-long-enough-word")
    ana.locator("input[name=password]").press("Enter")
    ana.wait_for_url("**/tickets/**")
    ana.goto(f"/tickets/{w.ticket.reference}/")
    send(ana, "take/")
    ana.locator("#composer textarea").fill("We look into it.")
    ana.locator("#composer [data-send]").click()
    ana.get_by_text("We look into it.").first.wait_for()
    ana.goto(f"/tickets/{w.ticket.reference}/?open=escalate")
    fill(ana, "escalate/", summary="Cards fail", business_impact="No sales", tried="Restarted", no_sop=True)
    ana.get_by_text("Escalated.").wait_for()
    assert Ticket.objects.get().tier == 2

    ira = seat("ira")
    ira.goto(f"/incidents/declare/?ticket={w.ticket.reference}")
    ira.locator("main input[name=title]").press("Enter")
    ira.wait_for_url("**/incidents/INC-*/")
    incident = ira.url.rstrip("/").rpartition("/")[2]
    fill(ira, "update/", what="Cards fail everywhere.")
    ira.get_by_text("Cards fail everywhere.").first.wait_for()
    fill(ira, "restore/", body="Cards work again.", severity="SEV2")
    ira.get_by_text("Updates have stopped").wait_for()

    pia = seat("pia")
    pia.goto(f"/problems/from/{incident}/")
    pia.locator("main input[name=title]").press("Enter")
    pia.wait_for_url("**/problems/PRB-*/")
    problem = pia.url.rstrip("/").rpartition("/")[2]
    fill(pia, "root_cause/", category="code", statement="A pool of 40.")
    pia.get_by_text("A pool of 40.").first.wait_for()

    eli = seat("eli")
    eli.goto(f"/changes/new/?problem={problem}")
    eli.locator("main input[name=title]").press("Enter")
    eli.wait_for_url("**/changes/CHG-*/")
    eli.get_by_text("saved as a draft").wait_for()

    sweeps.run_due(
        clock.now() + timedelta(minutes=1)
    )  # a reply can be taken back for some seconds before it leaves
    casey = seat("casey")
    casey.goto(f"/portal/{w.ticket.reference}/")
    casey.get_by_text("We look into it.").first.wait_for()
    assert "Restarted" not in casey.content()


def send(page: Any, verb: str) -> None:
    """Press the button that posts to a verb."""
    page.locator(f'form[action$="{verb}"] button').first.click()
    page.wait_for_load_state()


def fill(page: Any, verb: str, **typed: Any) -> None:
    """Fill in the form of a verb, in its dialog or on the page, and send it as its button would."""
    form = page.locator(f'form[action$="/{verb}"]:has([name={next(iter(typed))}])').first
    if not form.is_visible():
        form.evaluate(OPEN)
    for name, value in typed.items():
        field = form.locator(f"[name={name}]").first
        if value is True:
            field.check()
        elif field.evaluate("field => field.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
    with page.expect_navigation():
        form.evaluate("form => form.requestSubmit()")
