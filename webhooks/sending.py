"""Our way out of the outbox: one signed call, written down with its answer.

Anything but a 2xx is a failure and tried again, a redirect as well, which is never followed. The body, once written,
stays the same for every attempt, and so does webhook-id.
"""

from __future__ import annotations

from time import monotonic

from core.common import clock
from core.outbox import outgoing
from core.outbox.models import OutgoingMessage
from core.outbox.transports import NotNow, Refused
from core.outbox.transports.base import JSON, address, retry_after
from core.outbox.transports.webhook import headers_of
from webhooks import operations
from webhooks.models import Delivery

GONE = 410


def send(message: OutgoingMessage) -> None:
    """Call once. Raises Refused for 410 and for an address that is never called, NotNow or Unreachable for the rest."""
    delivery = Delivery.objects.select_related("webhook__owner").get(message=message)
    endpoint = message.endpoint
    assert endpoint is not None
    body = message.text.encode()
    url, headers = address(message), {**headers_of(message, endpoint, body), "Content-Type": JSON}
    at, started = clock.now(), monotonic()
    try:
        answer = outgoing.post(url, body, headers)
    except (outgoing.Blocked, outgoing.Unreachable) as error:
        operations.attempted(delivery, at=at, milliseconds=_since(started), status=None, error=str(error))
        if isinstance(error, outgoing.Blocked):
            raise Refused(str(error)) from error
        raise
    said = answer.body.decode("utf-8", "replace").replace("\x00", "")
    operations.attempted(
        delivery, at=at, milliseconds=_since(started), status=answer.status, answer=said, error=_why(answer.status)
    )  # fmt: skip
    if answer.status == GONE:
        raise Refused(f"{endpoint.host} answered 410 Gone.")
    if not 200 <= answer.status < 300:
        raise NotNow(f"{endpoint.host} answered {answer.status}.", retry_after(answer, clock.now()))


def _since(started: float) -> int:
    return round((monotonic() - started) * 1000)


def _why(status: int) -> str:
    return "The desk follows no redirect." if 300 <= status < 400 else ""
