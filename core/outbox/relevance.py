"""Is a queued message still true? Asked at the last moment before it is sent."""

from __future__ import annotations

from collections.abc import Callable

from core.outbox.models import OutgoingMessage

Check = Callable[[OutgoingMessage], str | None]

_checks: dict[str, Check] = {}


def register(topic: str, check: Check) -> None:
    """`check` gives the reason for which a message of the topic must be dropped, or None to send it."""
    _checks[topic] = check


def reason_to_drop(message: OutgoingMessage) -> str | None:
    check = _checks.get(message.topic)
    return check(message) if check else None
