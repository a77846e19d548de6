"""Pure decisions about service levels: which policy applies, what pauses a clock, when an alarm is due.

No database, no clock of its own; times are whole seconds of business time unless a name says minutes.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Generic, Protocol, TypeVar

WAITING = "waiting"
"""The reason that always pauses: we wait for the customer."""

HOLD_REASONS = ("vendor", "change", "problem", "scheduled")
"""Reasons for putting work on hold; each policy lists those that pause its clocks."""

STARTING = ("new", "open")
"""States in which clocks start; pausing in one of them would be a contradiction."""

THRESHOLDS = (50, 75, 90, 100)
BREACH = 100
REPEAT_SECONDS = 4 * 3600


class Part(StrEnum):
    """Who is reminded, by the part they play for the subject."""

    ASSIGNEE = "assignee"
    LEAD = "lead"
    MANAGER = "manager"


@dataclass(frozen=True, slots=True)
class Facts:
    """What a policy is chosen by. An empty value matches only policies that do not ask for it."""

    priority: str
    customer_tier: str = ""
    kind: str = ""
    application_id: int | None = None


class Matching(Protocol):
    """The part of a policy that decides whom it is for; empty means anybody."""

    @property
    def pk(self) -> Any: ...
    @property
    def order(self) -> Any: ...
    @property
    def customer_tier(self) -> Any: ...
    @property
    def kind(self) -> Any: ...
    @property
    def priority(self) -> Any: ...
    @property
    def application_id(self) -> Any: ...


P = TypeVar("P", bound=Matching)

LAST = 2**63
"""The place of what is not stored yet, among the ids."""

MATCHED_BY = ("customer_tier", "kind", "application_id", "priority")


@dataclass(frozen=True, slots=True)
class Verdict(Generic[P]):
    """How a policy did for some facts: what it asks for, what of that differs, and why it lost ("" if it won)."""

    policy: P
    asks: tuple[str, ...]
    differs: tuple[str, ...]
    lost: str = ""

    @property
    def fits(self) -> bool:
        return not self.differs


def judge(policies: Iterable[P], facts: Facts) -> list[Verdict[P]]:
    """Every policy's verdict: those that fit first, the winner in front, then those that do not fit.

    The most specific that fits wins, then the first in order, then the oldest.
    """
    found = [_verdict(policy, facts) for policy in policies]
    fitting = sorted((one for one in found if one.fits), key=_rank)
    losers = [replace(one, lost=_why_lost(one, fitting[0])) for one in fitting[1:]]
    return [*fitting[:1], *losers, *(one for one in found if not one.fits)]


def choose(policies: Iterable[P], facts: Facts) -> P | None:
    """The policy for these facts; None if none fits."""
    fitting = [one for one in (_verdict(policy, facts) for policy in policies) if one.fits]
    return min(fitting, key=_rank).policy if fitting else None


def asks(policy: Matching) -> tuple[str, ...]:
    """The facts by which a policy asks for some value."""
    return tuple(name for name in MATCHED_BY if getattr(policy, name) not in ("", None))


def shadows(one: Matching, other: Matching) -> bool:
    """Whether `one` wins wherever `other` fits: they are for the same work, and it comes first."""
    same = all(getattr(one, name) == getattr(other, name) for name in MATCHED_BY)
    return same and (one.order, one.pk) < (other.order, other.pk or LAST)


def _verdict(policy: P, facts: Facts) -> Verdict[P]:
    asked = asks(policy)
    differs = tuple(name for name in asked if getattr(policy, name) != getattr(facts, name))
    return Verdict(policy, asked, differs, "it is for other work" if differs else "")


def _rank(verdict: Verdict[Any]) -> tuple[int, int, int]:
    return -len(verdict.asks), verdict.policy.order, verdict.policy.pk


def _why_lost(loser: Verdict[Any], winner: Verdict[Any]) -> str:
    if len(loser.asks) < len(winner.asks):
        return f"less specific: it asks for {_facts(len(loser.asks))}, the chosen one for {len(winner.asks)}"
    if loser.policy.order > winner.policy.order:
        return f"as specific, but later in order: {loser.policy.order} after {winner.policy.order}"
    return "as specific and the same in order, but entered later"


def _facts(count: int) -> str:
    return f"{count or 'no'} fact{'' if count == 1 else 's'}"


def pauses(reason: str, pause_reasons: Collection[str]) -> bool:
    """Whether a clock stands still: always while waiting for the customer, on hold only for listed reasons."""
    return reason == WAITING or reason in pause_reasons


def reached(target: int, elapsed: int) -> int:
    """The latest alarm that `elapsed` seconds have passed: 0, 50, 75, 90, 100 (the breach), and from then
    on 101, 102, ... for each further four hours."""
    if elapsed >= target:
        return BREACH + (elapsed - target) // REPEAT_SECONDS
    return max((percent for percent in THRESHOLDS if elapsed * 100 >= percent * target), default=0)


def following(alarm: int) -> int:
    """The alarm after this one."""
    return next((percent for percent in THRESHOLDS if percent > alarm), alarm + 1)


def elapsed_at_alarm(target: int, alarm: int) -> int:
    """The elapsed seconds at which an alarm falls due."""
    if alarm > BREACH:
        return target + (alarm - BREACH) * REPEAT_SECONDS
    return -(-target * alarm // 100)


def audience(alarm: int) -> tuple[Part, ...]:
    """Who hears an alarm: the assignee always, the team lead from 75 %, the manager from the breach."""
    if alarm >= BREACH:
        return (Part.ASSIGNEE, Part.LEAD, Part.MANAGER)
    return (Part.ASSIGNEE, Part.LEAD) if alarm >= 75 else (Part.ASSIGNEE,)


MOST_MINUTES = 2 * 366 * 24 * 60


def contradictions(
    *, targets: tuple[int | None, int | None, int | None], pause_reasons: Any
) -> dict[str, list[str]]:
    """Where a policy contradicts itself: sentences by field; empty when it does not.

    targets: first response, next response, resolution, in minutes.
    """
    wrong: dict[str, list[str]] = {}
    first, following_one, resolution = targets
    if not any(targets):
        wrong["resolution_minutes"] = ["This policy promises nothing: give at least one target."]
    if any(target and target > MOST_MINUTES for target in targets):
        wrong["resolution_minutes"] = ["A target is at most two years."]
    if first and resolution and resolution < first:
        wrong["resolution_minutes"] = ["The resolution cannot be due before the first response."]
    if following_one and resolution and resolution < following_one:
        wrong["next_response_minutes"] = ["A next response cannot be due after the resolution."]
    if sentence := _contradicting_pause(pause_reasons):
        wrong["pause_reasons"] = [sentence]
    return wrong


def _contradicting_pause(pause_reasons: Any) -> str:
    if not isinstance(pause_reasons, list) or not all(isinstance(reason, str) for reason in pause_reasons):
        return "Reasons that pause are a list, such as [“vendor”]."
    for reason in pause_reasons:
        if reason in STARTING:
            return f"This policy would pause its clocks in “{reason}”, where they start, so nothing would ever be due."
        if reason == WAITING:
            return "Waiting for the customer pauses every clock by itself; leave it out."
        if reason not in HOLD_REASONS:
            return f"“{reason}” is not a reason for holding work; choose from {', '.join(HOLD_REASONS)}."
    return ""
