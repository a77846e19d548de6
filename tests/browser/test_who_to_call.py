"""Who to call in a real browser: the number is two taps away on a phone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from escalation import operations
from tests.escalation.conftest import house, noon  # noqa: F401 - fixtures

NARROW = {"width": 375, "height": 800}

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def shown(open_page: Callable[..., Any], login: Callable[[Any, Any], None], house: Any) -> Callable[..., Any]:  # noqa: F811
    def show(path: str, *args: Any, **kwargs: Any) -> Any:
        page = open_page(*args, **kwargs)
        login(page, house.ana)
        page.goto(path)
        return page

    return show


@pytest.mark.parametrize("dark", [False, True], ids=["day", "night"])
@pytest.mark.parametrize("size", [None, NARROW], ids=["desk", "phone"])
@pytest.mark.parametrize(
    "path", ["/on-call/?q=settlement+file", "/on-call/?q=lea", "/on-call/", "/on-call/payments/"]
)
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


def test_two_taps_on_a_phone_reach_the_number(shown: Callable[..., Any]) -> None:
    page = shown("/on-call/payments/", NARROW)
    page.locator(".mtab").get_by_text("Who to call").click()
    call = page.get_by_role("link", name="Call Eli Engel")
    assert call.get_attribute("href") == "tel:+442055500101"
    box = call.bounding_box()
    assert box["height"] >= 40 and box["y"] < NARROW["height"]


def test_from_the_search_box_to_the_number_in_two_taps(shown: Callable[..., Any]) -> None:
    """Tap the box (or open the page, which focuses it), type what is broken, tap the green button."""
    page = shown("/on-call/people/", NARROW, touch=True)
    page.locator(".mtab").get_by_text("Who to call").tap()
    page.wait_for_url("**/on-call/")
    assert page.evaluate("document.activeElement.id") == "q"
    page.keyboard.type("settlement file")
    call = page.get_by_role("link", name="+44 20 5550 0101")
    call.wait_for()
    box = call.bounding_box()
    assert call.get_attribute("href") == "tel:+442055500101"
    assert box["height"] >= 44 and box["width"] > 250
    assert box["y"] + box["height"] < NARROW["height"] - 56  # in sight, above the tab bar
    page.evaluate(
        "addEventListener('click', (e) => { window.dialled = e.target.closest('a').href; e.preventDefault(); })"
    )
    call.tap()
    assert page.evaluate("window.dialled") == "tel:+442055500101"


def test_nobody_on_call_is_said_in_red_with_the_next_number_below(
    shown: Callable[..., Any],
    house: Any,  # noqa: F811
    picture: Callable[[Any], None],
    axe: Callable[[Any], list[str]],
) -> None:
    monday = [{"weekdays": [0], "from": "09:00", "to": "10:00"}]
    operations.edit_rotation(house.rotation.pk, changes={"restrictions": monday}, by=house.admin)
    page = shown("/on-call/?q=settlement", NARROW, dark=True)
    picture(page)
    assert page.get_by_text("Nobody is on call", exact=True).is_visible()
    assert page.get_by_role("link", name="Call Ira Ivers, +44 20 5550 0103").is_visible()
    assert axe(page) == []


def test_typing_finds_while_the_box_keeps_the_focus(shown: Callable[..., Any]) -> None:
    page = shown("/on-call/")
    assert page.evaluate("document.activeElement.id") == "q"
    page.keyboard.type("settlement")
    page.get_by_role("link", name="+44 20 5550 0101").wait_for()
    assert page.evaluate("document.activeElement.id") == "q"
    assert page.url.endswith("?q=settlement")


def test_without_script_enter_asks(shown: Callable[..., Any]) -> None:
    page = shown("/on-call/", script=False)
    page.locator("#q").fill("network")
    with page.expect_navigation():
        page.locator("#q").press("Enter")
    assert page.get_by_role("link", name="+44 20 5550 0900").is_visible()
