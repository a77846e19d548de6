from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tickets.importing import servicenow
from tickets.importing.writing import Importer

BAR = 40
MOST_SHOWN = 50


class Command(BaseCommand):
    help = "Bring tickets from another desk, with their history. A second run adds nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--format", choices=["servicenow"], required=True)
        parser.add_argument("--dry-run", action="store_true", help="Say what would happen, write nothing.")

    def handle(self, *args: Any, **options: Any) -> None:
        file: Path = options["file"]
        try:
            with file.open(encoding="utf-8-sig", errors="replace", newline="") as lines:
                cases = list(servicenow.cases(lines))
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}.") from error
        except servicenow.BadRow as error:
            raise CommandError(str(error)) from error
        importer = Importer(dry_run=options["dry_run"])
        for done, case in enumerate(cases, start=1):
            importer.add(case)
            self._progress(done, len(cases))
        self._say(importer)

    def _progress(self, done: int, whole: int) -> None:
        if self.stderr.isatty():
            filled = BAR * done // whole
            line = f"\r[{'#' * filled}{'.' * (BAR - filled)}] {done}/{whole}"
            self.stderr.write(line, ending="" if done < whole else "\n")
        elif done == whole or done % max(whole // 10, 1) == 0:
            self.stderr.write(f"{done}/{whole}")

    def _say(self, importer: Importer) -> None:
        report = importer.report
        for line, reason in report.rejected[:MOST_SHOWN]:
            self.stdout.write(f"line {line}: {reason}")
        if len(report.rejected) > MOST_SHOWN:
            self.stdout.write(f"... and {len(report.rejected) - MOST_SHOWN} more rows")
        verb = "would be imported" if importer.dry_run else "imported"
        self.stdout.write(
            f"{report.made} tickets {verb}, {report.known} were here already, {len(report.rejected)} rows rejected."
        )
