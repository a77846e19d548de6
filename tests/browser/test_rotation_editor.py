"""The rotation editor in a real browser: with script it follows what is typed, without it does the same by buttons."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.escalation.conftest import house, noon  # noqa: F401 - fixtures

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
ORDER = "elements => elements.map(element => element.value)"


@pytest.fixture
def editor(open_page: Callable[..., Any], login: Callable[[Any, Any], None], house: Any) -> Any:  # noqa: F811
    page = open_page()
    login(page, house.max)
    page.goto(f"/on-call/payments/rotations/{house.rotation.pk}/")
    return page


def test_moving_and_adding_people_keeps_the_focus_and_the_preview_follows(editor: Any, axe: Any) -> None:
    preview = editor.locator("#preview")
    editor.get_by_label("Name").fill("Weekdays")  # typed text outside of the moved part stays
    editor.get_by_label("Name").press("Tab")
    preview.get_by_text("Nobody: who is on call stays the same.").wait_for()
    editor.get_by_label("One more").select_option("ira")
    preview.get_by_text("Ira Ivers").first.wait_for()  # chosen is taken in, before Add is pressed
    editor.get_by_role("button", name="Add", exact=True).click()
    editor.locator("#up-2").wait_for()
    editor.locator("#up-2").focus()
    editor.keyboard.press("Enter")
    editor.locator("#down-1[aria-label='Move Ira Ivers down']").wait_for()
    editor.locator("#up-1:focus").wait_for()  # the focus follows once the new part has settled
    assert editor.eval_on_selector_all("[name=people]", ORDER) == ["eli", "ira", "lea"]
    assert editor.get_by_label("Name").input_value() == "Weekdays"
    editor.get_by_role("button", name="Take Eli Engel out").click()
    preview.get_by_text("hands over to").wait_for()
    assert axe(editor) == []


def test_enter_in_a_field_shows_the_preview_and_saves_nothing(editor: Any) -> None:
    editor.get_by_label("Name").press("Enter")
    editor.locator("#preview").get_by_text("Nobody: who is on call stays the same.").wait_for()
    assert "/rotations/" in editor.url and editor.get_by_role("button", name="Save rotation").is_visible()
