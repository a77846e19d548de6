from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tickets.importing import servicenow, table
from tickets.importing.writing import Importer

BAR = 40
MOST_SHOWN = 50


class Command(BaseCommand):
    help = "Bring tickets from another desk, with their history. A second run adds nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--format", choices=["servicenow", "csv"], required=True)
        parser.add_argument(
            "--mapping", type=Path, help="For csv: a JSON file; see tickets/importing/table.py."
        )
        parser.add_argument("--dry-run", action="store_true", help="Say what would happen, write nothing.")

    def handle(self, *args: Any, **options: Any) -> None:
        file: Path = options["file"]
        importer = Importer(dry_run=options["dry_run"])
        add: Callable[[Any], None] = importer.add if options["format"] == "servicenow" else importer.add_line
        try:
            rows = self._rows(file, options["format"], options["mapping"])
        except OSError as error:
            raise CommandError(f"{error.filename} cannot be read: {error.strerror}.") from error
        except (servicenow.BadRow, table.BadMapping) as error:
            raise CommandError(str(error)) from error
        except json.JSONDecodeError as error:
            raise CommandError(f"The mapping is no JSON: {error}.") from error
        for done, row in enumerate(rows, start=1):
            add(row)
            self._progress(done, len(rows))
        self._say(importer)

    def _rows(self, file: Path, kind: str, mapping: Path | None) -> list[Any]:
        with file.open(encoding="utf-8-sig", errors="replace", newline="") as text:
            if kind == "servicenow":
                return list(servicenow.cases(text))
            plan = table.mapping_from(json.loads(mapping.read_text(encoding="utf-8")) if mapping else {})
            return list(table.lines(text, plan))

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
