"""E-mail by SMTP, or as one .eml file each: whichever Django's mail backend is set to (EMAIL_URL)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.smtp import EmailBackend
from django.core.mail.message import BadHeaderError

from core.outbox.models import OutgoingMessage
from core.outbox.transports.base import Refused
from core.outbox.transports.email import relay

TIMEOUT_SECONDS = 10


def send(message: OutgoingMessage) -> None:
    """Hand the message to the mail server.

    Raises Refused on a permanent answer about this recipient or message, NotNow on a temporary one, and NotNow
    `of_the_way` when the server takes nothing at all.
    """
    backend = get_connection(timeout=TIMEOUT_SECONDS)
    mail = mail_of(message)
    try:
        if isinstance(backend, EmailBackend):
            relay.hand_over(backend, mail, message.to)
        else:
            mail.connection = backend
            mail.send()
    except (BadHeaderError, UnicodeError) as error:
        raise Refused(f"This cannot be sent as mail: {error}") from error


def mail_of(message: OutgoingMessage) -> EmailMultiAlternatives:
    """The mail as it leaves. Raises BadHeaderError or UnicodeError later, when it cannot be written down."""
    mail = EmailMultiAlternatives(
        subject=message.subject,
        body=message.text,
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[message.to],
        # RFC 3834: automatic mail says so, that no vacation reply comes back.
        headers={"Auto-Submitted": "auto-generated", **message.headers, "Message-ID": message.message_id},
    )
    if message.html:
        mail.attach_alternative(message.html, "text/html")
    return mail


@contextmanager
def kept_open() -> Iterator[None]:
    """What this thread sends inside the block goes over one connection, opened when the first mail needs it."""
    with relay.kept_open():
        yield
