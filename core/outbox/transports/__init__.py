"""The ways out, one folder each. A transport is a function that sends one message or raises.

`Refused` means: never, for this recipient; anything else means: not now.
"""

from __future__ import annotations

from collections.abc import Callable

from core.outbox.models import OutgoingMessage
from core.outbox.transports import email
from core.outbox.transports.base import Refused

__all__ = ["Refused", "send"]

_TRANSPORTS: dict[str, Callable[[OutgoingMessage], None]] = {"email": email.send}


def send(message: OutgoingMessage) -> None:
    """Hand one message to its transport. Raises Refused when the recipient can never be reached."""
    transport = _TRANSPORTS.get(message.transport)
    if transport is None:
        raise Refused(f"There is no transport called {message.transport}.")
    transport(message)
