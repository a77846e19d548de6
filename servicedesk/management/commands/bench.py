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
from servicedesk.load.measuring import Figure

MOST_QUERIES = 25
MOST_GROWTH = 1.5


class Command(BaseCommand):
    help = (
        "Fill desks of several sizes in scratch folders (SQLite) and compare their pages, in one run. "
        "The desks take turns, so that a machine that slows down slows down all of them. "
        "With --here measure this desk as it is."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000])
        parser.add_argument("--rounds", type=int, default=10, help="Each thing so many times a turn.")
        parser.add_argument("--turns", type=int, default=4)
        parser.add_argument("--here", action="store_true", help="Measure this database; prints JSON.")

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.DESK_ENV == "production":
            raise CommandError("The benchmark writes tickets and is refused in production.")
        if options["here"]:
            figures = measuring.measure(options["rounds"])
            self.stdout.write(json.dumps([asdict(figure) for figure in figures]))
            return
        with tempfile.TemporaryDirectory(prefix="desk-bench-") as folder:
            desks = {size: _Desk(Path(folder) / str(size)) for size in options["sizes"]}
            for size, desk in desks.items():
                desk.fill(size)
            turns = [
                {size: desk.measured(options["rounds"]) for size, desk in desks.items()}
                for _ in range(options["turns"])
            ]
        found = {
            size: [
                measuring.together(list(figures))
                for figures in zip(*(turn[size] for turn in turns), strict=True)
            ]
            for size in desks
        }
        if not self.table(found):
            raise CommandError("A page asks 25 queries or more, or grew by more than the half.")

    def table(self, found: dict[int, list[Figure]]) -> bool:
        """Print the figures by size; False when one of them is above a limit."""
        heads = "".join(f"{size:>9,} tickets: ms  p95 queries" for size in found)
        self.stdout.write(f"{'':22}{heads}   growth")
        fine = True
        for row in zip(*found.values(), strict=True):
            cells = "".join(f"{each.median:>20.1f} {each.p95:>5.1f} {each.queries:>7}" for each in row)
            growth = row[-1].median / row[0].median
            holds = growth <= MOST_GROWTH and all(each.queries < MOST_QUERIES for each in row)
            fine = fine and holds
            self.stdout.write(f"{row[0].name:22}{cells}   x {growth:.2f}{'' if holds else '   <-- too much'}")
        return fine


class _Desk:
    """A desk in a folder of its own, worked by processes of its own."""

    def __init__(self, folder: Path) -> None:
        self.environment = {
            **os.environ,
            "DESK_DATA_DIR": str(folder),
            "DESK_WAKE_WORKERS": "0",
            "DESK_LOG_LEVEL": "ERROR",
        }
        self.environment.pop("DATABASE_URL", None)

    def fill(self, size: int) -> None:
        self._run("migrate", "-v0")
        self._run("seed_load", "--tickets", str(size))

    def measured(self, rounds: int) -> list[Figure]:
        answer = self._run("bench", "--here", "--rounds", str(rounds), stdout=subprocess.PIPE)
        return [Figure(**values) for values in json.loads(answer.stdout.strip().splitlines()[-1])]

    def _run(self, *words: str, **more: Any) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(Path(settings.BASE_DIR) / "manage.py"), *words]
        return subprocess.run(command, env=self.environment, check=True, text=True, **more)  # noqa: S603
