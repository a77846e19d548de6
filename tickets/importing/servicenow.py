"""The event log of a ServiceNow desk: one row per update, a case's rows in order are its history.

Pure: text in, cases out. Times are day-month-year hour:minute, taken as UTC; "?" is unknown.
The columns are those of the public "incident management process enriched event log" (UCI, CC BY 4.0).
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

UNKNOWN = "?"
TIME = "%d-%m-%Y %H:%M"
NEEDED = (
    "number", "incident_state", "opened_at", "sys_updated_at", "priority", "reassignment_count", "reopen_count",
)  # fmt: skip

# Their state -> our status and, for what is on hold, why.
STATES = {
    "New": ("new", ""),
    "Active": ("open", ""),
    "Awaiting User Info": ("waiting", ""),
    "Awaiting Problem": ("on_hold", "problem"),
    "Awaiting Vendor": ("on_hold", "vendor"),
    "Awaiting Evidence": ("waiting", ""),
    "Resolved": ("resolved", ""),
    "Closed": ("closed", ""),
}
PRIORITIES = {"1": "P0", "2": "P1", "3": "P2", "4": "P3", "5": "P3"}
LEVELS = {"1": "high", "2": "medium", "3": "low"}
CHANNELS = {
    "Phone": "phone",
    "Email": "email",
    "IVR": "phone",
    "Self service": "portal",
    "Direct opening": "web",
}
# What differs between two rows and is worth a line of history.
FOLLOWED = ("incident_state", "priority", "assignment_group", "assigned_to", "problem_id", "rfc")


class BadRow(ValueError):
    """A row that cannot be understood; the message says why."""


@dataclass(frozen=True)
class Step:
    """One row of a case: when, by whom, and the values of the followed columns that it changed."""

    line: int
    at: datetime
    by: str
    before: dict[str, str]
    after: dict[str, str]


@dataclass
class Case:
    """One case as its last row has it, with its history."""

    number: str
    lines: list[int] = field(default_factory=list)
    last: dict[str, str] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    wrong: list[tuple[int, str]] = field(default_factory=list)

    @property
    def status(self) -> str:
        return STATES[self.last["incident_state"]][0]

    @property
    def hold_reason(self) -> str:
        return STATES[self.last["incident_state"]][1]

    def count(self, column: str) -> int:
        return int(self.last[column])

    def text(self, column: str) -> str:
        """The last value of a column; empty when unknown."""
        value = self.last.get(column) or ""
        return "" if value == UNKNOWN else value

    def moment(self, column: str) -> datetime | None:
        return moment(self.text(column)) if self.text(column) else None


def cases(lines: Iterable[str]) -> Iterator[Case]:
    """The cases of a log. One row that cannot be understood spoils its case, and only that.

    Raises BadRow when the file lacks a needed column.
    """
    reader = csv.DictReader(lines)
    missing = [name for name in NEEDED if name not in (reader.fieldnames or [])]
    if missing:
        raise BadRow(f"This is not such a log: the column {', '.join(missing)} is missing.")
    gathered: dict[str, Case] = {}
    for row in reader:
        line = reader.line_num
        number = (row.get("number") or "").strip()
        case = gathered.setdefault(number or f"line {line}", Case(number))
        case.lines.append(line)
        try:
            _add(case, row, line)
        except BadRow as error:
            case.wrong.append((line, str(error)))
    yield from gathered.values()


def moment(text: str) -> datetime:
    """A time of the log, as UTC. Raises BadRow when it is none."""
    try:
        return datetime.strptime(text, TIME).replace(tzinfo=UTC)
    except ValueError:
        raise BadRow(f"“{text[:40]}” is not a time like 29-02-2016 01:16.") from None


def _add(case: Case, row: dict[str, str], line: int) -> None:
    if None in row or None in row.values():  # type: ignore[comparison-overlap]
        raise BadRow("the row has not as many values as the head has columns.")
    if not case.number:
        raise BadRow("the case has no number.")
    if any("\x00" in value for value in row.values()):
        raise BadRow("the row contains a NUL character.")
    if row["incident_state"] not in STATES:
        raise BadRow(f"the state “{row['incident_state'][:40]}” is not known.")
    if row["priority"][:1] not in PRIORITIES:
        raise BadRow(f"the priority “{row['priority'][:40]}” is not known.")
    for column in ("reassignment_count", "reopen_count"):
        if not row[column].isascii() or not row[column].isdigit() or len(row[column]) > 6:
            raise BadRow(f"{column} is “{row[column][:40]}”, not a count.")
    for column in ("opened_at", "sys_updated_at", "resolved_at", "closed_at"):
        value = row.get(column, UNKNOWN)
        if value not in ("", UNKNOWN) or column in NEEDED:
            moment(value)
    previous = case.last
    changed = [name for name in FOLLOWED if previous.get(name, UNKNOWN) != row.get(name, UNKNOWN)]
    before = {name: previous[name] for name in changed if previous.get(name, UNKNOWN) != UNKNOWN}
    after = {name: row[name] for name in changed if row.get(name, UNKNOWN) != UNKNOWN}
    case.steps.append(
        Step(line, moment(row["sys_updated_at"]), row.get("sys_updated_by") or UNKNOWN, before, after)
    )
    case.last = row
