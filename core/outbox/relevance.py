"""Is a queued message still true? Asked right before it is sent."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from time import monotonic
from typing import Any, TypeVar

from core.outbox.models import OutgoingMessage

Check = Callable[[OutgoingMessage], str | None]
Found = TypeVar("Found")

LIVES_SECONDS = 1.0
_checks: dict[str, Check] = {}
_known: ContextVar[dict[Hashable, tuple[float, Any]] | None] = ContextVar("known", default=None)


def register(topic: str, check: Check) -> None:
    """`check` gives the reason for which a message of the topic must be dropped, or None to send it."""
    _checks[topic] = check


def reason_to_drop(message: OutgoingMessage) -> str | None:
    check = _checks.get(message.topic)
    return check(message) if check else None


@contextmanager
def remembering() -> Iterator[None]:
    """Around one sweep's claims: what a thousand messages ask alike is read once a second, not a thousand times."""
    token = _known.set({})
    try:
        yield
    finally:
        _known.reset(token)


def once(key: Hashable, read: Callable[[], Found]) -> Found:
    """What `read` finds, or found less than a second ago in the same sweep."""
    known = _known.get()
    if known is None:
        return read()
    at, value = known.get(key, (-LIVES_SECONDS, None))
    if monotonic() - at >= LIVES_SECONDS or key not in known:
        value = read()
        known[key] = (monotonic(), value)
    return value  # type: ignore[no-any-return]
