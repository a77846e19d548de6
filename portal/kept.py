"""Pages kept as bytes for seconds, so that a status page lives when the rest is busy or the database is away.

Each process keeps its own. One reader at a time makes the page anew; the others get the one before meanwhile.
"""

from __future__ import annotations

import hashlib
import threading
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.core.cache import caches
from django.db import DatabaseError

from core.common import clock

FRESH_SECONDS = 10
OF_USE_SECONDS = 3600  # without a database the last page is shown for so long; it says of when it is
_making: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)


@dataclass(frozen=True)
class Page:
    body: bytes
    etag: str
    made_at: datetime

    @property
    def is_fresh(self) -> bool:
        return 0 <= (clock.now() - self.made_at).total_seconds() < FRESH_SECONDS


def page(key: str, make: Callable[[], str]) -> Page:
    """The page under `key`, at most 10 s old; older, up to an hour, while it is being made or cannot be.

    Raises what `make` raises when there is no older one, and always when that is not the database's trouble.
    """
    last: Page | None = caches["local"].get(f"page:{key}")
    if last is not None and last.is_fresh:
        return last
    if not _making[key].acquire(blocking=last is None):
        assert last is not None
        return last
    try:
        made = caches["local"].get(f"page:{key}")  # somebody else may have made it while we waited
        if made is not None and made.is_fresh:
            return made
        return _made(key, make)
    except DatabaseError:
        if last is None:
            raise
        return last
    finally:
        _making[key].release()


def _made(key: str, make: Callable[[], str]) -> Page:
    body = make().encode()
    found = Page(body, f'"{hashlib.sha256(body).hexdigest()[:20]}"', clock.now())
    caches["local"].set(f"page:{key}", found, OF_USE_SECONDS)
    return found
