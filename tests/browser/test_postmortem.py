"""After an incident, from a phone: assess, write, publish, hand out an action, close; and the same without script."""

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
    found = worlds.ground()
    ira = by(found.people["ira"])
    made = operations.declare(
        title="Card payments fail", severity="SEV2", applications=[found.payments], by=ira
    )
    operations.add_entry(made.reference, body="Node 3 is out", by=ira)
    operations.add_entry(made.reference, body="W" * 300, kind="decision", by=ira)
    operations.declare_restored(made.reference, body="Works", by=ira)
    found.incident = made
    return found


@pytest.mark.parametrize("script", [True, False])
def test_written_published_and_closed_on_a_phone(
    script: bool, w: SimpleNamespace, open_page: Callable[..., Any], login: Callable[[Any, Any], None]
) -> None:
    page = open_page(PHONE, touch=script, script=script)
    login(page, w.people["ira"])

    page.goto(f"/incidents/{w.incident.reference}/")
    page.get_by_role("button", name="Close incident").locator("visible=true").click()
    page.get_by_text("cannot be closed yet").wait_for()
    page.get_by_role("link", name="assess its impact").click()
    page.get_by_label("Share of users in %").fill("30")
    assert page.evaluate(OVERFLOW) <= 0
    page.get_by_role("button", name="What it comes to").click()
    page.locator("#preview").get_by_text("at 30 % of users").wait_for()
    page.get_by_role("button", name="One more interval").click()
    assert page.get_by_label("Share of users in %").first.input_value() == "30"
    page.get_by_role("button", name="Save the impact").click()

    page.locator("#afterwards").get_by_role("link", name="Post-mortem", exact=True).click()
    page.get_by_role("button", name="Begin the post-mortem").click()
    page.get_by_role("link", name="Edit the text").click()
    page.get_by_label("Executive summary").fill("Cards failed for a short while.")
    page.get_by_label("Root cause").fill("The pool ran dry.")
    page.get_by_label("Node 3 is out").check()
    assert page.evaluate(OVERFLOW) <= 0
    page.get_by_role("button", name="Save").click()
    assert page.get_by_text("W" * 20).count() == 0  # only the marked line is in it
    page.get_by_role("button", name="Publish").click()
    page.get_by_text("its facts are those of then").wait_for()
    page.get_by_text("Add a follow-up action").click()
    page.get_by_label("What is to be done").fill("Alert on the pool")
    page.get_by_label("By", exact=True).fill("2030-01-07")
    page.get_by_role("button", name="Hand it out").click()
    page.locator("#actions").get_by_role("link", name="Alert on the pool").wait_for()
    assert page.evaluate(OVERFLOW) <= 0

    page.goto(f"/incidents/{w.incident.reference}/")
    page.get_by_role("button", name="Close incident").locator("visible=true").click()
    page.wait_for_load_state()
    assert Incident.objects.get().status == "closed"


def test_it_prints_as_a_document_and_reads_aloud(
    w: SimpleNamespace, open_page: Callable[..., Any], login: Callable[[Any, Any], None], axe: Any
) -> None:
    ref, ira = w.incident.reference, by(w.people["ira"])
    operations.begin_postmortem(ref, by=ira)
    text = {"summary": "Cards failed.", "root_cause": "é" * 4_000}
    operations.edit_postmortem(ref, changes=text, by=ira)
    for dark in (False, True):
        page = open_page(dark=dark)
        login(page, w.people["ira"])
        for path in ("postmortem/", "postmortem/edit/", "impact/", ""):
            page.goto(f"/incidents/{ref}/{path}")
            assert axe(page) == []
            assert page.evaluate(OVERFLOW) <= 0
        page.goto("/incidents/postmortems/")
        assert axe(page) == []

    page.goto(f"/incidents/{ref}/postmortem/")
    assert page.get_by_role("button", name="Publish").is_visible()
    page.emulate_media(media="print")
    assert not page.get_by_role("button", name="Publish").is_visible()
    assert not page.get_by_text("Add a follow-up action").is_visible()
    assert page.get_by_role("heading", name="Timeline").is_visible()
    assert page.evaluate(OVERFLOW) <= 0
