"""Bringing a file into the directory: all of it, or nothing where one row cannot be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from core.accounts import operations as accounts
from core.accounts.models import User
from core.accounts.permissions import Permission, require
from core.common import clock
from core.common.actor import Actor, Door
from core.common.errors import RuleBroken
from escalation import queries
from escalation.exchange.columns import TEAMS, Kind, Known, Unreadable
from escalation.exchange.files import Row, columns_of
from escalation.models import Team
from escalation.operations.directory import create_team, edit_team
from escalation.operations.people import edit_person, list_people


@dataclass
class Change:
    """What one row does, or would do: `fields` maps each column to its text before and after."""

    line: int
    name: str = ""
    new: bool = False
    fields: dict[str, tuple[str, str]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)

    @property
    def same(self) -> bool:
        return not (self.new or self.fields or self.errors)


@dataclass
class Report:
    """What became of a file; `written` is false after a dry run and where a row is wrong."""

    kind: Kind
    rows: list[Change]
    written: bool = False

    @property
    def wrong(self) -> list[Change]:
        return [row for row in self.rows if row.errors]

    @property
    def changed(self) -> list[Change]:
        return [row for row in self.rows if not row.errors and not row.same]

    @property
    def same(self) -> int:
        return sum(row.same for row in self.rows)


@transaction.atomic
def import_directory(kind: Kind, rows: Sequence[Row], *, dry_run: bool = False, by: Actor) -> Report:
    """Bring rows in through the operations of teams and people.

    A dry run does all of it and takes it back. A row that cannot be is named with its line and reason, and then
    nothing of the file is written.
    """
    require(by, Permission.MANAGE_DIRECTORY)
    importer = _Importer(kind, by.through(Door.IMPORT) if by.door is not Door.CLI else by)
    report = Report(kind, [importer.bring(row) for row in rows])
    report.written = not dry_run and not report.wrong
    if not report.written:
        transaction.set_rollback(True)
    return report


class _Importer:
    def __init__(self, kind: Kind, by: Actor) -> None:
        self.kind, self.by, self.known = kind, by, Known()
        self.lines: dict[Any, int] = {}  # which line spoke of an entry already

    def bring(self, row: Row) -> Change:
        """One row in a savepoint of its own, so that a wrong one leaves the others to be looked at."""
        change = Change(row.line, name=row.cells.get("name") or row.cells.get(self.kind.keys[0], ""))
        if row.wrong:
            change.errors.append(row.wrong)
            return change
        try:
            with transaction.atomic():
                self._team(row, change) if self.kind is TEAMS else self._person(row, change)
        except Unreadable as error:
            change.errors.append(str(error))
        except RuleBroken as broken:
            change.errors += _sentences(broken)
        return change

    def _team(self, row: Row, change: Change) -> None:
        team = self._find_team(row)
        if team is None and not row.cells.get("name"):
            raise RuleBroken("A new team needs a name.", field="name")
        self._once(team.pk if team else row.cells.get("slug") or row.cells.get("name", ""), row)
        values = self._values(team, row, change)
        if team is not None:
            change.name = team.name
            if values:
                edit_team(team.slug, changes=values, by=self.by)
            return
        change.new = True
        create_team(**values, slug=row.cells.get("slug", ""), by=self.by)
        self.lines.setdefault(queries.teams(self.by).get(name=values["name"]).pk, row.line)

    def _find_team(self, row: Row) -> Team | None:
        teams = queries.teams(self.by)
        if slug := row.cells.get("slug"):
            return teams.filter(slug=slug[:60]).first()
        return teams.filter(name=row.cells.get("name", "")[:200]).first()

    def _person(self, row: Row, change: Change) -> None:
        person = self._find_person(row)
        self._once(person.pk if person else row.cells.get("username") or row.cells.get("email"), row)
        if person is None:
            change.new = True
            person = self._enter(row)
        change.name = person.display_name
        values = self._values(person, row, change)
        if values:
            edit_person(person.username, changes=values, by=self.by)

    def _find_person(self, row: Row) -> User | None:
        people = queries.people(self.by).prefetch_related(None)
        username, email = row.cells.get("username", ""), row.cells.get("email", "")
        person = people.filter(username=username).first() if username else None
        if person is None and not username and email:
            person = people.filter(email__iexact=email).first()
        if person is not None and email and email.casefold() != person.email.casefold():
            raise RuleBroken(
                f"{person.username} signs in as {person.email}. An admin changes that.", field="email"
            )
        return person

    def _enter(self, row: Row) -> User:
        email = row.cells.get("email", "")
        username = row.cells.get("username") or email.partition("@")[0]
        if not username:
            raise RuleBroken("A person needs a username or an e-mail address.", field="username")
        made = accounts.create_person(username, email=email, values={}, by=self.by)
        list_people([made], clock.now())
        self.known.people[made.username] = made
        return queries.get_person(made.username, by=self.by)

    def _once(self, entry: Any, row: Row) -> None:
        if (before := self.lines.setdefault(entry, row.line)) != row.line:
            raise RuleBroken(f"Line {before} speaks of the same entry.")

    def _values(self, entry: Any, row: Row, change: Change) -> dict[str, Any]:
        """The values of the columns whose text differs from what is there; noted on the change."""
        values: dict[str, Any] = {}
        for column in columns_of(self.kind, row):
            if column.key:
                continue
            text = row.cells[column.name]
            if entry is None and not text:
                continue  # a new entry has what is usual
            try:
                value = column.read(text, self.known)
            except Unreadable as error:
                raise Unreadable(f"{column.name}: {error}") from error
            before = column.write(entry) if entry is not None else ""
            after = column.shape(value)
            if before != after:
                shown = (before, after) if column.written else ("", "a private number")
                change.fields[column.name] = shown
                values[column.name] = value
            elif entry is None:
                values[column.name] = value
        return values


def _sentences(broken: RuleBroken) -> list[str]:
    """What is wrong, with the column's name before each sentence that has one."""
    if not broken.errors:
        return [broken.sentence]
    named = ((name, text) for name, texts in broken.errors.items() for text in texts)
    return [text if name in ("__all__", "non_field_errors") else f"{name}: {text}" for name, text in named]
