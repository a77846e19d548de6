"""Take pictures of every page of a running desk: 1440 and 390 pixels wide, light and dark.

    python scripts/pictures.py var/pictures --base http://127.0.0.1:8000 --password ...
    python scripts/pictures.py docs/pictures --only queue incident --width 1440 --theme light

Signs in as each demo person once. Needs playwright (requirements-browser.lock) and Chromium. Files are
called NAME-WIDTH-THEME.png. Prints what went wrong with a page (status, script error, blocked by policy)
and ends with 1 then.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from playwright.sync_api import Browser, Page, sync_playwright

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
]
FLAGS += ["--disable-component-update", "--disable-sync", "--hide-scrollbars", "--font-render-hinting=none"]
HEIGHTS = {1440: 900, 390: 844}
THEMES = ("light", "dark")


class Shot(NamedTuple):
    """A page to take: the name of its file, its address, who looks at it ("" for nobody)."""

    name: str
    path: str
    user: str


PAGES = [
    Shot("login", "/accounts/login/", ""),
    Shot("queue", "/tickets/", "ana"),
    Shot("ticket", "/tickets/TKT-11/", "ana"),
    Shot("new", "/tickets/new/", "ana"),
    Shot("incidents", "/incidents/", "ira"),
    Shot("declare", "/incidents/declare/", "ira"),
    Shot("incident", "/incidents/INC-2/", "ira"),
    Shot("oncall", "/on-call/", "ana"),
    Shot("problems", "/problems/", "pia"),
    Shot("problem", "/problems/PRB-1/", "pia"),
    Shot("changes", "/changes/", "cho"),
    Shot("change", "/changes/CHG-1/", "cho"),
    Shot("new-change", "/changes/new/", "cho"),
    Shot("dashboard", "/dashboard/", "max"),
    Shot("search", "/search/?q=card", "ana"),
    Shot("my-work", "/my/", "ana"),
    Shot("save-view", "/tickets/views/new/?view=triage", "ana"),
    Shot("profile", "/accounts/profile/", "ana"),
    Shot("portal", "/portal/", "casey"),
    Shot("portal-new", "/portal/new/", "casey"),
    Shot("not-found", "/nothing-here/", "ana"),
]


def sign_in(browser: Browser, base: str, user: str, password: str) -> Any:
    """The session of a demo person, as Playwright keeps it."""
    context = browser.new_context(base_url=base)
    page = context.new_page()
    page.goto("/accounts/login/")
    page.fill("[name=login]", user)
    page.fill("[name=password]", password)
    page.click("main button.pri")
    page.wait_for_load_state()
    if "/accounts/login/" in page.url:
        raise SystemExit(f"{user} could not sign in at {base}: is the password right (--password)?")
    state = context.storage_state()
    context.close()
    return state


def take(page: Page, shot: Shot, target: Path) -> list[str]:
    """One picture; what was wrong with the page, in words."""
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(f"script: {error}"))
    page.on(
        "console", lambda said: wrong.append(said.text) if "Content Security Policy" in said.text else None
    )
    response = page.goto(shot.path, wait_until="load")
    status = response.status if response else 0
    if status >= 400 and shot.name != "not-found":
        wrong.append(f"answered {status}")
    over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    if over > 0:
        wrong.append(f"scrolls sideways by {over} px")
    page.screenshot(path=target)
    return [f"{target.stem}: {sentence}" for sentence in wrong]


def main(arguments: Sequence[str]) -> int:
    """Take the pictures that were asked for; 0 when every page was in order."""
    parser = argparse.ArgumentParser(description="Take pictures of every page of a running desk.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--base", default=os.environ.get("BASE_URL", "http://127.0.0.1:8000"))
    parser.add_argument("--password", default=os.environ.get("DEMO_PASSWORD", ""))
    parser.add_argument("--only", nargs="*", help="names of pages", choices=[shot.name for shot in PAGES])
    parser.add_argument("--width", type=int, nargs="*", default=list(HEIGHTS), choices=list(HEIGHTS))
    parser.add_argument("--theme", nargs="*", default=list(THEMES), choices=THEMES)
    asked = parser.parse_args(arguments)
    chromium = next(
        (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))),
        None,
    )
    if not chromium:
        raise SystemExit("Needs Chromium: apt-get install chromium")
    asked.folder.mkdir(parents=True, exist_ok=True)
    shots = [shot for shot in PAGES if not asked.only or shot.name in asked.only]
    wrong: list[str] = []
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=FLAGS)
        people = {shot.user for shot in shots if shot.user}
        states = {user: sign_in(browser, asked.base, user, asked.password) for user in sorted(people)}
        for width in asked.width:
            for theme in asked.theme:
                for shot in shots:
                    context = browser.new_context(
                        base_url=asked.base,
                        viewport={"width": width, "height": HEIGHTS[width]},
                        color_scheme=theme,
                        storage_state=states.get(shot.user),
                    )
                    wrong += take(context.new_page(), shot, asked.folder / f"{shot.name}-{width}-{theme}.png")
                    context.close()
        browser.close()
    sys.stdout.write("".join(f"{sentence}\n" for sentence in wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
