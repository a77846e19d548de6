"""Secrets that must be used again (a webhook's address, a provider's key): encrypted at rest, shown to nobody.

Fernet, with a key derived from SECRET_KEY for this purpose alone. Keys in SECRET_KEY_FALLBACKS still open what
they sealed, so that a key can be changed.
"""

from __future__ import annotations

import base64
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

PURPOSE = b"desk.sealed.v1"


class Unreadable(Exception):
    """It was sealed with a key that the desk no longer has."""


def seal(text: str) -> str:
    """The text, encrypted; an empty one stays empty."""
    return _box(_keys()).encrypt(text.encode()).decode() if text else ""


def unseal(sealed: str) -> str:
    """What `seal` was given. Raises Unreadable when the secret key was changed since."""
    if not sealed:
        return ""
    try:
        return _box(_keys()).decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise Unreadable("This was sealed with another secret key; enter it again.") from error


def _keys() -> tuple[str, ...]:
    return (settings.SECRET_KEY, *(str(key) for key in settings.SECRET_KEY_FALLBACKS))


@lru_cache(maxsize=4)
def _box(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(_derived(key)) for key in keys])


def _derived(key: str) -> bytes:
    derivation = HKDF(algorithm=SHA256(), length=32, salt=None, info=PURPOSE)
    return base64.urlsafe_b64encode(derivation.derive(key.encode()))
