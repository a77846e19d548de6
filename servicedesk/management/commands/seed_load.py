from __future__ import annotations

import sys
import time
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.accounts.models import User
from core.common import clock
from servicedesk.load import filling


class Command(BaseCommand):
    help = "Fill the desk with tickets in bulk, for benchmarks: a realistic history, few of it open."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tickets", type=int, required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.DESK_ENV == "production":
            raise CommandError("Made-up load is refused in production.")
        if not User.objects.exists():
            call_command("seed_demo", verbosity=0)
        count, started = options["tickets"], time.monotonic()

        def progress(done: int) -> None:
            rate = done / max(time.monotonic() - started, 0.001)
            end = "\r" if sys.stderr.isatty() and done < count else "\n"
            if sys.stderr.isatty() or done == count or done % 10_000 == 0:
                self.stderr.write(f"{done}/{count} tickets, {rate:.0f} a second", ending=end)

        filling.fill(count, now=clock.now(), progress=progress)
        self.stdout.write(f"{count} tickets added in {time.monotonic() - started:.0f} s.")
