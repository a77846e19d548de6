"""Why something happens: what a reaction to an event leaves on the events that it makes in turn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

KEY = "because"

_present: ContextVar[Mapping[str, Any]] = ContextVar("because", default={})  # noqa: B039 - nobody writes into it


def present() -> Mapping[str, Any]:
    """What the events that are recorded now are due to; empty where somebody acts of their own accord."""
    return _present.get()


@contextmanager
def carrying(because: Mapping[str, Any]) -> Iterator[None]:
    """Let every event inside carry this in `data["because"]`; its handlers, too, pass it on to theirs."""
    token = _present.set(because)
    try:
        yield
    finally:
        _present.reset(token)
