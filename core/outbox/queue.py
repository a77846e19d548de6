"""Putting a message into the outbox, inside the operation's transaction."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import IntegrityError, transaction

from core.common import clock
from core.outbox.models import Endpoint, Lane, OutgoingMessage
from core.timers import sweeps

SWEEP = "outbox"
AT_ONCE = 200  # rows in one statement
_BREAKS = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]+")


def put(
    *,
    lane: Lane,
    to: str,
    subject: str,
    text: str,
    topic: str,
    dedup_key: str,
    transport: str = "",
    html: str = "",
    about: Any = None,
    about_version: int | None = None,
    headers: dict[str, str] | None = None,
    endpoint: Endpoint | None = None,
    data: dict[str, Any] | None = None,
    held: bool = False,
) -> OutgoingMessage:
    """Queue one message. The same dedup key again is no second message: the first row is returned.

    With an `endpoint` it goes there, by its transport unless `transport` names another; `to` then says in words
    where. `data` holds links and values for the transports that show them as such. One that is `held` waits for
    `release`. `about` is the object it speaks of; `about_version` the
    version, for the relevance check of its topic.
    """
    message = prepared(
        lane=lane, to=to, subject=subject, text=text, topic=topic, dedup_key=dedup_key, transport=transport,
        html=html, about=about, about_version=about_version, headers=headers, endpoint=endpoint, data=data,
        held=held,
    )  # fmt: skip
    try:
        with transaction.atomic():
            message.save(force_insert=True)
    except IntegrityError:
        return OutgoingMessage.objects.get(dedup_key=dedup_key)
    if not held:
        sweeps.poke(f"{SWEEP}.{lane}")
    return message


def release(message: OutgoingMessage) -> None:
    """Let a held message go. Its day begins now: waiting for its turn costs it no attempt."""
    rows = OutgoingMessage.objects.filter(pk=message.pk, state=OutgoingMessage.State.QUEUED, due_at=None)
    now = clock.now()
    if rows.update(due_at=now, created_at=now):
        sweeps.poke(f"{SWEEP}.{message.lane}")


def hold_again(message: OutgoingMessage) -> None:
    """Take a final message back to where it was before its first attempt: held, with the same id."""
    OutgoingMessage.objects.filter(pk=message.pk, due_at=None).update(
        state=OutgoingMessage.State.QUEUED, attempts=0, note="", sent_at=None, created_at=clock.now()
    )


def withdraw(message: OutgoingMessage, why: str) -> None:
    """Send it no more. An attempt that is on its way now is not called back."""
    open_states = (OutgoingMessage.State.QUEUED, OutgoingMessage.State.SENDING)
    OutgoingMessage.objects.filter(pk=message.pk, state__in=open_states).update(
        state=OutgoingMessage.State.DROPPED, due_at=None, note=why
    )


def put_all(messages: Sequence[OutgoingMessage]) -> None:
    """Queue many prepared messages in few statements; those whose dedup key is there already are left out."""
    OutgoingMessage.objects.bulk_create(messages, batch_size=AT_ONCE, ignore_conflicts=True)
    for lane in {message.lane for message in messages}:
        sweeps.poke(f"{SWEEP}.{lane}")


def prepared(
    *,
    lane: Lane,
    to: str,
    subject: str,
    text: str,
    topic: str,
    dedup_key: str,
    transport: str = "",
    html: str = "",
    about: Any = None,
    about_version: int | None = None,
    headers: dict[str, str] | None = None,
    endpoint: Endpoint | None = None,
    data: dict[str, Any] | None = None,
    held: bool = False,
) -> OutgoingMessage:
    """A message as `put` queues it, for `put_all`."""
    now = clock.now()
    return OutgoingMessage(
        lane=lane, transport=transport or (endpoint.transport if endpoint else "email"), endpoint=endpoint,
        data=data or {},
        topic=topic, to=one_line(to), subject=one_line(subject)[:300], text=text, html=html, headers=headers or {},
        about_kind=about.SUBJECT if about is not None else "", about_id=about.pk if about is not None else None,
        about_version=about_version, dedup_key=dedup_key, message_id=message_id_for(dedup_key),
        due_at=None if held else now, created_at=now,
    )  # fmt: skip


def message_id_for(dedup_key: str) -> str:
    """The Message-ID of a row: the same for every attempt."""
    host = urlsplit(settings.BASE_URL).hostname or "localhost"
    return f"<{hashlib.sha256(dedup_key.encode()).hexdigest()[:32]}@{host}>"


def one_line(text: str) -> str:
    """Nothing from input may start a new header line."""
    return _BREAKS.sub(" ", text).strip()
