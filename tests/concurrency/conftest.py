"""What the tests of crashes share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.concurrency.workers import Sink, mail_server


@pytest.fixture
def smtp() -> Iterator[tuple[Sink, int]]:
    """A real mail server: what it has accepted, and its port."""
    with mail_server() as found:
        yield found
