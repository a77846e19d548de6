"""A subject for clocks without any ticket: an application stands in for "the thing somebody waits for"."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from core.common.actor import Actor, system
from sla.rules import Facts, Part
from sla.subjects import Nearest, Owed, Owner, Person

PARIS = ZoneInfo("Europe/Paris")
ROBOT = system()
P1, P3 = Facts("P1"), Facts("P3")


def paris(*when: int) -> datetime:
    return datetime(*when, tzinfo=PARIS)


@dataclass
class Thing:
    """The subject, and what it was told to store."""

    id: int
    stored: list[Nearest] = field(default_factory=list)
    recipients: dict[Part, list[Person]] = field(
        default_factory=lambda: {
            Part.ASSIGNEE: [Person("Ana", "ana@desk.example")],
            Part.LEAD: [Person("Lea", "lea@desk.example")],
            Part.MANAGER: [Person("Max", "max@desk.example")],
        }
    )
    owner: Owner = field(default_factory=lambda: Owner(None, "Ana", "Front line"))
    owed: Owed | None = None
    kind: str = "thing"
    by: Actor = ROBOT

    @property
    def subject(self) -> tuple[str, int]:
        return self.kind, self.id
