"""Mail without a mail server: every message becomes one .eml file in a folder."""

import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from core.common import clock


class FolderBackend(BaseEmailBackend):
    """Writes ``<time>-<random>.eml`` into ``settings.EMAIL_FILE_PATH``; a file is whole or not there."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        folder = Path(settings.EMAIL_FILE_PATH or settings.DATA_DIR / "outbox")
        folder.mkdir(parents=True, exist_ok=True)
        for message in email_messages:
            name = f"{clock.now():%Y%m%dT%H%M%S.%f}-{secrets.token_hex(4)}"
            draft = folder / f".{name}.draft"
            whole = message.message().as_bytes(linesep="\r\n")  # type: ignore[call-arg]  # Django's own argument
            draft.write_bytes(whole)
            os.replace(draft, folder / f"{name}.eml")
        return len(email_messages)
