"""Any other program by HTTP: JSON signed as the Standard Webhooks say, or a body of the receiver's own shape.

A template makes the body that an SMS or voice provider asks for; without one the body is
{"type", "timestamp", "data"}. `webhook-id` is the same for every attempt, as the Message-ID of a mail is.
https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

from core.common import clock, sealed
from core.outbox import filling
from core.outbox.models import Endpoint, OutgoingMessage
from core.outbox.transports.base import JSON, Refused, post

SECRET_START = "whsec_"  # noqa: S105 - the specification's prefix, no secret
LONGEST_SHORT = 300


def send(message: OutgoingMessage) -> None:
    """Hand the message to the receiver. Raises like transports.base.post."""
    endpoint = message.endpoint
    if endpoint is None:
        raise Refused("This address was removed.")
    body = body_of(message, endpoint)
    post(message, body, headers_of(message, endpoint, body))


def body_of(message: OutgoingMessage, endpoint: Endpoint) -> bytes:
    if endpoint.template:
        return filling.fill(endpoint.template, filling.Format(endpoint.format), values_of(message)).encode()
    data: dict[str, Any] = {"subject": message.subject, "text": message.text, **values_of(message)}
    said = {"type": message.topic, "timestamp": message.created_at.isoformat(), "data": data}
    return json.dumps(said).encode()


def values_of(message: OutgoingMessage) -> dict[str, str]:
    """What a template may name."""
    link = message.links[0][1] if message.links else ""
    room = LONGEST_SHORT - len(link) - 1
    known = {name: str(value) for name, value in message.data.get("values", {}).items()}
    return {
        "subject": message.subject,
        "text": message.text,
        "link": link,
        "short": f"{message.subject[:room]} {link}".strip(),
        "id": identity(message),
        **{name: value for name, value in known.items() if name in filling.VARIABLES},
    }


def headers_of(message: OutgoingMessage, endpoint: Endpoint, body: bytes) -> dict[str, str]:
    kind = filling.CONTENT_TYPES[filling.Format(endpoint.format)] if endpoint.template else JSON
    at = str(int(clock.now().timestamp()))
    headers = {"Content-Type": kind, "webhook-id": identity(message), "webhook-timestamp": at}
    if signed := signatures(endpoint, headers["webhook-id"], at, body):
        headers["webhook-signature"] = signed
    if authorization := _opened(endpoint.sealed_authorization):
        headers["Authorization"] = authorization
    return headers


def identity(message: OutgoingMessage) -> str:
    """The same for every attempt, so that the receiver can drop a repeat."""
    return "msg_" + message.message_id.strip("<>").partition("@")[0]


def signatures(endpoint: Endpoint, identity: str, at: str, body: bytes) -> str:
    """By the secret, and for a while after a change by the old one, too: separated by spaces, as the standard says."""
    secrets = [endpoint.sealed_secret]
    if endpoint.old_secret_until is not None and clock.now() < endpoint.old_secret_until:
        secrets.append(endpoint.sealed_old_secret)
    return " ".join(signature(_opened(secret), identity, at, body) for secret in secrets if secret)


def signature(secret: str, identity: str, at: str, body: bytes) -> str:
    """v1 of the specification: HMAC-SHA256 over id, timestamp and body."""
    key = base64.b64decode(secret.removeprefix(SECRET_START))
    signed = hmac.new(key, f"{identity}.{at}.".encode() + body, hashlib.sha256)
    return "v1," + base64.b64encode(signed.digest()).decode()


def _opened(text: str) -> str:
    try:
        return sealed.unseal(text)
    except sealed.Unreadable as error:
        raise Refused(str(error)) from error
