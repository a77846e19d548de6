"""Pure decisions of paging: no database, no clock. Times are UTC, waits are minutes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from core.common.errors import RuleBroken

MOST_STEPS, MOST_TARGETS = 10, 20
LONGEST_WAIT_MINUTES = 240
STALE_GRACE = timedelta(minutes=10)  # for the answer to "still on it?"
FIRST_WAIT_MINUTES, NEXT_WAIT_MINUTES = 5, 10

ON_CALL, TEAM, LEAD, MANAGER, PERSON = "on_call", "team", "lead", "manager", "person"
KINDS = (ON_CALL, TEAM, LEAD, MANAGER, PERSON)
NTH = {1: "on call", 2: "second on call", 3: "third on call"}


@dataclass(frozen=True, slots=True)
class Target:
    """Whom a step tells: somebody in a team (`team` by its key, `rotation_step` for who is on call), or a person."""

    kind: str
    team: int | None = None
    person: int | None = None
    rotation_step: int = 1
    name: str = ""

    @property
    def words(self) -> str:
        """ "on call for Payments", "the lead of Payments", "Eli Engel"."""
        if self.kind == ON_CALL:
            return f"who is {NTH.get(self.rotation_step, 'on call')} for {self.name}"
        if self.kind == TEAM:
            return f"everybody in {self.name}"
        return self.name if self.kind == PERSON else f"the {self.kind} of {self.name}"


@dataclass(frozen=True, slots=True)
class Step:
    wait_minutes: int
    targets: tuple[Target, ...]

    @property
    def wait(self) -> timedelta:
        return timedelta(minutes=self.wait_minutes)

    @property
    def words(self) -> str:
        return listed([target.words for target in self.targets])


@dataclass(frozen=True, slots=True)
class Plan:
    """A policy as it was when a page started. `rounds` counts how often all steps are gone through."""

    policy: str
    rounds: int
    stale_minutes: int | None
    steps: tuple[Step, ...]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        steps = tuple(
            Step(step["wait_minutes"], tuple(Target(**target) for target in step["targets"]))
            for step in stored["steps"]
        )
        return cls(stored["policy"], stored["rounds"], stored["stale_minutes"], steps)

    def following(self, round: int, step: int) -> tuple[int, int] | None:
        """The (round, step) after this one, counted from 1; None after the last. Step 0 is before the first."""
        if step < len(self.steps):
            return round, step + 1
        return (round + 1, 1) if round < self.rounds else None

    def at(self, step: int) -> Step:
        return self.steps[step - 1]

    def stale_at(self, acknowledged: datetime) -> datetime | None:
        """When somebody who acknowledged is asked whether they are still on it; None: never."""
        if self.stale_minutes is None:
            return None
        return acknowledged + timedelta(minutes=self.stale_minutes)


def check_steps(steps: Sequence[Step]) -> None:
    """A policy tells somebody at every step and gives each time to answer. Raises RuleBroken with the step's number."""
    if not steps:
        raise RuleBroken("A policy needs at least one step: whom to page first.", field="steps")
    if len(steps) > MOST_STEPS:
        raise RuleBroken(f"A policy has at most {MOST_STEPS} steps.", field="steps")
    for number, step in enumerate(steps, 1):
        if not step.targets:
            raise RuleBroken(f"Step {number} tells nobody: choose whom it pages.", field="steps")
        if len(step.targets) > MOST_TARGETS:
            raise RuleBroken(f"Step {number} names more than {MOST_TARGETS}.", field="steps")
        if not 1 <= step.wait_minutes <= LONGEST_WAIT_MINUTES:
            raise RuleBroken(
                f"Step {number} waits 1 to {LONGEST_WAIT_MINUTES} minutes for an answer. "
                "Who must be told at the same moment belongs into the same step.",
                field="steps",
            )
        for target in step.targets:
            _check_target(number, target)
        if len(set(map(identity, step.targets))) < len(step.targets):
            raise RuleBroken(f"Step {number} names somebody twice.", field="steps")


def _check_target(number: int, target: Target) -> None:
    if target.kind not in KINDS:
        raise RuleBroken(f"Step {number}: whom to page is one of {', '.join(KINDS)}.", field="steps")
    if target.kind == PERSON and (target.person is None or target.team is not None):
        raise RuleBroken(f"Step {number}: name the person.", field="steps")
    if target.kind != PERSON and (target.team is None or target.person is not None):
        raise RuleBroken(f"Step {number}: name the team.", field="steps")
    if not 1 <= target.rotation_step <= 5:
        raise RuleBroken(f"Step {number}: on call are 1 (called first) to 5.", field="steps")


def check_whole(plan: Plan) -> None:
    """Rounds and the time for staleness in their limits. Raises RuleBroken."""
    check_steps(plan.steps)
    if not 1 <= plan.rounds <= 10:
        raise RuleBroken("A policy is repeated 0 to 9 times.", field="repeat")
    if plan.stale_minutes is not None and not 5 <= plan.stale_minutes <= 1440:
        raise RuleBroken(
            "Ask 5 to 1440 minutes after an acknowledgement, or leave it empty.", field="stale_minutes"
        )


def default_steps(
    team: int, name: str, *, rotations: Sequence[int], has_lead: bool, has_manager: bool
) -> list[Step]:
    """The on-call person, then the second, the lead, the manager; everybody where there is no rotation."""
    targets = [Target(ON_CALL, team, rotation_step=step, name=name) for step in rotations]
    targets = targets or [Target(TEAM, team, name=name)]
    targets += [Target(LEAD, team, name=name)] if has_lead else []
    targets += [Target(MANAGER, team, name=name)] if has_manager else []
    waits = [FIRST_WAIT_MINUTES, *[NEXT_WAIT_MINUTES] * len(targets)]
    return [Step(wait, (target,)) for wait, target in zip(waits, targets, strict=False)]


def listed(words: Sequence[str]) -> str:
    """a, b and c."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def identity(target: Target) -> tuple[Any, ...]:
    """What makes two targets the same, whatever they are called."""
    nth = target.rotation_step if target.kind == ON_CALL else 0
    return target.kind, target.team, target.person, nth


def same(one: Sequence[Step], other: Sequence[Step]) -> bool:
    """Whether two lists of steps tell the same people after the same waits."""
    return [(step.wait_minutes, *map(identity, step.targets)) for step in one] == [
        (step.wait_minutes, *map(identity, step.targets)) for step in other
    ]
