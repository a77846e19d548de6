"""Keyed links that a mail carries: to stop it (RFC 8058), and to confirm an address. They need no sign-in.

A link names rows, never an address, so that it ends what it was sent for and nothing that was begun later.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Iterable

from django.conf import settings
from django.urls import reverse
from django.utils.crypto import salted_hmac

STOP, CONFIRM = "stop", "confirm"
_BYTES = 16  # of the signature: 128 bits keep the header line short
MOST = 60  # subscriptions in one link


def unsubscribe_url(pks: Iterable[int]) -> str:
    """Where one POST ends these subscriptions."""
    return _url("unsubscribe", _signed(STOP, pks))


def confirm_url(*pks: int) -> str:
    """Where one button confirms these subscriptions, all of one address."""
    return _url("confirm_subscription", _signed(CONFIRM, pks))


def headers(pks: Iterable[int]) -> dict[str, str]:
    """What mail programs need to offer one-click unsubscribing (RFC 2369, RFC 8058)."""
    return {
        "List-Unsubscribe": f"<{unsubscribe_url(pks)}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def read(purpose: str, token: str) -> list[int]:
    """The rows that a link names; empty for a link that we did not make."""
    names, _, signature = token.rpartition(".")
    parts = names.split("-")
    if not all(part.isascii() and part.isdigit() and len(part) < 19 for part in parts):
        return []
    keys = [str(key) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]
    given = signature.encode()
    if not any(hmac.compare_digest(_signature(purpose, names, key).encode(), given) for key in keys):
        return []
    return [int(part) for part in parts]


def _signed(purpose: str, pks: Iterable[int]) -> str:
    names = "-".join(str(pk) for pk in sorted(set(pks))[:MOST])
    return f"{names}.{_signature(purpose, names, settings.SECRET_KEY)}"


def _signature(purpose: str, names: str, key: str) -> str:
    made = salted_hmac(f"customers.links.{purpose}", names, secret=key, algorithm="sha256").digest()[:_BYTES]
    return base64.urlsafe_b64encode(made).decode().rstrip("=")


def _url(name: str, token: str) -> str:
    return settings.BASE_URL.rstrip("/") + reverse(name, args=[token])
