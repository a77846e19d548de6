"""Reading a file of either form into rows, and writing entries into one."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.common import spreadsheet
from core.common.errors import RuleBroken
from escalation.exchange import vcard
from escalation.exchange.columns import KINDS, PEOPLE, TEAMS, Column, Kind, same_lines

MOST_BYTES = 1_000_000
MOST_ROWS = 5_000
SEPARATORS = ",;\t"


@dataclass(frozen=True)
class Row:
    """One entry of a file: the line where it begins, and the text of each column that stands there."""

    line: int
    cells: dict[str, str]
    wrong: str = ""


@dataclass
class Parsed:
    """A file that could be read. `aside` counts what of a vCard the directory has no place for."""

    kind: Kind
    rows: list[Row]
    aside: Counter[str] = field(default_factory=Counter)


def decoded(raw: bytes) -> str:
    """The text of an uploaded file. Raises RuleBroken for what is too large or no text."""
    if len(raw) > MOST_BYTES:
        raise RuleBroken(
            "The file is larger than 1 MB. A directory is smaller; is it another file?", field="file"
        )
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RuleBroken(
            "The file is no UTF-8 text. Save it as CSV UTF-8 and try again.", field="file"
        ) from error
    if "\x00" in text:
        raise RuleBroken("The file holds bytes that are no text.", field="file")
    return text


def parse(text: str) -> Parsed:
    """The rows of a CSV or vCard file; what they are about follows from the file.

    Raises RuleBroken for a file that cannot be read at all, and for columns that are not known.
    """
    found = _cards(text) if text.lstrip().upper().startswith("BEGIN:VCARD") else _lines(text)
    if not found.rows:
        raise RuleBroken("The file holds no entry.", field="file")
    if len(found.rows) > MOST_ROWS:
        raise RuleBroken(f"The file holds more than {MOST_ROWS:,} entries.", field="file")
    return found


# --- CSV -----------------------------------------------------------------------------------------------------
def to_csv(kind: Kind, entries: Iterable[Any]) -> str:
    """The entries as CSV (RFC 4180) with a line of names, safe in a spreadsheet."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([column.name for column in kind.written])
    for entry in entries:
        writer.writerow([spreadsheet.escaped(column.write(entry)) for column in kind.written])
    return out.getvalue()


def _lines(text: str) -> Parsed:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text), strict=True)
    rows: list[Row] = []
    try:
        names = [name.strip().casefold() for name in next(reader, [])]
        kind = _kind_of(names)
        before = reader.line_num
        for cells in reader:
            line, before = before + 1, reader.line_num
            if any(cell.strip() for cell in cells):
                rows.append(_row(line, names, cells))
    except csv.Error as error:
        raise RuleBroken(f"Line {reader.line_num} is no CSV: {error}.", field="file") from error
    return Parsed(kind, rows)


def _row(line: int, names: Sequence[str], cells: Sequence[str]) -> Row:
    if len(cells) > len(names):
        return Row(line, {}, f"There are {len(cells)} cells under {len(names)} columns.")
    texts = (same_lines(spreadsheet.plain(cell)) for cell in cells)
    return Row(line, dict(zip(names, texts, strict=False)))


def _separator(text: str) -> str:
    """What stands between the names of the first line: some spreadsheets write semicolons."""
    head = text.split("\n", 1)[0]
    return max(SEPARATORS, key=head.count)


def _kind_of(names: Sequence[str]) -> Kind:
    """Teams or people. Raises RuleBroken with the known columns where the first line is something else."""
    kind = PEOPLE if "username" in names else TEAMS if {"slug", "name"} & set(names) else None
    if kind is None:
        first = "; ".join(f"{kind.name}: {', '.join(kind.by_name)}" for kind in KINDS.values())
        raise RuleBroken(f"The first line must name the columns. Known are for {first}.", field="file")
    if unknown := [name for name in names if name not in kind.by_name]:
        known = ", ".join(kind.by_name)
        raise RuleBroken(
            f"There is no column “{unknown[0][:40]}” for {kind.name}. Known are {known}.", field="file"
        )
    if doubled := [name for name, times in Counter(names).items() if times > 1]:
        raise RuleBroken(f"The column {doubled[0]} stands twice in the first line.", field="file")
    return kind


# --- vCard ---------------------------------------------------------------------------------------------------
def to_vcard(kind: Kind, entries: Iterable[Any]) -> str:
    """The entries as vCard 4.0, one card each."""
    return "".join(
        vcard.written(kind.name, {column.name: column.write(entry) for column in kind.written}, _names(entry))
        for entry in entries
    )


def _names(entry: Any) -> dict[str, str]:
    return {"name": getattr(entry, "display_name", "") or str(entry)}


def _cards(text: str) -> Parsed:
    try:
        cards = vcard.read(text)
    except vcard.NoCard as error:
        raise RuleBroken(str(error), field="file") from error
    kinds = {card.kind for card in cards}
    if len(kinds) > 1:
        raise RuleBroken("The file mixes teams and people. Bring them in one after the other.", field="file")
    kind = KINDS[kinds.pop()]
    aside: Counter[str] = Counter()
    rows = []
    for card in cards:
        known = {name: same_lines(value) for name, value in card.facts.items() if name in kind.by_name}
        aside += card.aside + Counter(name for name in card.facts if name not in kind.by_name)
        rows.append(Row(card.line, known, card.wrong))
    return Parsed(kind, rows, aside)


def columns_of(kind: Kind, row: Row) -> list[Column]:
    """The columns that a row speaks of, in the order of the kind."""
    return [column for column in kind.columns if column.name in row.cells]
