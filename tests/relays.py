"""Real SMTP servers on this machine: they take, refuse, dawdle, hang, or hang up."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from time import monotonic
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

logging.getLogger("mail.log").setLevel(logging.ERROR)
TAKEN = "250 taken"


@dataclass
class Received:
    """One mail as it came over the wire."""

    to: str
    content: bytes

    @property
    def mail(self) -> EmailMessage:
        return message_from_bytes(self.content, policy=policy.default)  # type: ignore[return-value]

    @property
    def message_id(self) -> str:
        return str(message_from_bytes(self.content)["Message-ID"])


@dataclass
class Relay:
    """`refuses`: answer to RCPT by address. `delay`: seconds before each final answer. `hangs`: no answer to MAIL.

    `greets_no_more_after`: that many mails on one connection, then 421. `drops`: hang up instead of the final 250.
    """

    port: int = 0
    refuses: dict[str, str] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    hangs: bool = False
    drops: bool = False
    greets_no_more_after: int = 0
    received: list[Received] = field(default_factory=list)
    connections: int = 0
    at_once: int = 0
    most_at_once: int = 0
    first_at: float = 0.0

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, host: str, said: list[str]
    ) -> Any:
        session.host_name = host
        self.connections += 1
        session.mails = 0  # type: ignore[attr-defined]
        return said

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, who: str, options: Any
    ) -> str:
        while self.hangs:
            await asyncio.sleep(0.1)
        if self.greets_no_more_after and session.mails >= self.greets_no_more_after:  # type: ignore[attr-defined]
            return "421 enough"
        envelope.mail_from = who
        return "250 ok"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, who: str, options: Any
    ) -> str:
        if who in self.refuses:
            return self.refuses[who]
        envelope.rcpt_tos.append(who)
        return "250 ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.at_once += 1
        self.most_at_once = max(self.at_once, self.most_at_once)
        if self.delay:
            await asyncio.sleep(self.delay)
        self.at_once -= 1
        session.mails += 1  # type: ignore[attr-defined]
        answer = next((self.answers[to] for to in envelope.rcpt_tos if to in self.answers), TAKEN)
        self.first_at = self.first_at or monotonic()
        if answer == TAKEN:
            assert isinstance(envelope.original_content, bytes)
            self.received += [Received(to, envelope.original_content) for to in envelope.rcpt_tos]
        if self.drops:
            server.transport.close()
        return answer

    @property
    def to(self) -> list[str]:
        return sorted(one.to for one in self.received)

    @property
    def repeated(self) -> int:
        """How many mails came more often than once, counted by recipient and Message-ID."""
        seen = Counter((one.to, one.message_id) for one in self.received)
        return sum(times - 1 for times in seen.values())


@contextmanager
def relay(**how: Any) -> Iterator[Relay]:
    """A server on a free port until the end of the block."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        found = Relay(port=probe.getsockname()[1], **how)
    server = Controller(found, hostname="127.0.0.1", port=found.port)
    server.start()
    try:
        yield found
    finally:
        found.hangs = False
        server.stop()


def use(settings: Any, found: Relay) -> None:
    """Send the desk's mail there from this process, too."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", found.port
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
