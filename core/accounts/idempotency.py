"""Idempotency-Key: a POST sent twice takes effect once.

The row that keeps the answer is written in the same transaction as the effect, and written first: the second
of two equal POSTs waits at the unique constraint (PostgreSQL) or for the write lock (SQLite) until the first
has committed, and then finds its answer.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, models, transaction
from django.http import HttpResponse, QueryDict
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from core.accounts.authentication import principal
from core.accounts.models import IdempotentCall
from core.common import clock, sealed
from core.common.errors import Conflict, RuleBroken
from core.timers.sweeps import Sweep

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
KEPT_FOR = timedelta(hours=24)
KEPT_HEADERS = ("Location", "ETag", "Content-Type")
_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_NOT_KEPT = {401, 429}

Answer = Response | HttpResponse


class _Discard(Exception):
    """Carries an answer out of the transaction that must not commit."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer


def once(request: Request, run: Callable[[], Answer], refuse: Callable[[Exception], Answer]) -> Answer:
    """Run the request, or repeat the answer that this key got before.

    `refuse` turns an exception into an answer, and raises on what is our own fault.
    Raises RuleBroken for a malformed key, Conflict when the key was used for another body.
    """
    key = request.headers[HEADER]
    if not _KEY.fullmatch(key):
        raise RuleBroken(f"{HEADER} takes 1 to 255 printable ASCII characters without blanks.")
    identity = {"principal": principal(request), "method": request.method, "path": request.path, "key": key}
    mark = fingerprint(request.data)
    try:
        with transaction.atomic():
            call = _claim(identity, mark)
            if call is None:
                return _repeat(IdempotentCall.objects.get(**identity), mark)
            answer = _attempt(run, refuse)
            if answer.status_code >= 500 or answer.status_code in _NOT_KEPT:
                raise _Discard(answer)
            _keep(call, answer)
            return answer
    except _Discard as discarded:
        return discarded.answer


def expired(now: datetime) -> models.QuerySet[IdempotentCall]:
    """The answers that need not be kept any longer, the oldest first."""
    return IdempotentCall.objects.filter(created_at__lte=now - KEPT_FOR).order_by("created_at")


def _forget(call: IdempotentCall, now: datetime) -> None:
    call.delete()


SWEEP = Sweep("accounts.idempotent_calls", due=expired, field="created_at", act=_forget)


def fingerprint(data: Any) -> str:
    """Equal bodies have equal fingerprints, whatever the order of their names."""
    content = dict(data.lists()) if isinstance(data, QueryDict) else data
    text = json.dumps(content, sort_keys=True, default=_digest_of_file)
    return hashlib.sha256(text.encode()).hexdigest()


def _digest_of_file(value: Any) -> str:
    if not isinstance(value, UploadedFile):
        raise TypeError(f"{type(value).__name__} has no fingerprint.")
    digest = hashlib.sha256()
    for chunk in value.chunks():
        digest.update(chunk)
    value.seek(0)
    return f"{value.name}:{digest.hexdigest()}"


def _claim(identity: Mapping[str, Any], mark: str) -> IdempotentCall | None:
    now = clock.now()
    expired(now).filter(**identity).delete()
    try:
        with transaction.atomic():
            return IdempotentCall.objects.create(**identity, fingerprint=mark, created_at=now)
    except IntegrityError:
        return None


def _attempt(run: Callable[[], Answer], refuse: Callable[[Exception], Answer]) -> Answer:
    try:
        with transaction.atomic():
            return run()
    except Exception as error:  # what is ours is raised on by `refuse`, and rolls everything back
        return refuse(error)


def _keep(call: IdempotentCall, answer: Answer) -> None:
    headers = {name: answer.headers[name] for name in KEPT_HEADERS if name in answer.headers}
    if isinstance(answer, Response):  # not rendered yet
        body, headers["Content-Type"] = JSONRenderer().render(answer.data), JSONRenderer.media_type
    else:
        body = answer.content
    IdempotentCall.objects.filter(pk=call.pk).update(
        status=answer.status_code, headers=headers, body=sealed.seal(body.decode())
    )


def _repeat(call: IdempotentCall, mark: str) -> HttpResponse:
    if call.fingerprint != mark:
        raise Conflict(f"This {HEADER} was used for another body; take a new key.")
    # Sealed, as an answer may hold a secret that is shown once (a webhook's).
    answer = HttpResponse(sealed.unseal(call.body), status=call.status, headers=call.headers)
    answer[REPLAYED] = "true"
    return answer
