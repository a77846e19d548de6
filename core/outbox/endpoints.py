"""Addresses outside to which the desk posts: kept sealed, shown once, by whoever typed them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from datetime import timedelta

from django.conf import settings
from django.db.models import F

from core.common import clock, sealed
from core.common.errors import RuleBroken
from core.outbox import filling, outgoing
from core.outbox.models import Endpoint
from core.outbox.transports.webhook import SECRET_START

Kind = Endpoint.Transport


def add(
    transport: str, url: str, *, template: str = "", format: str = "json", authorization: str = ""
) -> tuple[Endpoint, str]:
    """Keep an address. Returns it with the secret that signs what goes there, which is shown once ("" for none).

    A webhook without a template is signed; with one it is somebody else's API, which `authorization` opens (the
    value of that header). Raises RuleBroken for what the desk would never call or could not fill in.
    """
    if transport not in Kind.values:
        raise RuleBroken(f"Choose one of {', '.join(Kind.values)}.", field="transport")
    where = checked(url)
    if transport != Kind.WEBHOOK and (template or authorization):
        raise RuleBroken("Only a webhook takes a template.", field="template")
    template = template.strip()
    if template:
        filling.check(template, _format(format))
    if re.search(r"[^\x20-\x7e]", authorization) or len(authorization) > 1_000:
        raise RuleBroken("The Authorization header is one line of ASCII.", field="authorization")
    secret = new_secret() if transport == Kind.WEBHOOK and not template else ""
    made = Endpoint.objects.create(
        transport=transport,
        host=where.host,
        sealed_url=sealed.seal(url.strip()),
        template=template,
        format=_format(format),
        sealed_authorization=sealed.seal(authorization.strip()),
        sealed_secret=sealed.seal(secret),
        fingerprint=fingerprint(transport, url),
        created_at=clock.now(),
    )
    return made, secret


def remove(endpoint: Endpoint) -> None:
    """Forget the address and its secrets; messages still on their way there are refused and say so."""
    Endpoint.objects.filter(pk=endpoint.pk).update(
        sealed_url="", sealed_authorization="", sealed_secret="", sealed_old_secret="", removed_at=clock.now()
    )


def point(endpoint: Endpoint, url: str) -> None:
    """Another address for the same endpoint; what waits goes there. Raises RuleBroken as `add`."""
    where = checked(url)
    Endpoint.objects.filter(pk=endpoint.pk).update(
        host=where.host, sealed_url=sealed.seal(url.strip()), fingerprint=fingerprint(endpoint.transport, url)
    )


def rotate(endpoint: Endpoint, *, overlap: timedelta) -> str:
    """A new secret, returned once. For `overlap` the old one signs as well, so that receivers change in their time."""
    secret = new_secret()
    Endpoint.objects.filter(pk=endpoint.pk).update(
        sealed_secret=sealed.seal(secret),
        sealed_old_secret=F("sealed_secret"),
        old_secret_until=clock.now() + overlap,
    )
    return secret


def checked(url: str, *, look_up: bool = False) -> outgoing.Target:
    """Where an address leads. Raises RuleBroken for what the desk would never call.

    With `look_up` its name is resolved, too, and a closed address refuses it; one that does not resolve now may later.
    """
    try:
        where = outgoing.target(url.strip())
        if look_up:
            outgoing.look_up(where)
    except outgoing.Blocked as blocked:
        raise RuleBroken(str(blocked), field="url") from blocked
    return where


def fingerprint(transport: str, url: str) -> str:
    """The same for the same place, and says nothing of it: two subscriptions of one channel get one message."""
    key = f"desk.endpoint.{settings.SECRET_KEY}".encode()
    return hmac.new(key, f"{transport} {url.strip()}".encode(), hashlib.sha256).hexdigest()


def new_secret() -> str:
    """Of the form that the Standard Webhooks ask for."""
    return SECRET_START + base64.b64encode(secrets.token_bytes(24)).decode()


def _format(text: str) -> filling.Format:
    try:
        return filling.Format(text)
    except ValueError:
        raise RuleBroken("The format is json or form.", field="format") from None
