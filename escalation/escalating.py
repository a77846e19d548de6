"""The fallback chain in words: whom a page would tell, with the waits, for somebody who calls by telephone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from core.accounts.models import User
from escalation import paging_rules
from escalation.models import Team
from escalation.paging_rules import Plan, Target
from escalation.reaching import Book


@dataclass(frozen=True)
class Step:
    """Whom to call next, after so many minutes without an answer to the call before.

    `person` is None where everybody of a team is told: then `team` and `people` say who. `together`: at the same
    moment as the one before.
    """

    person: User | None
    role: str
    after_minutes: int
    team: Team | None = None
    people: tuple[User, ...] = ()
    together: bool = False

    @property
    def name(self) -> str:
        return self.person.display_name if self.person else f"Everybody in {self.team}"

    @property
    def phone(self) -> str:
        """The person's number; where everybody is told, the team's."""
        return self.team.phone if self.team else number_of(self.person)


def number_of(person: User | None) -> str:
    """The number of somebody who is on call or named in a chain: their own, else that of their desk."""
    if person is None:
        return ""
    card = getattr(person, "card", None) if not person.phone else None
    return person.phone or (card.work_phone if card else "")


def chain(team: Team, plan: Plan, book: Book, first: User | None) -> tuple[Step, ...]:
    """Who follows when `first`, who is on call, does not answer: everybody once, where they are told first.

    A step that reaches nobody costs no time, as in a page that runs. Where the plan does not begin with `first`
    the whole of it stands here.
    """
    found: list[Step] = []
    called: set[int] = set()
    wait = 0
    for step in plan.steps:
        fresh = [one for target in step.targets for one in _behind(team, target, book, called)]
        if not found:  # who is called now stands above the chain
            fresh.sort(key=lambda one: one.person is None or one.person != first)
        for place, one in enumerate(fresh):
            found.append(replace(one, after_minutes=0 if place else wait, together=bool(place)))
        wait = 0 if fresh else wait
        if fresh or any(book.behind(target) for target in step.targets):
            wait += step.wait_minutes
    begins = bool(found) and first is not None and found[0].person == first
    return tuple(found[1:] if begins else found)


def _behind(team: Team, target: Target, book: Book, called: set[int]) -> Iterable[Step]:
    """The steps of one target, without whom another one has called; who is named here counts as called."""
    people = [one.person for one in book.behind(target) if one.person and one.person.pk not in called]
    called |= {person.pk for person in people}
    if target.kind == paging_rules.TEAM:
        whole = book.teams.get(target.team or 0)
        return [Step(None, "everybody", 0, whole, tuple(people))] if people else []
    return [Step(person, _role(team, target), 0) for person in people]


def _role(team: Team, target: Target) -> str:
    """What somebody is to who reads the chain of a team."""
    if target.kind == paging_rules.PERSON:
        return "named in the policy"
    own = target.team == team.pk
    if target.kind == paging_rules.ON_CALL:
        nth = paging_rules.NTH.get(target.rotation_step, "on call")
        return nth if own else f"{nth} for {target.name}"
    return f"team {target.kind}" if own else f"{target.kind} of {target.name}"
