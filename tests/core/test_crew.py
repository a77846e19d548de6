"""Several hands: as many as there is need for, never more than allowed, one crew for a sweep at a time."""

from __future__ import annotations

import threading
from contextlib import contextmanager

from core.timers.crew import Turnstile, crew


@contextmanager
def nothing():
    yield


def test_everything_given_is_done_when_the_block_ends():
    done: list[int] = []
    with crew("test", 4, nothing) as hands:
        for number in range(50):
            hands.give(lambda number=number: done.append(number))
    assert sorted(done) == list(range(50))


def test_slow_work_gets_more_hands_and_never_too_many():
    busy, most, lock, free = 0, 0, threading.Lock(), threading.Event()

    def slow():
        nonlocal busy, most
        with lock:
            busy += 1
            most = max(most, busy)
            if busy == 3:
                free.set()
        free.wait(10)
        with lock:
            busy -= 1

    with crew("test", 3, nothing) as hands:
        for _ in range(9):
            hands.give(slow)
    assert most == 3


def test_quick_work_needs_one_hand():
    with crew("test", 12, nothing) as hands:
        for _ in range(5):
            done = threading.Event()
            hands.give(done.set)
            done.wait(10)
        assert len(hands.hands) == 1


def test_a_job_that_throws_stops_no_other():
    done: list[int] = []
    with crew("test", 1, nothing) as hands:
        hands.give(lambda: 1 / 0)
        hands.give(lambda: done.append(1))
    assert done == [1]


def test_who_comes_while_somebody_works_makes_them_look_again():
    turnstile = Turnstile()
    assert turnstile.enter()
    assert not turnstile.enter()
    assert turnstile.called()  # so the first looks again
    assert not turnstile.called()  # and then leaves
    assert turnstile.enter()
