"""E-mail by SMTP, or as one .eml file each: whichever Django's mail backend is set to (EMAIL_URL)."""

from __future__ import annotations

import smtplib

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.message import BadHeaderError

from core.outbox.models import OutgoingMessage
from core.outbox.transports.base import Refused

TIMEOUT_SECONDS = 10


def send(message: OutgoingMessage) -> None:
    """Hand the message to the mail server. Raises Refused on a permanent (5xx) answer for the recipient."""
    mail = EmailMultiAlternatives(
        subject=message.subject,
        body=message.text,
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[message.to],
        # RFC 3834: automatic mail says so, that no vacation reply comes back.
        headers={"Auto-Submitted": "auto-generated", **message.headers, "Message-ID": message.message_id},
        connection=get_connection(timeout=TIMEOUT_SECONDS),
    )
    if message.html:
        mail.attach_alternative(message.html, "text/html")
    try:
        mail.send()
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _ in error.recipients.values()]
        if all(500 <= code < 600 for code in codes):
            raise Refused(f"The mail server refused {message.to}: {error.recipients}") from error
        raise
    except (BadHeaderError, UnicodeError) as error:
        raise Refused(f"This cannot be sent as mail: {error}") from error
