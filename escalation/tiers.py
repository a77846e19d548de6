"""The tiers by name: every page, sentence and answer that says L1 asks here.

Names are read on every row of a list, so this process remembers them for half a minute. Whoever decides by them
(the operations) reads the rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from django.core.cache import caches

from core.common.errors import Conflict
from escalation.ladder import Ladder
from escalation.models import Tier

KEPT_SECONDS = 30
_KEY = "escalation.tiers"

# What else stands on a tier; a room above says so in a sentence, or "" when nothing does.
Use = Callable[[Tier], str]
_uses: list[Use] = []


def ladder() -> Ladder:
    """The tiers for a page's drawing; up to half a minute old."""
    kept = caches["local"].get(_KEY)
    if kept is None:
        now = ladder_now()
        caches["local"].set(_KEY, (dict(now.names), now.last), KEPT_SECONDS)
        return now
    return Ladder(*kept)


def ladder_now() -> Ladder:
    """The tiers as they are."""
    rows = list(Tier.objects.order_by("number"))
    return Ladder(
        {row.number: row.name for row in rows}, max((row.number for row in rows if row.active), default=1)
    )


def name(number: int) -> str:
    """What a tier is called."""
    return ladder().name(number)


def choices() -> list[tuple[str, str]]:
    """The tiers in use, for a form."""
    now = ladder_now()
    return [(str(number), now.name(number)) for number in now.numbers]


def forget() -> None:
    """The names have changed."""
    caches["local"].set(_KEY, None)


def hold(number: int) -> Tier:
    """The tier in use, held until the end of the transaction, so that nobody takes it away under what moves there.

    Raises Conflict when there is none.
    """
    found = Tier.objects.select_for_update().filter(number=number, active=True).first()
    if found is None:
        raise Conflict(f"There is no {name(number)} here: the last tier is {name(ladder_now().last)}.")
    return found


def register_use(use: Use) -> None:
    """A room above says what of its own stands on a tier; called from AppConfig.ready()."""
    _uses.append(use)


def uses() -> Iterable[Use]:
    return tuple(_uses)
