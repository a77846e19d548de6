"""Chromium for the tests that look at pages: sign in, ask axe, notice what the security policy blocks."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

playwright_api = pytest.importorskip(
    "playwright.sync_api", reason="needs playwright: install requirements-browser.lock"
)
axe_sync = pytest.importorskip(
    "axe_playwright_python.sync_playwright", reason="needs axe: install requirements-browser.lock"
)

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NAMES = ("chromium", "chromium-browser", "google-chrome")
DESKTOP, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
SERIOUS = {"serious", "critical"}

OVERFLOW = "() => document.documentElement.scrollWidth - innerWidth"


@pytest.fixture(scope="session", autouse=True)
def _database_from_the_event_loop() -> Iterator[None]:
    """Playwright's sync API runs an event loop in this thread, in which Django would refuse the database."""
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    yield
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if not found:
        pytest.skip("needs Chromium, which is not installed here")
    with playwright_api.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=found, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def desk(live_server: Any) -> str:
    """The address of a running desk (threads share the test's database)."""
    return str(live_server.url)


@pytest.fixture
def open_page(chromium: Any, desk: str) -> Iterator[Callable[..., Any]]:
    """`open_page(width=..., dark=True, script=False, touch=True)`: a fresh browser context.

    A script error or something that the security policy blocked fails the test at its end.
    """
    contexts: list[Any] = []
    complaints: list[str] = []

    def make(
        size: dict[str, int] | None = None, *, dark: bool = False, script: bool = True, touch: bool = False
    ) -> Any:
        context = chromium.new_context(
            base_url=desk,
            viewport=size or DESKTOP,
            color_scheme="dark" if dark else "light",
            java_script_enabled=script,
            has_touch=touch,
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: _listen(said, complaints))
        return page

    yield make
    for context in contexts:
        for left in context.pages:  # closed in the middle of a navigation, Chromium may never answer
            left.goto("about:blank")
        context.close()
    assert complaints == []


def _listen(said: Any, complaints: list[str]) -> None:
    if said.type == "error" and "Content Security Policy" in said.text:
        complaints.append(said.text)


@pytest.fixture
def page(open_page: Callable[..., Any]) -> Any:
    return open_page()


@pytest.fixture
def login(desk: str, client: Client) -> Callable[[Any, Any], None]:
    """`login(page, ana)`: hand the page a session of that user, as if they had signed in."""

    def enter(page: Any, user: Any) -> None:
        client.force_login(user)
        page.context.add_cookies(
            [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": desk}]
        )

    return enter


@pytest.fixture
def visit(open_page: Callable[..., Any], desk: str) -> Callable[..., Any]:
    """`visit(ana, "/tickets/")`: a browser of that user's own at the page; several people stay signed in at once.

    `clock=True` lets a test turn time forward: `pass_time(page, 10)`.
    """

    def enter(user: Any, path: str, *args: Any, clock: bool = False, **kwargs: Any) -> Any:
        page, client = open_page(*args, **kwargs), Client()
        client.force_login(user)
        page.context.add_cookies(
            [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": desk}]
        )
        if clock:
            page.clock.install()
        page.goto(path)
        return page

    return enter


def pass_time(page: Any, seconds: int) -> None:
    """Let the page's own time pass, so that what it does every so often happens now."""
    page.clock.fast_forward(seconds * 1000)


@pytest.fixture
def axe() -> Callable[[Any], list[str]]:
    """`axe(page)`: the serious and critical findings, each as rule and place; [] is what a page must have."""

    def look(page: Any) -> list[str]:
        result = axe_sync.Axe().run(page).response
        return [
            f"{finding['id']}: {node['html'][:120]}"
            for finding in result["violations"]
            if finding["impact"] in SERIOUS
            for node in finding["nodes"]
        ]

    return look


@pytest.fixture
def overflow() -> Callable[[Any], int]:
    """`overflow(page)`: pixels by which the page scrolls sideways; 0 is what a page must have."""
    return lambda page: int(page.evaluate(OVERFLOW))


@pytest.fixture
def picture(request: pytest.FixtureRequest) -> Callable[[Any], None]:
    """`picture(page)`: kept under PICTURES_DIR where that is set, for people to look at."""

    def take(page: Any) -> None:
        if folder := os.environ.get("PICTURES_DIR"):
            page.screenshot(path=Path(folder) / f"{request.node.name}.png", caret="initial")

    return take
