"""vCard 4.0 (RFC 6350) out, 3.0 and 4.0 in.

Lines are folded, quoted and split by icalendar, whose lines have the same grammar (RFC 5545) and which the desk
uses anyway; of vobject, the library for vCards, no release writes 4.0. What the standard has no property for
stands in X-DESK- ones, so that a file that goes out comes in again without a change.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from icalendar.parser import Contentline, Contentlines

BEGIN, END = "BEGIN:VCARD", "END:VCARD"
OWN = "X-DESK-"
KINDS = {"teams": "org", "people": "individual"}
# Our column -> the standard's property. N, FN and CATEGORIES have a shape of their own.
PROPERTIES = {
    "teams": {"phone": "TEL", "email": "EMAIL", "zone": "TZ", "scope": "NOTE", "portal_url": "URL"},
    "people": {"work_phone": "TEL", "email": "EMAIL", "timezone": "TZ", "job_title": "TITLE"},
}
PRIVATE = "TEL-PRIVATE"
PARAMETERS = {"TEL": ";TYPE=work", "EMAIL": ";TYPE=work"}
# Of the card itself, or written for other programs alone.
SILENT = {"BEGIN", "END", "VERSION", "KIND", "UID", "PRODID", "REV", "X-DESK-KEY"}
_SPLIT = re.compile(r"(?<!\\)((?:\\\\)*)([,;])")
_ESCAPED = re.compile(r"\\([\\,;nN])")


class NoCard(ValueError):
    """The text is no vCard; the sentence names the line."""


@dataclass
class Card:
    """One card that was read: our columns as text, and what has no place among them."""

    line: int
    kind: str
    facts: dict[str, str]
    aside: Counter[str] = field(default_factory=Counter)
    wrong: str = ""


# --- out -----------------------------------------------------------------------------------------------------
def written(kind: str, facts: Mapping[str, str], shown: Mapping[str, str]) -> str:
    """One card of the columns' texts; `shown["name"]` is what an address book calls it."""
    key = facts["slug" if kind == "teams" else "username"]
    lines = [BEGIN, "VERSION:4.0", f"KIND:{KINDS[kind]}", _line("UID", f"urn:desk:{kind}:{key}")]
    lines.append(_line("FN", shown["name"]))
    if kind == "people":
        lines.append(f"N:{_escaped(facts['last_name'])};{_escaped(facts['first_name'])};;;")
    for name, text in facts.items():
        if name in ("first_name", "last_name") or (kind == "teams" and name == "name"):
            continue
        known = PROPERTIES[kind].get(name)
        if known is not None and text:
            lines.append(_line(known + PARAMETERS.get(known, ""), text))
        elif known is None:
            lines.append(_line(f"{OWN}{name.upper().replace('_', '-')}", text))
    lines.append(END)
    return Contentlines([Contentline(line) for line in lines]).to_ical().decode()


def _line(name: str, text: str) -> str:
    return f"{name}:{_escaped(text)}"


def _escaped(text: str) -> str:
    """The text of a value (RFC 6350, 3.4): breaks, commas, semicolons and backslashes written out."""
    text = text.replace("\\", "\\\\").replace("\n", "\\n")
    return text.replace(",", "\\,").replace(";", "\\;")


# --- in ------------------------------------------------------------------------------------------------------
def read(text: str) -> list[Card]:
    """The cards of a file. Raises NoCard where one is not ended or a line has no name."""
    return [_card(line, lines) for line, lines in _chunks(text)]


def _chunks(text: str) -> Iterator[tuple[int, list[str]]]:
    """(number of the first line, unfolded lines) of each card."""
    begun = 0
    lines: list[str] = []
    for number, raw in enumerate(re.split(r"\r\n|\n|\r", text), start=1):
        if begun and raw[:1] in (" ", "\t") and lines:
            lines[-1] += raw[1:]
            continue
        line = raw.strip()
        if line.upper() == BEGIN:
            if begun:
                raise NoCard(f"The card that begins in line {begun} has no end.")
            begun, lines = number, []
        elif line.upper() == END:
            if not begun:
                raise NoCard(f"Line {number} ends a card that never began.")
            yield begun, lines
            begun = 0
        elif begun:
            lines.append(raw)
        elif line:
            raise NoCard(f"Line {number} stands outside of a card.")
    if begun:
        raise NoCard(f"The card that begins in line {begun} has no end.")


def _card(number: int, lines: list[str]) -> Card:
    properties: list[tuple[str, str]] = []
    wrong = ""
    for line in filter(str.strip, lines):
        try:
            name, parameters, value = Contentline(line).raw_parts()
        except (ValueError, AssertionError):
            wrong = wrong or f"“{line[:40]}” is no line of a vCard."
            continue
        name = name.rpartition(".")[2].upper()  # Apple's phones write item1.TEL
        properties.append((PRIVATE if name == "TEL" and _is_private(parameters) else name, value))
    kind = next((value.lower() for name, value in properties if name == "KIND"), "individual")
    ours = "teams" if kind in ("org", "group") else "people"
    return _sorted_out(Card(number, ours, {}, wrong=wrong), properties)


def _sorted_out(card: Card, properties: list[tuple[str, str]]) -> Card:
    """Each property under our column's name; the first of several numbers or addresses counts."""
    columns = {name: column for column, name in PROPERTIES[card.kind].items()}
    for name, value in properties:
        if name in SILENT:
            continue
        if name == "N" and card.kind == "people":
            last, first = ([*_split(value, ";"), "", ""])[:2]
            card.facts |= {"last_name": last, "first_name": first}
        elif name == "FN":
            if card.kind == "teams":
                card.facts["name"] = _unescaped(value)
        elif name == "ORG" and card.kind == "people":
            continue
        elif name.startswith(OWN):
            card.facts[name.removeprefix(OWN).lower().replace("-", "_")] = _unescaped(value)
        elif name == PRIVATE and card.kind == "people":
            card.facts.setdefault("phone", _number(value))
        elif name in columns and columns[name] not in card.facts:
            card.facts[columns[name]] = _number(value) if name == "TEL" else _unescaped(value)
        else:
            card.aside[name] += 1
    return card


def _is_private(parameters: Mapping[str, object]) -> bool:
    """A cell or home number, which is not for every colleague to see."""
    given = next((value for name, value in parameters.items() if name.upper() == "TYPE"), "")
    words = given if isinstance(given, list) else str(given).split(",")
    types = {str(word).strip('" ').lower() for word in words}
    return bool(types & {"cell", "home"}) and "work" not in types


def _number(value: str) -> str:
    """A telephone number, also one that is written as an address: tel:+442055500101."""
    return re.sub(r"^tel:", "", _unescaped(value), flags=re.IGNORECASE)


def _split(value: str, separator: str) -> list[str]:
    """The parts of a structured value, unescaped."""
    marked = _SPLIT.sub(lambda found: found[1] + ("\x00" if found[2] == separator else found[2]), value)
    return [_unescaped(part) for part in marked.split("\x00")]


def _unescaped(value: str) -> str:
    return _ESCAPED.sub(lambda found: "\n" if found[1] in "nN" else found[1], value)
