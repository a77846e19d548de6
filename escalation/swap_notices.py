"""The mails of a swap: who is asked, who took it, that it is off the table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.urls import reverse

from core.accounts.models import User
from core.common.actor import Actor
from core.outbox import relevance
from core.outbox.models import OutgoingMessage
from escalation import rotation_notices
from escalation.models import Swap

ASKED, DECIDED = "swap.asked", "swap.decided"


def asked(swap: Swap, people: Iterable[User]) -> None:
    for person in people:
        _put(swap, person, "swap_asked", ASKED)


def taken(swap: Swap) -> None:
    """Both who swapped, and the team's lead."""
    for person in _each(swap.asked_by, swap.taken_by, swap.rotation.team.lead):
        _put(swap, person, "swap_taken", DECIDED)


def withdrawn(swap: Swap, by: Actor) -> None:
    """Who offered it and who was asked, but not who did it."""
    for person in _each(swap.asked_by, swap.asked_of):
        if person.pk != by.user_id:
            _put(swap, person, "swap_withdrawn", DECIDED, who=by.label)


def expired(swap: Swap) -> None:
    """Who offered it, since it stays theirs, and the team's lead."""
    for person in _each(swap.asked_by, swap.rotation.team.lead):
        _put(swap, person, "swap_expired", DECIDED)


def why_not(message: OutgoingMessage) -> str | None:
    """Why a queued question is no longer one; None while it is."""
    swap = Swap.objects.filter(pk=message.about_id or 0).first()
    if swap is None or swap.state == Swap.State.ASKED:
        return None if swap else "The swap is gone."
    return f"The swap is {swap.get_state_display().lower()}."


def register() -> None:
    relevance.register(ASKED, why_not)


def _each(*people: User | None) -> list[User]:
    return list({person.pk: person for person in people if person is not None}.values())


def _put(swap: Swap, person: User, name: str, topic: str, **context: Any) -> None:
    when = rotation_notices.when
    facts: dict[str, Any] = {
        "swap": swap,
        "url": rotation_notices.address(reverse("escalation:swap", args=[swap.pk])),
        "start": when(swap.starts_at, person),
        "end": when(swap.ends_at, person),
        **context,
    }
    if swap.return_starts_at is not None and swap.return_ends_at is not None:
        facts["in_return"] = (when(swap.return_starts_at, person), when(swap.return_ends_at, person))
    rotation_notices.put(
        person, name, facts, topic=topic, team=swap.rotation.team, key=f"{name}.{swap.pk}", about=swap
    )
