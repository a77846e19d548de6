"""Texts in cells that a spreadsheet does not run as formulas (HARD_CASES 36), and back again without loss."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from django.http import StreamingHttpResponse

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")  # what a spreadsheet may take for the begin of a formula
MARK = "'"


def escaped(text: str) -> str:
    """The text with a mark before what looks like a formula, and before what looks like a marked one."""
    return f"{MARK}{text}" if text.lstrip(MARK).startswith(FORMULA) else text


def plain(cell: str) -> str:
    """The text of a cell that `escaped` wrote; other cells as they are."""
    return cell.removeprefix(MARK) if cell.lstrip(MARK).startswith(FORMULA) else cell


def cell(value: Any) -> Any:
    """A value as it stands in a cell: moments in UTC, lists with commas, no text that a spreadsheet would run."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, int | float):
        return value
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return escaped(text)


def lines(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """The lines of a file, one at a time: nothing of it is held in memory."""
    writer = csv.writer(_Echo())
    yield writer.writerow(head)
    for row in rows:
        yield writer.writerow([cell(value) for value in row])


def download(name: str, lines: Iterable[str]) -> StreamingHttpResponse:
    """The lines as a file `name`.csv that a browser keeps."""
    answer = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer


class _Echo:
    """A file for csv that hands back what is written."""

    def write(self, text: str) -> str:
        return text
