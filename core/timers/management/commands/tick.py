from typing import Any

from django.core.management.base import BaseCommand

from core.timers import sweeps


class Command(BaseCommand):
    help = "Do everything that is due now, once, and exit: the same code as the beat."

    def handle(self, *args: Any, **options: Any) -> None:
        for name, outcome in sweeps.run_due().items():
            if outcome.done or outcome.failed:
                self.stdout.write(f"{name}: {outcome.done} done, {outcome.failed} failed")
