"""The shell and the parts in a real browser, under the strict policy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

PHONE = {"width": 390, "height": 844}
NARROW = {"width": 375, "height": 800}

pytestmark = [
    pytest.mark.browser,
    pytest.mark.urls("tests.servicedesk.gallery"),
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture
def gallery(open_page: Callable[..., Any], login: Callable[[Any, Any], None], ana: Any) -> Callable[..., Any]:
    def show(*args: Any, query: str = "", **kwargs: Any) -> Any:
        page = open_page(*args, **kwargs)
        login(page, ana)
        page.goto(f"/gallery/{query}")
        return page

    return show


@pytest.mark.parametrize("dark", [False, True], ids=["day", "night"])
@pytest.mark.parametrize("size", [None, PHONE], ids=["desk", "phone"])
def test_nothing_serious_for_axe(
    gallery: Callable[..., Any], axe: Callable[[Any], list[str]], size: Any, dark: bool
) -> None:
    assert axe(gallery(size, dark=dark)) == []


def test_nothing_scrolls_sideways_on_a_phone(
    gallery: Callable[..., Any], overflow: Callable[[Any], int]
) -> None:
    assert overflow(gallery(NARROW)) == 0


def test_the_chosen_theme_stays_and_never_flashes(gallery: Callable[..., Any]) -> None:
    page = gallery()
    page.locator(".side [data-theme-toggle]").click()
    page.reload(wait_until="commit")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_keys_move_pick_and_open(gallery: Callable[..., Any]) -> None:
    page = gallery()
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("x")
    assert page.locator("[data-row].cur").get_attribute("id") == "row-1"
    assert page.locator("[data-row].picked").count() == 1
    assert page.locator(".bulk .cnt").inner_text() == "1 selected"
    page.keyboard.press("e")
    assert page.locator("dialog#esc").is_visible()
    assert page.evaluate("document.querySelector('#esc').matches(':modal')")


def test_keys_are_silent_in_fields_and_when_switched_off(gallery: Callable[..., Any]) -> None:
    page = gallery()
    page.locator("#id_title").press("e")
    assert not page.locator("dialog#esc").is_visible()
    page.evaluate("document.activeElement.blur(); document.documentElement.dataset.shortcuts = 'off'")
    page.keyboard.press("e")
    assert not page.locator("dialog#esc").is_visible()


def test_enter_in_a_dialog_sends_and_keep_only_closes(gallery: Callable[..., Any]) -> None:
    page = gallery()
    page.get_by_role("link", name="Escalate").click()
    page.locator("#esc").get_by_role("button", name="Keep at L2").click()
    assert not page.locator("dialog#esc").is_visible()
    page.get_by_role("link", name="Escalate").click()
    with page.expect_request(lambda sent: sent.method == "POST"):
        page.locator("#esc input[name=needs]").press("Enter")


def test_the_palette_offers_what_the_page_can_do(gallery: Callable[..., Any]) -> None:
    page = gallery()
    page.keyboard.press("Control+k")
    page.keyboard.type("escal")
    assert page.locator('#pal [aria-selected="true"]').inner_text().startswith("Escalate")
    page.keyboard.press("Enter")
    assert page.locator("dialog#esc").is_visible()
    assert not page.locator("dialog#pal").is_visible()


def test_the_composer_says_who_will_read_it(gallery: Callable[..., Any]) -> None:
    page = gallery()
    composer = page.locator("#composer")
    assert composer.locator("[data-send]").inner_text() == "Send to customer"
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("n")
    assert composer.locator("[data-send]").inner_text() == "Add internal note"
    assert composer.get_by_text("Only staff can read this").is_visible()


def test_a_draft_survives_a_reload_and_leaves_with_the_person(gallery: Callable[..., Any]) -> None:
    page = gallery()
    page.locator("#composer textarea").fill("Retries work on two nodes.")
    page.reload()
    assert page.locator("#composer textarea").input_value() == "Retries work on two nodes."
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/accounts/login/**")
    assert page.evaluate("Object.keys(localStorage).filter(k => k.startsWith('draft:'))") == []


def test_clocks_tick_by_the_servers_time(gallery: Callable[..., Any]) -> None:
    page = gallery()
    text = page.locator(".count .big").nth(1)
    before = text.inner_text()
    page.wait_for_function(
        "before => document.querySelectorAll('.count .big')[1].innerText !== before", arg=before
    )
    assert text.inner_text().startswith("4:0")


def test_without_script_a_dialog_opens_by_its_link(gallery: Callable[..., Any]) -> None:
    page = gallery(script=False)
    page.get_by_role("link", name="Escalate").click()
    assert page.locator("dialog#esc").is_visible()
    page.locator("#esc").get_by_role("button", name="Keep at L2").click()
    assert not page.locator("dialog#esc").is_visible()


@pytest.mark.parametrize(
    ("status", "words"), [(200, "New words"), (409, "New words"), (204, "Old words"), (500, "Old words")]
)
def test_fragments_are_swapped_under_the_policy(gallery: Callable[..., Any], status: int, words: str) -> None:
    page = gallery()
    with page.expect_response(f"**/gallery/part/{status}/"):
        page.get_by_role("button", name=f"Load {status}").click()
    page.locator(".toasts").get_by_text("Saved.").wait_for()
    assert page.locator("#fragment").inner_text() == words
    assert page.evaluate("[htmx.config.allowEval, htmx.config.includeIndicatorStyles]") == [False, False]


def test_the_menu_opens_on_a_phone_without_script(gallery: Callable[..., Any]) -> None:
    page = gallery(PHONE, script=False)
    assert not page.locator("#menu").is_visible()
    page.get_by_role("link", name="More").click()
    assert page.locator("#menu").is_visible()
    page.get_by_role("link", name="Close the menu").click()
    assert not page.locator("#menu").is_visible()


@pytest.mark.parametrize("dark", [False, True], ids=["day", "night"])
def test_sign_in_is_clean(
    open_page: Callable[..., Any], axe: Callable[[Any], list[str]], picture: Callable[[Any], None], dark: bool
) -> None:
    page = open_page(PHONE, dark=dark)
    page.goto("/accounts/login/")
    assert axe(page) == []
    picture(page)
