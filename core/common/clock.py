"""The one source of the present moment, so that tests can freeze it and demo data can lie in the past."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime

from django.utils import timezone

_pretended: ContextVar[datetime | None] = ContextVar("pretended", default=None)


def now() -> datetime:
    """Return the present moment, aware, in UTC."""
    return _pretended.get() or timezone.now()


@contextmanager
def pretend(moment: datetime) -> Iterator[None]:
    """Let operations inside happen at another moment. For demo data alone: it backdates the audit trail."""
    token = _pretended.set(moment)
    try:
        yield
    finally:
        _pretended.reset(token)
