"""Talking SMTP to the relay, one thread over one connection, and saying precisely what its answers mean.

smtplib's own `sendmail` does not tell at which step a connection broke; here that decides whether a mail may have
been taken. A step waits ten seconds, a whole mail at most twenty, however slowly the other side drips.
"""

from __future__ import annotations

import smtplib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from time import monotonic

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.smtp import EmailBackend
from django.core.mail.message import sanitize_address

from core.outbox import bounces
from core.outbox.transports.base import NotNow, Refused, Unsure

TOTAL_SECONDS = 20.0
STALE_SECONDS = 20.0  # a connection idle for longer is not trusted any more
GOES_AWAY = 421
TOO_LARGE = 552


class _Kept(threading.local):
    on: bool = False
    backend: EmailBackend | None = None
    used: float = 0.0


_kept = _Kept()


@contextmanager
def kept_open() -> Iterator[None]:
    """Inside the block this thread keeps its connection from one mail to the next."""
    before, _kept.on = _kept.on, True
    try:
        yield
    finally:
        _kept.on = before
        if not before:
            _forget()


def hand_over(backend: EmailBackend, mail: EmailMessage, to: str) -> None:
    """Give one mail for one recipient to the relay. Raises Refused, NotNow or Unsure."""
    sender = sanitize_address(mail.from_email, "utf-8")
    recipient = sanitize_address(to, "utf-8")
    content: bytes = mail.message().as_bytes(linesep="\r\n")  # type: ignore[call-arg]  # Django's own argument
    smtp, fresh = _connection(backend)
    try:
        with _deadline(smtp):
            try:
                _envelope(smtp, sender, recipient, to)
            except _Gone:
                if fresh:
                    raise NotNow("The mail server ended the connection.", of_the_way=True) from None
                # It was kept from an earlier mail, and the server has had enough of it: nothing was given yet.
                _forget()
                smtp, _ = _connection(backend)
                with _deadline(smtp):
                    _envelope_once(smtp, sender, recipient, to)
                    _content(smtp, content)
            else:
                _content(smtp, content)
    except (Refused, NotNow) as error:
        if isinstance(error, NotNow) and error.of_the_way:
            _forget()
        raise
    except BaseException:
        _forget()
        raise
    finally:
        _kept.used = monotonic()
        if not _kept.on:
            _forget()


class _Gone(Exception):
    """The server says goodbye, or has hung up, before it was given anything."""


def _envelope_once(smtp: smtplib.SMTP, sender: str, recipient: str, to: str) -> None:
    try:
        _envelope(smtp, sender, recipient, to)
    except _Gone:
        raise NotNow("The mail server ended the connection.", of_the_way=True) from None


def _envelope(smtp: smtplib.SMTP, sender: str, recipient: str, to: str) -> None:
    try:
        smtp.ehlo_or_helo_if_needed()
        code, said = smtp.mail(sender, ["BODY=8BITMIME"] if smtp.has_extn("8bitmime") else [])
        if code == GOES_AWAY:
            raise _Gone
        if code != 250:
            raise NotNow(f"The mail server refused our sender: {_text(code, said)}", of_the_way=True)
        code, said = smtp.rcpt(recipient)
    except (smtplib.SMTPServerDisconnected, ConnectionError) as error:
        if "timed out" in str(error):  # smtplib tells a time-out in these words alone
            raise NotNow("The mail server gave no answer in time.", of_the_way=True) from error
        raise _Gone from None
    except smtplib.SMTPException as error:
        raise NotNow(f"The mail server does not take us: {error}", of_the_way=True) from error
    except OSError as error:
        raise NotNow("The mail server gave no answer in time.", of_the_way=True) from error
    if code in (250, 251):
        return
    if code == GOES_AWAY:
        raise _Gone
    with suppress(smtplib.SMTPException, OSError):
        smtp.rset()
    answer = _text(code, said)
    if 500 <= code < 600:
        raise Refused(
            f"The mail server refused {to}: {answer}",
            for_the_address=bounces.is_for_the_address(code, answer),
        )
    raise NotNow(f"The mail server does not take mail for {to} now: {answer}")


def _content(smtp: smtplib.SMTP, content: bytes) -> None:
    code: int
    said: bytes | str
    try:
        code, said = smtp.data(content)
    except smtplib.SMTPDataError as error:  # refused before anything was given
        code, said = error.smtp_code, error.smtp_error
        with suppress(smtplib.SMTPException, OSError):
            smtp.rset()
    except (smtplib.SMTPException, OSError) as error:
        raise Unsure(f"The mail server did not say whether it took this ({error}).") from error
    if code == 250:
        return
    if 500 <= code < 600:
        raise Refused(f"The mail server refused this mail: {_text(code, said)}")
    raise NotNow(
        f"The mail server could not take this now: {_text(code, said)}", of_the_way=code == GOES_AWAY
    )


def _connection(backend: EmailBackend) -> tuple[smtplib.SMTP, bool]:
    """The kept connection, or a new one (True). Raises NotNow when there is none to be had."""
    kept = _kept.backend
    if kept is not None and kept.connection is not None:
        same = (kept.host, kept.port) == (backend.host, backend.port)
        if same and monotonic() - _kept.used < STALE_SECONDS:
            return kept.connection, False
        _forget()
    try:
        backend.open()
    except (OSError, smtplib.SMTPException) as error:
        with suppress(Exception):
            backend.close()
        why = str(error) or type(error).__name__
        raise NotNow(f"{settings.EMAIL_HOST}:{backend.port}: {why}", of_the_way=True) from error
    _kept.backend = backend
    assert backend.connection is not None
    return backend.connection, True


def _forget() -> None:
    """Close the kept connection, however it is doing."""
    backend, _kept.backend = _kept.backend, None
    if backend is None or backend.connection is None:
        return
    with suppress(Exception):
        backend.connection.timeout = 1
        if backend.connection.sock is not None:
            backend.connection.sock.settimeout(1)
        backend.close()


@contextmanager
def _deadline(smtp: smtplib.SMTP) -> Iterator[None]:
    """End the connection under whoever waits on it when time is up."""
    timer = threading.Timer(TOTAL_SECONDS, _cut, [smtp])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _cut(smtp: smtplib.SMTP) -> None:
    link = smtp.sock
    if link is not None:
        with suppress(OSError):
            socket.socket.shutdown(link, socket.SHUT_RDWR)


def _text(code: int, said: bytes | str) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    return f"{code} {' '.join(text.split())}"
