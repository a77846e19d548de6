"""Pure decisions about service levels: which policy applies, what pauses a clock, when an alarm is due.

No database, no clock of its own; times are whole seconds of business time unless a name says minutes.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, TypeVar

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

    pk: int
    order: int
    customer_tier: str
    kind: str
    priority: str
    application_id: int | None


P = TypeVar("P", bound=Matching)


def choose(policies: Iterable[P], facts: Facts) -> P | None:
    """The policy for these facts: the most specific that matches, then the first in order; None if none does."""
    fitting = [policy for policy in policies if _matches(policy, facts)]
    return min(fitting, key=lambda policy: (-_specificity(policy), policy.order, policy.pk), default=None)


def _asked(policy: Matching) -> tuple[tuple[str, object], ...]:
    names = ("customer_tier", "kind", "application_id", "priority")
    return tuple((name, value) for name in names if (value := getattr(policy, name)) not in ("", None))


def _matches(policy: Matching, facts: Facts) -> bool:
    return all(getattr(facts, name) == value for name, value in _asked(policy))


def _specificity(policy: Matching) -> int:
    return len(_asked(policy))


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


def contradiction(
    *, targets: tuple[int | None, int | None, int | None], pause_reasons: Iterable[str]
) -> str | None:
    """Why a policy contradicts itself, as a sentence; None when it does not.

    targets: first response, next response, resolution, in minutes.
    """
    first, _, resolution = targets
    if not any(targets):
        return "This policy promises nothing: give at least one target."
    if first and resolution and resolution < first:
        return "The resolution cannot be due before the first response."
    for reason in pause_reasons:
        if reason in STARTING:
            return f"This policy would pause its clocks in “{reason}”, where they start, so nothing would ever be due."
        if reason not in HOLD_REASONS:
            return f"“{reason}” is not a reason for holding work; choose from {', '.join(HOLD_REASONS)}."
    return None
