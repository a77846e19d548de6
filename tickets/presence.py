"""Who has a ticket open now, and who is writing: soft, in the shared cache, gone by itself.

A page says every 15 seconds that it is still there; after 40 seconds without that its reader is gone. Nothing is
locked by it. Two beats at the very same instant may hide one of them until its next; no more hangs on it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.core.cache import cache

from core.common import clock
from core.common.actor import Actor
from tickets.models import Ticket

GONE_AFTER = 40  # seconds
MOST_SHOWN = 4


@dataclass(frozen=True)
class Person:
    pk: int
    name: str
    writing: str = ""  # "", "reply" or "note"

    @property
    def doing(self) -> str:
        return {"reply": "is writing a reply", "note": "is writing an internal note"}.get(
            self.writing, "is viewing"
        )


def beat(ticket: Ticket, actor: Actor, *, writing: str = "") -> None:
    """The actor has the ticket open. The caller has checked that they see it."""
    now = clock.now().timestamp()
    there = {
        who: row for who, row in (cache.get(_key(ticket.pk)) or {}).items() if now - row[2] <= GONE_AFTER
    }
    there[str(actor.user_id)] = [actor.label, writing if writing in ("reply", "note") else "", now]
    cache.set(_key(ticket.pk), there, timeout=GONE_AFTER + 1)


def here(tickets: Iterable[Ticket], actor: Actor) -> dict[int, list[Person]]:
    """Who else has these tickets open, by ticket; who writes comes first. One call to the cache."""
    keys = {_key(ticket.pk): ticket.pk for ticket in tickets}
    now = clock.now().timestamp()
    found: dict[int, list[Person]] = {}
    for key, there in cache.get_many(keys).items():
        people = [
            Person(int(who), name, writing)
            for who, (name, writing, at) in there.items()
            if now - at <= GONE_AFTER and int(who) != actor.user_id
        ]
        if people:
            found[keys[key]] = sorted(people, key=lambda one: (not one.writing, one.name))[:MOST_SHOWN]
    return found


def place(tickets: list[Ticket], actor: Actor) -> None:
    """Put who else is there on each ticket of a list, as `present`."""
    found = here(tickets, actor)
    for ticket in tickets:
        ticket.present = found.get(ticket.pk, [])


def _key(pk: int) -> str:
    return f"presence:ticket:{pk}"
