"""Attaching files on a ticket by hand: dropped by Chromium's own drag, pasted from its own clipboard."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.files.models import StoredFile
from tests import world as worlds
from tickets import operations
from tickets.models import Entry

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
COPY = f"""async () => {{
    const bytes = Uint8Array.from(atob("{PIXEL}"), (letter) => letter.charCodeAt(0));
    await navigator.clipboard.write([new ClipboardItem({{"image/png": new Blob([bytes], {{type: "image/png"}})}})]);
}}"""
MB = 1024 * 1024

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def page(visit: Callable[..., Any]) -> Any:
    world = worlds.ground()
    made = operations.create(subject="Logs", requester=world.casey, by=worlds.by(world.people["ana"]))
    page = visit(world.people["ana"], f"/tickets/{made.reference}/")
    page.keyboard.press("n")
    page.keyboard.type("See the log")
    return page


@pytest.fixture
def on_disk(tmp_path: Path) -> Callable[..., str]:
    def make(name: str, content: bytes = b"x", size: int = 0) -> str:
        path = tmp_path / name
        with path.open("wb") as file:
            file.write(content)
            if size:
                file.truncate(size)
        return str(path)

    return make


def drop(page: Any, *paths: str, on: str = "#composer") -> None:
    """As a hand would: the browser itself carries the files over the page and lets go."""
    place = page.locator(on).bounding_box()
    session = page.context.new_cdp_session(page)
    for kind in ("dragEnter", "dragOver", "drop"):
        session.send(
            "Input.dispatchDragEvent",
            {
                "type": kind, "x": place["x"] + place["width"] / 2, "y": place["y"] + place["height"] / 2,
                "data": {"items": [], "files": list(paths), "dragOperationsMask": 1},
            },
        )  # fmt: skip
        if kind == "dragOver":
            page.locator("#composer.over").wait_for()
    session.detach()


def typed(page: Any) -> str:
    return str(page.get_by_role("textbox", name="Message").input_value())


def names() -> list[str]:
    return list(StoredFile.objects.order_by("name").values_list("name", flat=True))


def test_dropped_files_go_with_the_message_wherever_they_were_dropped(
    page: Any, on_disk: Callable[..., str], picture: Callable[[Any], None]
) -> None:
    drop(page, on_disk("one.log"), on_disk("two.log"))
    drop(page, on_disk("three.log"), on="h1")  # beside the box: the page stays, the file comes along
    for name in ("one.log", "two.log", "three.log"):
        page.get_by_role("button", name=f"Remove {name}").wait_for()
    picture(page)
    page.get_by_role("button", name="Remove two.log").click()
    page.keyboard.press("Control+Enter")
    page.get_by_role("link", name="three.log").wait_for()
    assert names() == ["one.log", "three.log"]
    assert Entry.objects.get().body == "See the log"


def test_a_picture_is_pasted_and_text_stays_text(page: Any) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate(COPY)
    page.keyboard.press("Control+v")
    page.get_by_role("button", name="Remove image.png").wait_for()
    page.evaluate("() => navigator.clipboard.writeText(', line 7')")
    page.keyboard.press("Control+v")
    assert typed(page) == "See the log, line 7"
    page.keyboard.press("Control+Enter")
    page.get_by_role("link", name="image.png").wait_for()
    assert base64.b64decode(PIXEL)[:4] == b"\x89PNG"
    assert StoredFile.objects.get().content_type == "image/png"


def test_what_is_too_large_or_runs_is_refused_at_once_and_the_rest_goes(
    page: Any, on_disk: Callable[..., str], picture: Callable[[Any], None]
) -> None:
    drop(page, on_disk("dump.bin", size=26 * MB), on_disk("fix.exe"), on_disk("one.log"))
    page.get_by_text(
        "dump.bin has 26 MB; a file may have at most 25 MB. Send a link to it instead."
    ).wait_for()
    page.get_by_text("fix.exe ends in .exe, which runs when it is opened, so it is not taken.").wait_for()
    picture(page)
    assert typed(page) == "See the log"
    page.keyboard.press("Control+Enter")
    page.get_by_role("link", name="one.log").wait_for()
    assert names() == ["one.log"]


def test_what_the_server_finds_out_it_says_and_the_text_is_kept(
    page: Any, on_disk: Callable[..., str], picture: Callable[[Any], None]
) -> None:
    drop(page, on_disk("notes.txt", b"MZ\x90\x00"))  # its bytes are a program's, whatever its name says
    page.keyboard.press("Control+Enter")
    page.get_by_text("notes.txt is a Windows program, so it is not taken.").wait_for()
    page.get_by_text("Choose your files again").wait_for()
    picture(page)
    assert typed(page) == "See the log"
    assert page.get_by_role("radio", name="Internal note").is_checked()
    assert Entry.objects.count() == 0 and names() == []
    page.keyboard.press("Control+Enter")
    page.get_by_text("Note added.").wait_for()
