"""Who wants to know how a message ended: told in the transaction that marks it, so that both hold or neither."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from django.db import transaction

from core.outbox.models import OutgoingMessage

Hear = Callable[[OutgoingMessage, str, str], None]

_hear: dict[str, Hear] = {}


def register(topic: str, hear: Hear) -> None:
    """`hear` gets each message of the topic that became final, its state (sent, failed, dropped) and the note."""
    _hear[topic] = hear


def together(topic: str) -> AbstractContextManager[object]:
    """A transaction around the mark where somebody listens; none where one UPDATE is all there is."""
    return transaction.atomic() if topic in _hear else nullcontext()


def tell(message: OutgoingMessage, state: str, note: str) -> None:
    if hear := _hear.get(message.topic):
        hear(message, state, note)
