"""What an incident cost in minutes: pure arithmetic and the checks of an assessment. No database, no clock."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise, product

from core.common.errors import Invalid, RuleBroken

MOST_INTERVALS = 50
REST = ""  # the regions, or services, that nobody named


@dataclass(frozen=True)
class Part:
    """A region or a service, and its share of all users or of all work (0 to 1)."""

    slug: str
    name: str
    share: float


@dataclass(frozen=True)
class Stretch:
    """One interval of an assessment. No region: everywhere; no service: all of it. degraded: 0 to 1."""

    application: str
    started_at: datetime
    ended_at: datetime
    degraded: float = 1.0
    regions: tuple[Part, ...] = ()
    services: tuple[Part, ...] = ()
    planned: bool = False

    @property
    def minutes(self) -> float:
        return (self.ended_at - self.started_at).total_seconds() / 60


# --- arithmetic -------------------------------------------------------------------------------------------
def weighted_minutes(stretches: Iterable[Stretch]) -> float:
    """Minutes of one application, each weighted by the share of users and of work that was lost (HARD_CASES 34).

    What overlaps for the same users and the same work adds up to at most the whole of it, and no minute ever counts
    more than once. Planned time does not count.
    """
    counted = [one for one in stretches if not one.planned]
    edges = sorted({moment for one in counted for moment in (one.started_at, one.ended_at)})
    return sum(
        (end - start).total_seconds()
        / 60
        * lost([one for one in counted if one.started_at <= start and one.ended_at >= end])
        for start, end in pairwise(edges)
    )


def lost(running: Sequence[Stretch]) -> float:
    """The share of an application (0 to 1) that is gone while all of these run."""
    regions = _shares(part for one in running for part in one.regions)
    services = _shares(part for one in running for part in one.services)
    found = 0.0
    for (region, users), (service, work) in product(regions.items(), services.items()):
        hit = [
            one.degraded for one in running if _covers(one.regions, region) and _covers(one.services, service)
        ]
        found += users * work * min(1.0, sum(hit))
    return min(1.0, found)


def _shares(parts: Iterable[Part]) -> dict[str, float]:
    named = {part.slug: part.share for part in parts}
    return {**named, REST: max(0.0, 1.0 - sum(named.values()))}


def _covers(parts: tuple[Part, ...], slug: str) -> bool:
    return not parts or slug in {part.slug for part in parts}


# --- words ------------------------------------------------------------------------------------------------
def sentence(one: Stretch) -> str:
    """ "23 minutes at 30 % of users in EU: 6.9 weighted minutes"."""
    text = f"{_counted(one.minutes)} at {figure(one.degraded * 100)} % of users"
    if one.regions:
        text += f" in {_named(one.regions, 'all users')}"
    if one.services:
        text += f", {_named(one.services, 'the work')} only"
    if one.planned:
        return f"{text}: planned, does not count"
    return f"{text}: {figure(weighted_minutes([one]))} weighted minutes"


def figure(number: float) -> str:
    """At most one digit behind the point, and none where there is nothing to say."""
    return f"{number:,.1f}".removesuffix(".0")


def _counted(minutes: float) -> str:
    return "1 minute" if minutes == 1 else f"{figure(minutes)} minutes"


def _named(parts: tuple[Part, ...], whole: str) -> str:
    share = min(1.0, sum(part.share for part in parts))
    names = " and ".join(part.name for part in parts)
    return names if share == 1 else f"{names} ({figure(share * 100)} % of {whole})"


# --- checks -----------------------------------------------------------------------------------------------
def check(
    stretches: Sequence[Stretch], began: datetime, ended: datetime, *, no_impact: bool, reason: str
) -> None:
    """Refuse an assessment that says two things at once, or of another time than the incident's.

    Errors name their interval: `intervals.0.ended_at` is that of the first.
    """
    if no_impact and stretches:
        raise RuleBroken("Either there was no impact, or say when and for whom; not both.", field="no_impact")
    if no_impact and not reason.strip():
        raise RuleBroken("Say why this did not touch availability.", field="reason")
    if not no_impact and not stretches:
        raise RuleBroken(
            "Say from when to when it was gone or worse, or that there was no impact.", "intervals"
        )
    if len(stretches) > MOST_INTERVALS:
        raise RuleBroken(f"At most {MOST_INTERVALS} intervals.", field="intervals")
    errors: dict[str, list[str]] = {}
    for number, one in enumerate(stretches):
        for field, text in _wrong(one, began, ended):
            errors.setdefault(f"intervals.{number}.{field}", []).append(text)
    if errors:
        raise Invalid(errors)


def _wrong(one: Stretch, began: datetime, ended: datetime) -> list[tuple[str, str]]:
    found = []
    if not 0 < one.degraded <= 1:
        found.append(
            ("degraded", "A share lies between nothing and all; for none say that there was no impact.")
        )
    if one.ended_at <= one.started_at:
        found.append(("ended_at", "It must end after it began."))
    if one.started_at < began:
        found.append(("started_at", f"The incident began only at {_moment(began)}."))
    if one.ended_at > ended:
        found.append(("ended_at", f"The service was restored at {_moment(ended)}."))
    return found


def _moment(at: datetime) -> str:
    return f"{at.day} {at:%b %H:%M} UTC"
