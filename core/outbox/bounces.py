"""Addresses that take no mail: marked by a refusal for good, shown wherever the address is, cleared by a person.

A temporary refusal changes nothing here (HARD_CASES 13).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from django.db import transaction

from core.audit import trail
from core.common import clock
from core.common.actor import Actor, system
from core.outbox import relevance
from core.outbox.models import DeadAddress, Lane, OutgoingMessage

# RFC 3463: the address (5.1) or the mailbox (5.2) is the trouble; 5.7 and others are the relay's or the message's.
_ENHANCED = re.compile(r"\b5\.(\d{1,3})\.\d{1,3}\b")
_OF_THE_ADDRESS = ("1", "2")
_OF_THE_SESSION = (500, 501, 502, 503, 504, 530, 534, 535, 538, 554, 555)


def is_for_the_address(code: int, text: str) -> bool:
    """Does this answer to RCPT say that the address is wrong, rather than that we may not send?"""
    if not 500 <= code < 600:
        return False
    enhanced = _ENHANCED.search(text)
    return enhanced[1] in _OF_THE_ADDRESS if enhanced else code not in _OF_THE_SESSION


@transaction.atomic
def mark(
    address: str, why: str, *, message: OutgoingMessage | None = None, by: Actor | None = None
) -> DeadAddress:
    """This address takes no mail. Called on a refusal by the mail server, and for a delivery report by mail intake."""
    values = {"since": clock.now(), "why": " ".join(why.split())[:500], "cleared_at": None}
    found, new = DeadAddress.objects.get_or_create(address=_plain(address), defaults=values)
    if not new:
        again = DeadAddress.objects.filter(pk=found.pk).exclude(cleared_at=None)
        if not again.update(**values):
            return found
    kind, pk = (message.about_kind, message.about_id) if message else ("", None)
    trail.record(
        "address.undeliverable", on=found, by=by or system(), why=values["why"], about_kind=kind, about_id=pk
    )
    return found


@transaction.atomic
def clear(address: str, *, by: Actor) -> None:
    """Try this address again from now on; a second time changes nothing. The caller has checked that the actor may."""
    found = DeadAddress.objects.filter(address=_plain(address), cleared_at=None).first()
    if found is not None:
        DeadAddress.objects.filter(pk=found.pk).update(cleared_at=clock.now())
        trail.record("address.cleared", on=found, by=by, why=found.why)


def dead(addresses: Iterable[str]) -> dict[str, DeadAddress]:
    """Which of these take no mail, by address in lower case."""
    asked = {_plain(address) for address in addresses}
    return {row.address: row for row in DeadAddress.objects.filter(address__in=asked, cleared_at=None)}


def reason_not_to_try(message: OutgoingMessage) -> str:
    """Why a mail is not even tried ("" to try it). A page is always tried: somebody may be needed."""
    if message.endpoint_id is not None or message.transport != "email" or message.lane == Lane.PAGE:
        return ""
    if _plain(message.to) not in relevance.once("dead addresses", _all_dead):
        return ""
    found = DeadAddress.objects.filter(address=_plain(message.to), cleared_at=None).first()
    return (
        f"Not sent: {message.to} takes no mail since {found.since:%d %b %H:%M} UTC. {found.why}"
        if found
        else ""
    )


def _all_dead() -> frozenset[str]:
    return frozenset(DeadAddress.objects.filter(cleared_at=None).values_list("address", flat=True))


def _plain(address: str) -> str:
    return address.strip().casefold()[:320]
