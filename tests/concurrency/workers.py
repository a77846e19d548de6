"""A real worker: one tick in a process of its own, on the test's database, which may die at a named point.

And a real mail server for it to talk to, which keeps what it accepts.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from django.conf import settings
from django.db import connection

KILLED = -signal.SIGKILL
LONGEST = 240  # seconds; a busy machine starts a process slowly


class Sink:
    """Keeps (recipient, Message-ID) of everything that it accepts."""

    def __init__(self) -> None:
        self.accepted: list[tuple[str, str]] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        mail = message_from_bytes(envelope.content)
        self.accepted += [(to, mail["Message-ID"]) for to in envelope.rcpt_tos]
        return "250 taken"


@contextmanager
def mail_server() -> Iterator[tuple[Sink, int]]:
    """A mail server on a free port, while the block runs: what it has accepted, and the port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    sink = Sink()
    server = Controller(sink, hostname="127.0.0.1", port=port)
    server.start()
    try:
        yield sink, port
    finally:
        server.stop()


def worker(
    fault: str = "", *, port: int | None = None, connections: int = 1, **variables: str
) -> subprocess.Popen[bytes]:
    """Start a tick; it dies by SIGKILL at `fault`. Mail goes to the SMTP server at `port`, or into files.

    With one connection a death leaves one message in doubt; with more, one for each at the most. `variables` are
    further variables of its environment.
    """
    lanes = {"DESK_INCIDENT_CONNECTIONS": str(connections), "DESK_LANE_CONNECTIONS": str(connections)}
    environment = {**os.environ, **lanes, "DATABASE_URL": _database(), "DESK_FAULT": fault, **variables}
    if port:
        environment["EMAIL_URL"] = f"smtp://127.0.0.1:{port}"
    manage = Path(settings.BASE_DIR) / "manage.py"
    return subprocess.Popen(
        [sys.executable, str(manage), "tick"],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def tick(
    fault: str = "",
    *,
    port: int | None = None,
    connections: int = 1,
    patience: float = LONGEST,
    **variables: str,
) -> int:
    """Run a tick to its end, or to its death; any other end is a failure."""
    process = worker(fault, port=port, connections=connections, **variables)
    _, errors = process.communicate(timeout=patience)
    assert process.returncode in (0, KILLED), errors.decode()
    return process.returncode


def _database() -> str:
    database = connection.settings_dict
    if connection.vendor != "postgresql":
        return f"sqlite:///{database['NAME']}"
    where = f"{database['HOST']}:{database['PORT'] or 5432}"
    return f"postgres://{database['USER']}:{database['PASSWORD']}@{where}/{database['NAME']}"
