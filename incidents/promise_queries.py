"""Reading the ledger of promises: how many were kept, and each of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q

from core.common.actor import Actor
from incidents.models import Incident, Promise, PromiseQuerySet

Outcome = Promise.Outcome
# For `aggregate` and for `annotate` behind `values`: one column for each outcome.
COUNTS = {outcome.value: Count("pk", filter=Q(outcome=outcome)) for outcome in Outcome}


@dataclass(frozen=True)
class Kept:
    """How many due moments ended how. What was moved is in no rate."""

    kept: int = 0
    covered: int = 0
    late: int = 0
    missed: int = 0
    moved: int = 0

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Kept:
        """From a row with the columns of COUNTS."""
        return cls(**{name: row[name] for name in COUNTS})

    @property
    def decided(self) -> int:
        return self.kept + self.covered + self.late + self.missed

    @property
    def in_time(self) -> int:
        """Readers heard something in time, from a person or from the desk."""
        return self.kept + self.covered

    @property
    def percent(self) -> float | None:
        """Of what was decided, how much was in time; None where nothing was decided."""
        return _percent(self.in_time, self.decided)

    @property
    def percent_by_people(self) -> float | None:
        """Of what was decided, how much a person kept; None where nothing was decided."""
        return _percent(self.kept, self.decided)


def _percent(part: int, whole: int) -> float | None:
    """To a tenth, rounded down: one that was missed among many is never 100."""
    return 1000 * part // whole / 10 if whole else None


def kept(found: PromiseQuerySet) -> Kept:
    """The figures of some lines, in one query."""
    return Kept.of(found.aggregate(**COUNTS))


def lines(found: PromiseQuerySet) -> PromiseQuerySet:
    """Each of them with what a row shows, the latest due first."""
    return found.select_related("incident", "answer", "person", "team").order_by("-due_at", "-pk")


def of_incident(incident: Incident, *, by: Actor) -> PromiseQuerySet:
    """The ledger of one incident; those of an exercise are there, too, and count nowhere else."""
    return Promise.objects.visible_to(by).filter(incident=incident)
