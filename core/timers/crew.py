"""Several hands for one sweep: threads that carry out what its claims left to do."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import structlog
from django.db import connection, connections

log = structlog.get_logger(__name__)

Job = Callable[[], None]

WAITS_LONG = (
    0.02  # seconds until one more hand is begun: a server that answers at once needs no second connection
)


_turns = threading.Lock()


@contextmanager
def in_turn() -> Iterator[None]:
    """For a short write by one of several hands.

    SQLite lets one writer in at a time, and whoever finds it taken sleeps longer than the write takes. The threads of
    one process queue up here instead; PostgreSQL needs no queue.
    """
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        with _turns:
            yield
    else:
        yield


class Crew:
    """At most `most` threads, begun one by one while work has to wait; `give` waits while all are busy.

    A claimed row therefore waits for a hand no longer than one job takes, and its lease holds. Each hand works
    inside `at_work()`, where it keeps what is dear to open (a connection to the mail server).
    """

    def __init__(self, name: str, most: int, at_work: Callable[[], AbstractContextManager[None]]) -> None:
        self.name, self.most, self.at_work = name, most, at_work
        self.jobs: queue.Queue[Job | None] = queue.Queue(maxsize=1)
        self.hands: list[threading.Thread] = []

    def give(self, job: Job) -> None:
        if not self.hands:
            self._begin()
        while len(self.hands) < self.most:
            try:
                return self.jobs.put(job, timeout=WAITS_LONG)
            except queue.Full:
                self._begin()
        return self.jobs.put(job)

    def _begin(self) -> None:
        hand = threading.Thread(target=self._work, name=f"{self.name}-{len(self.hands) + 1}")
        self.hands.append(hand)
        hand.start()

    def finish(self) -> None:
        """Wait until everything given is done."""
        for _ in self.hands:
            self.jobs.put(None)
        for hand in self.hands:
            hand.join()
        self.hands.clear()

    def _work(self) -> None:
        try:
            with self.at_work():
                while (job := self.jobs.get()) is not None:
                    try:
                        job()
                    except Exception:
                        log.exception("crew.job_failed", crew=self.name)
        finally:
            connections.close_all()


class Turnstile:
    """Lets one at a time of this process work on something; who finds it taken is sure that the other looks again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._busy = self._called = False

    def enter(self) -> bool:
        with self._lock:
            if self._busy:
                self._called = True
                return False
            self._busy, self._called = True, False
            return True

    def called(self) -> bool:
        """Did somebody come meanwhile? Asked when there is nothing left; False lets the next one in."""
        with self._lock:
            called, self._called = self._called, False
            self._busy = called
            return called

    def leave(self) -> None:
        with self._lock:
            self._busy = False


@contextmanager
def crew(name: str, most: int, at_work: Callable[[], AbstractContextManager[None]]) -> Iterator[Crew]:
    """A crew that has finished all its work at the end of the block."""
    made = Crew(name, most, at_work)
    try:
        yield made
    finally:
        made.finish()
