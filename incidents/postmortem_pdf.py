"""A post-mortem as a PDF: the same document as the page, for those who get it by mail or on paper."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import font_roboto
from fpdf import FPDF
from fpdf.enums import XPos, YPos

from core.common.vocabulary import Severity
from incidents import postmortem_facts as facts_of
from incidents.models import Postmortem
from incidents.postmortems import Document

FONTS = {"": "Roboto-Regular.ttf", "B": "Roboto-Bold.ttf"}
FAMILY, FALLBACK = "Roboto", "Helvetica"
REPLACED = "\N{REPLACEMENT CHARACTER}"
MARGIN, LINE, SMALL = 20, 5.2, 4.4  # millimetres
INK, SOFT = (25, 28, 33), (95, 101, 110)


def draw(document: Document) -> bytes:
    """The whole document. Never raises for a text: what the font cannot draw is replaced by a visible sign."""
    sheet = _Sheet(document)
    sheet.whole()
    return bytes(sheet.pdf.output())


# --- characters -------------------------------------------------------------------------------------------
def drawable(text: str, known: Callable[[int], bool]) -> tuple[str, bool]:
    """The text as the font can draw it, and whether something had to be replaced by a sign.

    What nobody sees anyway (control and format characters) goes away; line breaks stay.
    """
    kept, replaced = [], False
    for sign in unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\t", "    ")):
        if sign == "\n" or known(ord(sign)):
            kept.append(sign)
        elif unicodedata.category(sign) in ("Cc", "Cf", "Zl", "Zp"):
            kept.append("" if unicodedata.category(sign) in ("Cc", "Cf") else "\n")
        elif unicodedata.category(sign) == "Zs":
            kept.append(" ")
        elif unicodedata.category(sign) == "Mn" and replaced:
            continue  # an accent on something that is replaced already
        else:
            kept.append(REPLACED if known(ord(REPLACED)) else "?")
            replaced = True
    return "".join(kept), replaced


def spoken(seconds: float | None) -> str:
    """6 min, 2 h 5 min, 3 d 4 h; nothing for what is not known."""
    if seconds is None:
        return ""
    minutes = int(seconds // 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{hours // 24} d {hours % 24} h" if hours % 24 else f"{hours // 24} d"


@lru_cache(maxsize=1)
def _files() -> dict[str, Path] | None:
    """The font's files by style; None where the package came without one."""
    folder = Path(font_roboto.__file__).parent / "files"
    found = {style: folder / name for style, name in FONTS.items()}
    return found if all(path.is_file() for path in found.values()) else None


