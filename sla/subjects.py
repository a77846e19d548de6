"""What clocks may run for. The apps above tell us, when they start, what a subject is called and who minds it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models

from core.common.actor import Actor
from sla.rules import Facts, Part


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody to remind."""

    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Nearest:
    """What a subject keeps about its clocks, for its queue.

    due_at and goal: the running clock that is due first; None and "" when none runs.
    breached_at: the first breach of any of its clocks, ever; a breach stays a fact.
    """

    due_at: datetime | None = None
    goal: str = ""
    breached_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Owner:
    """Who has the work; a breach keeps it as it was then."""

    user_id: int | None = None
    name: str = ""
    team: str = ""


@dataclass(frozen=True, slots=True)
class Owed:
    """What a promise is chosen by, and for what: the facts, why the work stands still ("" while somebody works),
    and the goals that are not reached yet."""

    facts: Facts
    held_for: str = ""
    goals: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SubjectInfo:
    """How to reach a kind of subject.

    model: its rows; an alarm locks the row first, so that clocks and subject are always locked in the same order.
    reference: "TKT-12" from the primary key, without a query.
    label: one line for a mail's subject, from the row; must hide what is confidential.
    path: its page, such as "/tickets/TKT-12/", by the primary key alone.
    recipients: who is reminded, by part, from the row; missing parts are empty.
    nearest_changed: store this on the row; called in the transaction of a breach or a calendar's edit.
    visible_to: the rows that an actor may see.
    owner: who has it now, from the row.
    owed: what its promises are chosen by now, from the row; None where nothing is to be promised.
    related: what these functions need beside the row, for select_related.
    """

    model: type[models.Model]
    reference: Callable[[int], str]
    label: Callable[[Any], str]
    path: Callable[[Any], str]
    recipients: Callable[[Any], Mapping[Part, Sequence[Person]]]
    nearest_changed: Callable[[int, Nearest], None]
    visible_to: Callable[[Actor], models.QuerySet[Any]]
    owner: Callable[[Any], Owner]
    owed: Callable[[Any], Owed | None]
    related: tuple[str, ...] = ()

    def address(self, pk: int) -> str:
        """The page of a subject, without reading it."""
        return self.path(self.model(pk=pk))

    def locked(self, pk: int, *, skip: bool = False) -> Any:
        """The row, taken before its clocks as every writer does; None when it is gone, or held and `skip`."""
        rows = self.model._base_manager.select_for_update(skip_locked=skip, of=("self",))
        return rows.select_related(*self.related).filter(pk=pk).first()


@dataclass
class Mention:
    """A subject as the audit trail wants it."""

    SUBJECT: str
    pk: int
    reference: str


_kinds: dict[str, SubjectInfo] = {}


def register(kind: str, info: SubjectInfo) -> None:
    """Make a kind of subject known; called from AppConfig.ready()."""
    _kinds[kind] = info


def known() -> dict[str, SubjectInfo]:
    """Every kind that may have clocks."""
    return dict(_kinds)


def of(kind: str) -> SubjectInfo:
    """What is known about a kind. Raises LookupError for one that nobody registered."""
    try:
        return _kinds[kind]
    except KeyError:
        raise LookupError(f"No app registered “{kind}” as a subject of clocks.") from None


def mention(kind: str, pk: int) -> Mention:
    """The subject for the audit trail."""
    return Mention(kind, pk, of(kind).reference(pk))
