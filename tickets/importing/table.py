"""Any desk's export as a table: one row a ticket, a mapping says which column is what.

Pure: text in, lines out. The mapping is JSON: {"columns": {ours: theirs}, "values": {ours: {their word: ours}},
"time": "%Y-%m-%d %H:%M"}; without one the columns carry our own names. Times without an offset are UTC.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from core.common.vocabulary import Channel, Priority, Severity, TicketKind

NEEDED = ("external_id", "subject")
TEXTS = (
    "external_id",
    "subject",
    "description",
    "requester_email",
    "requester_name",
    "organisation",
    "application",
)
TIMES = ("created_at", "resolved_at", "closed_at")
STATUSES = ("new", "open", "waiting", "resolved", "closed")
CHOICES: dict[str, tuple[str, ...]] = {
    "status": STATUSES,
    "priority": tuple(Priority.values),
    "severity": tuple(Severity.values),
    "kind": tuple(TicketKind.values),
    "channel": tuple(Channel.values),
}
FIELDS = (*TEXTS, *TIMES, *CHOICES, "tags")
LONGEST = {"external_id": 100, "subject": 250}


class BadMapping(ValueError):
    """A mapping or a head that cannot be used; the message says why."""


@dataclass(frozen=True)
class Plan:
    """A mapping: which column is what, and what their words mean."""

    columns: Mapping[str, str]
    values: Mapping[str, Mapping[str, str]]
    time: str = ""


@dataclass
class Line:
    """One row: its values by our names, or why it cannot be understood."""

    number: int
    values: dict[str, Any] = field(default_factory=dict)
    wrong: str = ""


def mapping_from(data: Any) -> Plan:
    """A mapping out of its JSON. Raises BadMapping for anything that is not one."""
    if not isinstance(data, dict) or set(data) - {"columns", "values", "time"}:
        raise BadMapping('A mapping is {"columns": {…}, "values": {…}, "time": "…"}.')
    columns, values = data.get("columns", {}), data.get("values", {})
    if not isinstance(columns, dict) or not isinstance(values, dict):
        raise BadMapping("“columns” and “values” are objects.")
    unknown = sorted({*columns, *values} - set(FIELDS))
    if unknown:
        raise BadMapping(f"{', '.join(unknown)}: no such field. There are: {', '.join(FIELDS)}.")
    missing = [name for name in NEEDED if columns and name not in columns]
    if missing:
        raise BadMapping(f"The mapping does not say which column is {' and '.join(missing)}.")
    return Plan(columns, values, str(data.get("time", "")))


def lines(text: Iterable[str], mapping: Plan) -> Iterator[Line]:
    """The rows of a table. Raises BadMapping when the head lacks a column that the mapping names."""
    reader = csv.DictReader(text)
    head = reader.fieldnames or []
    columns = mapping.columns or {name: name for name in FIELDS if name in head}
    missing = [column for column in columns.values() if column not in head]
    missing += [name for name in NEEDED if name not in columns]
    if missing:
        raise BadMapping(f"The file has no column {', '.join(missing)}.")
    for row in reader:
        line = Line(reader.line_num)
        try:
            line.values = _values(row, columns, mapping)
        except BadMapping as error:
            line.wrong = str(error)
        yield line


def _values(row: Mapping[str, Any], columns: Mapping[str, str], mapping: Plan) -> dict[str, Any]:
    if None in row or None in row.values():
        raise BadMapping("the row has not as many values as the head has columns.")
    found: dict[str, Any] = {}
    for name, column in columns.items():
        raw = str(row[column]).strip()
        if "\x00" in raw:
            raise BadMapping(f"{column} contains a NUL character.")
        value = mapping.values.get(name, {}).get(raw, raw)
        if value:
            found[name] = _parsed(name, value, mapping.time)
    for name in NEEDED:
        if not found.get(name):
            raise BadMapping(f"{columns[name]} is empty.")
    return found


def _parsed(name: str, value: str, time: str) -> Any:
    if name in TIMES:
        return _moment(value, time)
    if name == "tags":
        return [tag for tag in (part.strip()[:40] for part in value.replace(";", ",").split(",")) if tag][:20]
    if name in CHOICES and value not in CHOICES[name]:
        raise BadMapping(
            f"{name} “{value[:40]}” is none of {', '.join(CHOICES[name])}; map it under “values”."
        )
    if len(value) > LONGEST.get(name, 64 * 1024):
        raise BadMapping(f"{name} is longer than {LONGEST.get(name, 64 * 1024)} characters.")
    return value


def _moment(value: str, time: str) -> datetime:
    try:
        found = datetime.strptime(value, time) if time else datetime.fromisoformat(value)  # noqa: DTZ007
    except ValueError:
        raise BadMapping(f"“{value[:40]}” is not a time like {time or '2026-03-02T09:30'}.") from None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
