"""Putting a message into the outbox, inside the operation's transaction."""

from __future__ import annotations

import hashlib
import re
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import IntegrityError, transaction

from core.common import clock
from core.outbox.models import Lane, OutgoingMessage
from core.timers import sweeps

SWEEP = "outbox"
_BREAKS = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]+")


def put(
    *,
    lane: Lane,
    to: str,
    subject: str,
    text: str,
    topic: str,
    dedup_key: str,
    transport: str = "email",
    html: str = "",
    about: Any = None,
    about_version: int | None = None,
    headers: dict[str, str] | None = None,
) -> OutgoingMessage:
    """Queue one message. The same dedup key again is no second message: the first row is returned.

    `about` is the object it speaks of; `about_version` the version, for the relevance check of its topic.
    """
    now = clock.now()
    values = {
        "lane": lane, "transport": transport, "topic": topic, "to": one_line(to), "subject": one_line(subject)[:300],
        "text": text, "html": html, "headers": headers or {}, "message_id": message_id_for(dedup_key),
        "about_kind": about.SUBJECT if about is not None else "", "about_id": about.pk if about is not None else None,
        "about_version": about_version, "due_at": now, "created_at": now,
    }  # fmt: skip
    try:
        with transaction.atomic():
            message = OutgoingMessage.objects.create(dedup_key=dedup_key, **values)
    except IntegrityError:
        return OutgoingMessage.objects.get(dedup_key=dedup_key)
    sweeps.poke(SWEEP)
    return message


def message_id_for(dedup_key: str) -> str:
    """The Message-ID of a row: the same for every attempt."""
    host = urlsplit(settings.BASE_URL).hostname or "localhost"
    return f"<{hashlib.sha256(dedup_key.encode()).hexdigest()[:32]}@{host}>"


def one_line(text: str) -> str:
    """Nothing from input may start a new header line."""
    return _BREAKS.sub(" ", text).strip()
