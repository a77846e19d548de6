"""Times as people type them: a wall clock reading in a zone, made into one moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, available_timezones

from core.common.errors import RuleBroken


@dataclass(frozen=True)
class Offer:
    """One of the two moments that a typed time may mean, and how to say it: "01:30 (UTC+0100)"."""

    moment: datetime
    words: str


class Unclear(RuleBroken):
    """A typed time does not exist or exists twice, as the clocks change; `offers` are both its neighbours."""

    def __init__(self, sentence: str, field: str, offers: tuple[Offer, ...]) -> None:
        super().__init__(sentence, field)
        self.offers = offers


def moment_of(wall: datetime, zone: str, *, field: str, meant: datetime | None = None) -> datetime:
    """The moment of a typed wall clock time, in UTC.

    Raises RuleBroken for an unknown zone (at the field "zone"), and Unclear, offering both neighbours, for a
    time that does not exist or exists twice as the clocks change (at `field`); `meant` is the one of both that
    was chosen, and anything else is as if nothing was.
    """
    if zone not in available_timezones():
        raise RuleBroken(
            f"There is no time zone “{zone[:60]}”; one is Europe/Paris, for example.", field="zone"
        )
    place = ZoneInfo(zone)
    first, second = (wall.replace(tzinfo=place, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first == second:
        return first
    if meant in (first, second):
        assert meant is not None
        return meant.astimezone(UTC)
    offers = tuple(
        Offer(moment, f"{moment.astimezone(place):%H:%M} (UTC{moment.astimezone(place):%z})")
        for moment in sorted((first, second))
    )
    gap = first.astimezone(place).replace(tzinfo=None) != wall
    words = "does not exist" if gap else "exists twice"
    raise Unclear(
        f"{wall:%H:%M} {words} on {wall:%d %b %Y} in {zone}, as the clocks change. "
        f"Choose {' or '.join(offer.words for offer in offers)}.",
        field,
        offers,
    )
