from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from servicedesk.load import measuring

MOST_QUERIES = 25
MOST_GROWTH = 1.5


class Command(BaseCommand):
    help = (
        "Fill desks of several sizes in a scratch folder (SQLite) and compare their pages, in one run. "
        "With --here measure this desk as it is."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000])
        parser.add_argument("--rounds", type=int, default=20)
        parser.add_argument("--here", action="store_true", help="Measure this database; prints JSON.")

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.DESK_ENV == "production":
            raise CommandError("The benchmark writes tickets and is refused in production.")
        if options["here"]:
            figures = measuring.measure(options["rounds"])
            self.stdout.write(json.dumps([asdict(figure) for figure in figures]))
            return
        found = {size: self._desk_of(size, options["rounds"]) for size in options["sizes"]}
        if not self._table(found):
            raise CommandError("A page asks more than 25 queries, or grew by more than the half.")

    def _desk_of(self, size: int, rounds: int) -> list[dict[str, Any]]:
        """The figures of a fresh desk with so many tickets, from processes of its own."""
        with tempfile.TemporaryDirectory(prefix="desk-bench-") as folder:
            environment = {
                **os.environ,
                "DESK_DATA_DIR": folder,
                "DESK_WAKE_WORKERS": "0",
                "DESK_LOG_LEVEL": "ERROR",
            }
            environment.pop("DATABASE_URL", None)

            def run(*words: str, **more: Any) -> subprocess.CompletedProcess[str]:
                command = [sys.executable, str(Path(settings.BASE_DIR) / "manage.py"), *words]
                return subprocess.run(command, env=environment, check=True, text=True, **more)  # noqa: S603

            run("migrate", "-v0")
            run("seed_load", "--tickets", str(size))
            answer = run("bench", "--here", "--rounds", str(rounds), stdout=subprocess.PIPE)
            return list(json.loads(answer.stdout.strip().splitlines()[-1]))

    def _table(self, found: dict[int, list[dict[str, Any]]]) -> bool:
        sizes = list(found)
        self.stdout.write(
            f"{'':22}" + "".join(f"{size:>9,} tickets: ms  p95 queries" for size in sizes) + "   growth"
        )
        fine = True
        for row in zip(*found.values(), strict=True):
            cells = "".join(
                f"{each['median']:>20.1f} {each['p95']:>5.1f} {each['queries']:>7}" for each in row
            )
            growth = row[-1]["median"] / row[0]["median"]
            holds = growth <= MOST_GROWTH and all(each["queries"] < MOST_QUERIES for each in row)
            fine = fine and holds
            self.stdout.write(
                f"{row[0]['name']:22}{cells}   x {growth:.2f}{'' if holds else '   <-- too much'}"
            )
        return fine
