from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.common.actor import Door, system
from core.common.errors import RuleBroken
from escalation import operations
from escalation.exchange import files
from escalation.operations.importing import Change, Report

MOST_SHOWN = 200


class Command(BaseCommand):
    help = "Bring teams or people from a CSV or vCard file into the directory. All of it, or nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="Say what would change, write nothing.")

    def handle(self, *args: Any, **options: Any) -> None:
        file: Path = options["file"]
        try:
            parsed = files.parse(files.decoded(file.read_bytes()))
            report = operations.import_directory(
                parsed.kind, parsed.rows, dry_run=options["dry_run"], by=system("Import", door=Door.CLI)
            )
        except OSError as error:
            raise CommandError(f"{error.filename} cannot be read: {error.strerror}.") from error
        except RuleBroken as broken:
            raise CommandError(broken.sentence) from broken
        self._say(report)
        if parsed.aside:
            left = ", ".join(f"{name} ({times})" for name, times in sorted(parsed.aside.items()))
            self.stdout.write(f"Left aside, as the directory has no place for it: {left}")
        if report.wrong:
            raise CommandError(
                f"Nothing was written: {_number(len(report.wrong), 'row')} cannot be brought in."
            )
        verb = "brought in" if report.written else "would be brought in"
        self.stdout.write(f"{_number(len(report.changed), 'change')} {verb}, {report.same} as they were.")

    def _say(self, report: Report) -> None:
        rows = [*report.wrong, *report.changed]
        for row in rows[:MOST_SHOWN]:
            for line in _lines(row):
                self.stdout.write(line)
        if len(rows) > MOST_SHOWN:
            self.stdout.write(f"... and {len(rows) - MOST_SHOWN} more rows")


def _lines(row: Change) -> list[str]:
    if row.errors:
        return [f"line {row.line}: {sentence}" for sentence in row.errors]
    head = f"line {row.line}: {row.name}{' (new)' if row.new else ''}"
    return [head, *(f"    {name}: {_short(old)} -> {_short(new)}" for name, (old, new) in row.fields.items())]


def _short(text: str) -> str:
    text = " ".join(text.split())
    return f"“{text[:60]}…”" if len(text) > 60 else f"“{text}”"


def _number(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"
