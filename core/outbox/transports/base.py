"""What every transport shares: the two ways to fail, and one POST to an endpoint."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from core.common import clock, sealed
from core.outbox import outgoing
from core.outbox.models import OutgoingMessage

LONGEST_RETRY_AFTER = timedelta(days=1)
NOT_NOW = (408, 429)
JSON = "application/json"


class Refused(Exception):
    """The other side will never take this message: the address is wrong, or the message is.

    `for_the_address`: it will take no other message for this mail address either.
    """

    def __init__(self, sentence: str, *, for_the_address: bool = False) -> None:
        super().__init__(sentence)
        self.for_the_address = for_the_address


class NotNow(Exception):
    """The other side asks to be tried again, `after` that long where it says so.

    `of_the_way`: it takes nothing at all now, whatever the message.
    """

    def __init__(self, sentence: str, after: timedelta | None = None, *, of_the_way: bool = False) -> None:
        super().__init__(sentence)
        self.after = after
        self.of_the_way = of_the_way


class Unsure(NotNow):
    """The connection ended after everything was handed over: it may have been taken, and may come twice."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, of_the_way=True)


def post_json(message: OutgoingMessage, payload: Mapping[str, Any]) -> None:
    """POST a JSON body to the message's endpoint; raises like `post`."""
    post(message, json.dumps(payload).encode(), {"Content-Type": JSON})


def post(message: OutgoingMessage, body: bytes, headers: Mapping[str, str]) -> None:
    """POST to the message's endpoint.

    Raises Refused for 3xx (no redirect is followed), 4xx, a blocked or removed address; NotNow for 408, 429, 5xx;
    outgoing.Unreachable when there was no answer.
    """
    try:
        answer = outgoing.post(address(message), body, headers)
    except outgoing.Blocked as blocked:
        raise Refused(str(blocked)) from blocked
    if answer.status < 300:
        return
    host = message.endpoint.host if message.endpoint else ""
    if answer.status in NOT_NOW or answer.status >= 500:
        wait = retry_after(answer, clock.now())
        raise NotNow(f"{host} answered {answer.status}.", wait, of_the_way=answer.status >= 500)
    if answer.status < 400:
        raise Refused(f"{host} answered {answer.status}, and the desk follows no redirect.")
    raise Refused(f"{host} answered {answer.status}.")


def address(message: OutgoingMessage) -> str:
    """The secret address behind a message. Raises Refused when it was removed."""
    if message.endpoint is None or not message.endpoint.sealed_url:
        raise Refused("This address was removed.")
    try:
        return sealed.unseal(message.endpoint.sealed_url)
    except sealed.Unreadable as error:
        raise Refused(str(error)) from error


def retry_after(answer: outgoing.Answer, now: datetime) -> timedelta | None:
    """How long the other side asks us to wait (RFC 9110, 10.2.3: seconds or a date); at most a day."""
    text = answer.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit() and len(text) < 10:
        return min(timedelta(seconds=int(text)), LONGEST_RETRY_AFTER)
    try:
        then = parsedate_to_datetime(text)
    except ValueError:
        return None
    then = then if then.tzinfo else then.replace(tzinfo=UTC)
    return min(max(then - now, timedelta()), LONGEST_RETRY_AFTER)