# --- the sheet --------------------------------------------------------------------------------------------
class _Pages(FPDF):
    """A4 with the reference on top and the page's number below."""

    head = ""
    family = FALLBACK

    def header(self) -> None:
        self.set_font(self.family, size=8)
        self.set_text_color(*SOFT)
        self.cell(0, SMALL, self.head, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.ln(3)

    def footer(self) -> None:
        self.set_y(-15)
        self.set_font(self.family, size=8)
        self.set_text_color(*SOFT)
        self.cell(0, SMALL, f"Page {self.page_no()}", align="R")


class _Sheet:
    def __init__(self, document: Document) -> None:
        self.document, self.facts, self.found = document, document.facts, document.postmortem
        self.replaced = False
        self.pdf = pdf = _Pages(format="A4")
        pdf.str_alias_nb_pages = ""  # or "{nb}" in somebody's text would turn into a number
        files = _files()
        if files is not None:
            for style, path in files.items():
                pdf.add_font(FAMILY, style, path)
            pdf.family = FAMILY
            glyphs: Any = pdf.fonts[FAMILY.lower()]
            self.known: Callable[[int], bool] = glyphs.cmap.__contains__
        else:
            self.known = lambda number: number < 127 or 160 <= number < 256  # Latin-1, which every reader has
        pdf.set_margins(MARGIN, 15, MARGIN)
        pdf.set_auto_page_break(True, margin=20)
        reference = self.found.incident.reference
        pdf.head = self.text(f"{reference} post-mortem, {self.found.get_status_display().lower()}")
        pdf.set_title(self.text(f"{reference} {self.facts['title']}"))
        pdf.set_lang("en")
        pdf.set_creation_date(document.at)
        pdf.add_page()

    def whole(self) -> None:
        self._title()
        for name, heading, text in self.document.sections:
            self._heading(heading)
            self._prose(text or "Nothing was written.")
            if name == "summary":
                self._facts()
                self._impact()
        self._actions()
        self._timeline()
        self._since()
        if self.replaced:
            self._small(
                f"{REPLACED} stands for a character that this file's font lacks; the page in the desk shows it."
            )

    # --- parts of the document ---
    def _title(self) -> None:
        state = f"Draft, facts as of {_day(self.document.at)}"
        if self.found.is_published and self.found.published_at is not None:
            when, who = _day(self.found.published_at), self.found.published_by_label
            state = f"Published {when} by {who}. Its facts are those of then."
        exercise = "Exercise. " if self.facts["drill"] else ""
        self._write(self.facts["title"], size=18, style="B", height=8)
        severity = dict(Severity.choices).get(self.facts["severity"], self.facts["severity"])
        self._small(f"{self.found.incident.reference} · {severity} · {exercise}{state}")

    def _facts(self) -> None:
        facts, length = self.facts, self.document.seconds
        updates = facts["updates"]
        began, ended = facts_of.at(facts["started_at"]), facts_of.at(facts["restored_at"])
        self._heading("What is known")
        self._rows([
            ("Impact", f"{began} to {ended}: {spoken(self.document.lasted)}"),
            ("Detected", _after(facts["detected_at"], length("started_at", "detected_at"))),
            ("Acknowledged", _after(facts["acknowledged_at"], length("started_at", "acknowledged_at"))),
            ("Restored", _after(facts["restored_at"], length("started_at", "restored_at"))),
            ("Applications", ", ".join(facts["applications"])),
            ("Components", ", ".join(facts["components"])),
            ("Regions", ", ".join(facts["regions"])),
            ("Customers", ", ".join(facts["organisations"])),
            ("Tickets", str(facts["tickets"])),
            ("Updates", f"{updates['sent']} sent, {updates['on_time']} of {updates['due']} that were due in time"),
            *[(one["role"].capitalize(), one["person"]) for one in facts["roles"]],
            *[(one["reference"], f"{one['verdict']}. {one['note']}") for one in facts["suspected_changes"]],
        ])  # fmt: skip

    def _impact(self) -> None:
        found = self.facts["impact"]
        self._heading("Impact on availability")
        if found is None:
            return self._prose("Not assessed.")
        if found["no_impact"]:
            return self._prose(f"None: {found['reason']}")
        for one in found["applications"]:
            self._rows([(one["name"], line) for line in one["lines"]])
        return self._prose(f"Together: {found['words']}.")

    def _actions(self) -> None:
        self._heading("Follow-up actions")
        if self.document.actions:
            self._small(f"As they stand on {_day(self.document.at)}:")
            self._rows([
                (f"{one.due.day} {one.due:%b %Y}", f"{one.title} ({one.receiver or 'nobody'}, {one.status.lower()})")
                for one in self.document.actions
            ])  # fmt: skip
        else:
            self._prose(self.found.no_actions_reason or "None to be seen.")

    def _timeline(self) -> None:
        self._heading("Timeline")
        rows = [(facts_of.at(one["at"]), f"{one['by']}: {one['text']}") for one in self.facts["timeline"]]
        self._rows(rows) if rows else self._prose("Nobody wrote anything down.")

    def _since(self) -> None:
        if self.document.corrections:
            self._heading("Known better since")
            for sentence in self.document.corrections:
                self._prose(sentence)
        if self.document.edits:
            self._heading("Edited after publication")
            self._rows([(_day(event.at), f"{event.actor_label} changed {_names(event.after)}: {event.data['reason']}")
                        for event in self.document.edits])  # fmt: skip

    # --- marks on the paper ---
    def text(self, text: str) -> str:
        shown, replaced = drawable(text, self.known)
        self.replaced = self.replaced or replaced
        return shown

    def _write(self, text: str, *, size: float, style: str = "", height: float, colour: Any = INK) -> None:
        self.pdf.set_font(self.pdf.family, style, size)
        self.pdf.set_text_color(*colour)
        self.pdf.multi_cell(0, height, self.text(text), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def _heading(self, text: str) -> None:
        if self.pdf.will_page_break(20):
            self.pdf.add_page()  # a heading does not stand alone at the foot of a page
        self.pdf.ln(3)
        self._write(text, size=12, style="B", height=7)

    def _prose(self, text: str) -> None:
        self._write(text, size=10, height=LINE)

    def _small(self, text: str) -> None:
        self._write(text, size=8.5, height=SMALL, colour=SOFT)

    def _rows(self, rows: Sequence[tuple[str, str]]) -> None:
        """A narrow column of names beside a wide one; what is empty is left out."""
        for name, text in rows:
            if text.strip():
                self._row(name, text)

    def _row(self, name: str, text: str) -> None:
        pdf = self.pdf
        if pdf.will_page_break(2 * LINE):
            pdf.add_page()
        pdf.set_font(pdf.family, size=9.5)
        pdf.set_text_color(*SOFT)
        top, page = pdf.get_y(), pdf.page
        pdf.multi_cell(38, LINE, self.text(name), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        foot = pdf.get_y()
        if pdf.page == page:
            pdf.set_y(top)
        pdf.set_left_margin(MARGIN + 40)
        pdf.set_x(MARGIN + 40)
        pdf.set_text_color(*INK)
        before = pdf.page
        pdf.multi_cell(0, LINE, self.text(text), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        pdf.set_left_margin(MARGIN)
        pdf.set_xy(MARGIN, max(pdf.get_y(), foot) if pdf.page == before else pdf.get_y())


def _after(moment: str | None, seconds: float | None) -> str:
    return f"{facts_of.at(moment)}{f', after {spoken(seconds)}' if seconds is not None else ''}"


def _day(at: datetime) -> str:
    return facts_of.at(at.isoformat())


def _names(changed: dict[str, Any]) -> str:
    return ", ".join(Postmortem.SECTIONS.get(name, name.replace("_", " ")).lower() for name in changed)
