"""The look holds its own rules: contrast, one place for colours, nothing inline, no class without a meaning."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest

from servicedesk.navigation import ENTRIES

ROOT = Path(__file__).parents[2]
CSS, TEMPLATES = ROOT / "static" / "css", ROOT / "templates"
SHEETS = ["base.css", "components.css", "pages.css", "lanes.css", "service_levels.css", "status.css"]
DAY, NIGHT = 0, 1

SURFACES = ["bg", "sunken", "surface", "raised", "hover"]
STATES = ["red", "amber", "green", "violet"]
TEXT = (
    [(text, back) for text in ("text", "text-2", "text-3") for back in [*SURFACES, "accent-soft", "note"]]
    + [(text, f"{state}-soft") for text in ("text", "text-2") for state in STATES]
    + [
        (f"{s}-text", back)
        for s in STATES
        for back in (f"{s}-soft", "surface", "sunken", "hover", "raised", "bg")
    ]
    + [("accent-text", back) for back in [*SURFACES, "note", "amber-soft", "accent-soft"]]
    + [("on-fill", fill) for fill in ("accent", "accent-up", "red", "green-fill")]
    + [("amber-text", "note"), ("on-amber", "amber"), ("text-3", "amber-soft"), ("text-3", "red-soft")]
    + [("red-text", "accent-soft"), ("amber-text", "accent-soft")]
)
SHAPES = (
    [("line-strong", back) for back in ("surface", "sunken", "raised")]
    + [("accent-text", back) for back in SURFACES]
    + [
        (mark, back)
        for mark in ("red-line", "amber-line", "green-line", "violet", "grey", "note-edge")
        for back in ("surface", "sunken")
    ]
    + [("amber-line", "amber-soft"), ("red-line", "red-soft"), ("t2", "surface"), ("t3", "surface")]
    + [("on-fill", "green"), ("on-fill", "violet")]
)

Colour = tuple[float, float, float]


def tokens() -> dict[str, tuple[Colour, Colour]]:
    """Every plain colour token as its day and night value."""
    text = (CSS / "tokens.css").read_text()
    found: dict[str, tuple[Colour, Colour]] = {}
    for name, day, night in re.findall(r"--([\w-]+):\s*light-dark\((#\w{6}),\s*(#\w{6})\)", text):
        found.setdefault(name, (rgb(day), rgb(night)))
    for name, value in re.findall(r"--([\w-]+):\s*(#\w{6});", text):
        found.setdefault(name, (rgb(value), rgb(value)))
    return found


def rgb(written: str) -> Colour:
    return (int(written[1:3], 16) / 255, int(written[3:5], 16) / 255, int(written[5:7], 16) / 255)


def oklch(lightness: float, chroma: float, hue: float) -> Colour:
    """sRGB of an oklch colour (CSS Color 4, section 9.2), cut to what a screen shows."""
    a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
    cone_l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    cone_m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    cone_s = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    linear = (
        4.0767416621 * cone_l - 3.3077115913 * cone_m + 0.2309699292 * cone_s,
        -1.2684380046 * cone_l + 2.6097574011 * cone_m - 0.3413193965 * cone_s,
        -0.0041960863 * cone_l - 0.7034186147 * cone_m + 1.7076147010 * cone_s,
    )
    red, green, blue = (
        12.92 * c if c <= 0.0031308 else 1.055 * c ** (1 / 2.4) - 0.055
        for c in (max(0, min(1, v)) for v in linear)
    )
    return red, green, blue


def contrast(one: Colour, other: Colour) -> float:
    """Contrast ratio of WCAG 2.2."""

    def luminance(colour: Colour) -> float:
        red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [DAY, NIGHT], ids=["day", "night"])
def test_text_reads_on_every_background(theme: int) -> None:
    known = tokens()
    low = {pair: contrast(known[pair[0]][theme], known[pair[1]][theme]) for pair in TEXT}
    assert {pair: ratio for pair, ratio in low.items() if ratio < 4.5} == {}


@pytest.mark.parametrize("theme", [DAY, NIGHT], ids=["day", "night"])
def test_borders_and_marks_stand_out(theme: int) -> None:
    known = tokens()
    low = {pair: contrast(known[pair[0]][theme], known[pair[1]][theme]) for pair in SHAPES}
    assert {pair: ratio for pair, ratio in low.items() if ratio < 3} == {}


@pytest.mark.parametrize("hue", range(12))
def test_initials_read_on_every_hue(hue: int) -> None:
    written = (CSS / "tokens.css").read_text()
    match = re.search(rf"\.h{hue} {{ --h: (\d+)", written)
    assert match
    degrees = float(match[1])
    numbers = re.findall(r"oklch\(([.\d]+) ([.\d]+) var\(--h\)\)", written)
    (day_back, night_back, day_text, night_text) = [oklch(float(l), float(c), degrees) for l, c in numbers]  # noqa: E741
    assert contrast(day_text, day_back) >= 4.5
    assert contrast(night_text, night_back) >= 4.5


def test_colours_are_written_in_one_file() -> None:
    raw = re.compile(r"#[0-9a-f]{3,8}\b|\b(?:oklch|oklab|rgba?|hsla?|lch)\(", re.IGNORECASE)
    found = {sheet: raw.findall((CSS / sheet).read_text()) for sheet in SHEETS}
    assert {sheet: colours for sheet, colours in found.items() if colours} == {}


def test_every_token_that_is_used_exists() -> None:
    written = "".join((CSS / sheet).read_text() for sheet in [*SHEETS, "tokens.css"])
    defined = set(re.findall(r"(--[\w-]+)\s*:", written))
    assert set(re.findall(r"var\((--[\w-]+)", written)) - defined == set()


def test_no_template_carries_style_script_or_handlers() -> None:
    inline = re.compile(
        r"\sstyle\s*=|<style\b|\son[a-z]+\s*=|javascript:|<script(?![^>]*\ssrc=)|\shx-on\b", re.IGNORECASE
    )
    pages = {path: path.read_text() for path in TEMPLATES.rglob("*.html") if "email" not in path.parts}
    found = {str(path.relative_to(ROOT)): inline.findall(text) for path, text in pages.items()}
    assert {path: bits for path, bits in found.items() if bits} == {}


def test_no_trigger_needs_code_from_text() -> None:
    """htmx evaluates a filter in brackets, which the pages forbid: such a trigger never fires."""
    pages = {path: path.read_text() for path in TEMPLATES.rglob("*.html")}
    filtered = re.compile(r'hx-trigger="[^"]*\[')
    assert [path.name for path, text in pages.items() if filtered.search(text)] == []


def test_no_code_turns_off_escaping() -> None:
    files = [path for path in ROOT.rglob("*.py") if not {".venv", "tests", "var"} & set(path.parts)]
    assert [
        str(path.relative_to(ROOT)) for path in files if re.search(r"\bmark_safe\b", path.read_text())
    ] == []
    pages = [path for path in TEMPLATES.rglob("*.html")]
    off = re.compile(r"\|\s*safe\b|autoescape off")
    assert [str(path.relative_to(ROOT)) for path in pages if off.search(path.read_text())] == []


def test_every_icon_that_is_named_is_drawn() -> None:
    drawn = set(re.findall(r'id="i-([\w-]+)"', (TEMPLATES / "ui" / "sprite.html").read_text()))
    named = {entry.icon for entry in ENTRIES}
    for path in TEMPLATES.rglob("*.html"):
        text = path.read_text()
        named |= set(re.findall(r'{% icon "([\w-]+)"', text)) | set(re.findall(r'\bsign="([\w-]+)"', text))
    assert named - drawn == set()


def test_lane_classes_are_complete() -> None:
    written = (CSS / "lanes.css").read_text()
    assert [n for n in range(1, 169) if f".at-{n} {{ grid-column-start: {n}; }}" not in written] == []
    assert [n for n in range(1, 169) if f".len-{n} {{ grid-column-end: span {n}; }}" not in written] == []
