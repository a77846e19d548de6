"""The ways out, one folder each. A transport is a function that sends one message or raises.

`Refused` means: never, for this recipient; anything else means: not now. `NotNow` may say when.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from core.outbox.models import OutgoingMessage
from core.outbox.transports import email, slack, teams, webhook
from core.outbox.transports.base import NotNow, Refused, Unsure

__all__ = ["NotNow", "Refused", "Unsure", "at_work", "send"]

_TRANSPORTS: dict[str, Callable[[OutgoingMessage], None]] = {
    "email": email.send,
    "slack": slack.send,
    "teams": teams.send,
    "webhook": webhook.send,
}


def register(name: str, send: Callable[[OutgoingMessage], None]) -> None:
    """A way out of a room above; called from AppConfig.ready()."""
    _TRANSPORTS[name] = send


def send(message: OutgoingMessage) -> None:
    """Hand one message to its transport. Raises Refused when the recipient can never be reached."""
    transport = _TRANSPORTS.get(message.transport)
    if transport is None:
        raise Refused(f"There is no transport called {message.transport}.")
    transport(message)


@contextmanager
def at_work() -> Iterator[None]:
    """What one thread sends inside this block shares its connection to the mail server."""
    with email.kept_open():
        yield
