"""What customers are told about where their request stands: four stages in their words, nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Stage(StrEnum):
    RECEIVED = "Received"
    LOOKING = "Looking into it"
    WAITING = "Waiting for you"
    SOLVED = "Solved"


STAGES = {
    "new": Stage.RECEIVED,
    "open": Stage.LOOKING,
    "on_hold": Stage.LOOKING,
    "waiting": Stage.WAITING,
    "resolved": Stage.SOLVED,
    "closed": Stage.SOLVED,
}


@dataclass(frozen=True)
class Step:
    """One stage on the way. `state` is "done", "now" or "" for what lies ahead; `at` where the moment is known."""

    name: str
    state: str
    at: datetime | None = None


def stage_of(status: str) -> Stage:
    """The public stage of a ticket's status."""
    return STAGES[status]


def steps(stage: Stage, sent_at: datetime, solved_at: datetime | None) -> list[Step]:
    """The way of a request. Waiting for the customer is a step only while it lasts: most requests never wait."""
    way = [Stage.RECEIVED, Stage.LOOKING, Stage.SOLVED]
    if stage == Stage.WAITING:
        way.insert(2, stage)
    here = way.index(stage)
    known = {Stage.RECEIVED: sent_at, Stage.SOLVED: solved_at}
    return [
        Step(step.value, "done" if number < here else "now" if number == here else "", known.get(step))
        for number, step in enumerate(way)
    ]
