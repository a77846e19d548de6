"""From an update and one recipient to the message that is queued."""

from __future__ import annotations

import hashlib

from core.outbox import queue
from core.outbox.models import Lane, OutgoingMessage
from customers import links
from customers import notices as stopping
from incidents import notices
from incidents.audience import TOPIC, Recipient
from incidents.models import Incident, Update


def message(incident: Incident, update: Update, to: Recipient) -> OutgoingMessage:
    """One message for one way to somebody, ready to be queued."""
    text = notices.mail(incident, update, link=to.staff and to.endpoint is None, audience=to.audience)
    if to.endpoint is None:
        text += stopping.stopping(links.unsubscribe_url(_rows(to)))
    return queue.prepared(
        lane=Lane.INCIDENT,
        to=to.to,
        subject=update.subject_for(to.audience),
        text=text,
        topic=TOPIC,
        about=incident,
        about_version=update.number,
        dedup_key=dedup_key(incident, f"update-{update.number}", to.key),
        headers=headers(incident, update.number, to) if to.endpoint is None else None,
        endpoint=to.endpoint,
        data=_data(incident, to) if to.endpoint is not None else None,
    )


def headers(incident: Incident, number: int, to: Recipient) -> dict[str, str]:
    """The mails of an incident are one conversation, which ends with one click (RFC 5322 3.6.4, RFC 8058)."""
    thread = {}
    if number > 1:
        first, last = (_message_id(incident, n, to) for n in (1, number - 1))
        thread = {"In-Reply-To": last, "References": " ".join(dict.fromkeys([first, last]))}
    return {**thread, **links.headers(_rows(to))}


def dedup_key(incident: Incident, what: str, address: str) -> str:
    """The same for the same recipient of the same thing; an address alone may be longer than the column."""
    return f"incident-{incident.pk}-{what}-{hashlib.sha256(address.casefold().encode()).hexdigest()[:24]}"


def _message_id(incident: Incident, number: int, to: Recipient) -> str:
    return queue.message_id_for(dedup_key(incident, f"update-{number}", to.key))


def _data(incident: Incident, to: Recipient) -> dict[str, object]:
    shown = [[f"Open {incident.reference}", notices.address(incident)]] if to.staff else []
    return {"links": shown, "values": {"reference": incident.reference}}


def _rows(to: Recipient) -> list[int]:
    return [row.pk for row in to.subscriptions]
