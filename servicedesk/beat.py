"""The scheduler: one static entry, and it goes on when the wall clock was set back."""

import time
from datetime import UTC, datetime
from typing import Any

from celery.beat import Scheduler

# NTP's small steps are left alone; the stock scheduler bears them.
BACKWARDS_SECONDS = 2.0


class SteadyScheduler(Scheduler):
    """Celery's in-memory scheduler, unmoved by a clock that goes back.

    The stock one compares wall-clock times and sends nothing for as long as the clock has jumped back.
    Here a jump, seen as wall time falling behind monotonic time, makes every entry due anew.
    """

    _offset: float | None = None

    def setup_schedule(self) -> None:
        """Everything is due at the start: work may have been waiting while nobody ran."""
        super().setup_schedule()
        for entry in self.schedule.values():
            entry.last_run_at = datetime(1970, 1, 1, tzinfo=UTC)

    def tick(self, *args: Any, **kwargs: Any) -> float:
        offset = time.time() - time.monotonic()
        if self._offset is not None and offset < self._offset - BACKWARDS_SECONDS:
            for entry in self.schedule.values():
                entry.last_run_at = entry.default_now()
            self._heap = None
        self._offset = offset
        return super().tick(*args, **kwargs)
