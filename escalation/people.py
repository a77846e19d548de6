"""What the directory's pages say of a person: reachable how, on call when, and what time it is for them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from core.accounts.models import User
from core.common.actor import Actor
from customers.models import Organisation
from escalation import directory, local_time, schedules
from escalation.models import Card, Team

AHEAD = timedelta(days=35)
MOST_TURNS = 12


@dataclass(frozen=True)
class Turn:
    """A stretch on call; `end` is None where it goes on beyond the five weeks."""

    team: Team
    step: int
    start: datetime
    end: datetime | None
    now: bool


@dataclass(frozen=True)
class Reach:
    """How to reach a person now.

    `phone` is their own number while they are on call or named in a chain, else their work number.
    """

    phone: str
    own: bool
    hidden: bool

    @property
    def text_to(self) -> str:
        """Texts go to one's own telephone."""
        return self.phone if self.own else ""


def card_of(person: User) -> Card | None:
    """The person's card; a query unless it was selected along."""
    return getattr(person, "card", None)


def reach(person: User, named: set[int]) -> Reach:
    """`named` are those whose private number shows now (`directory.may_be_called`)."""
    card = card_of(person)
    own = person.pk in named and bool(person.phone)
    return Reach(
        phone=person.phone if own else card.work_phone if card else "",
        own=own,
        hidden=bool(person.phone) and person.pk not in named,
    )


def at_work(person: User, now: datetime) -> bool | None:
    """Whether it is one of their working hours; None when nobody said."""
    card = card_of(person)
    if card is None:
        return None
    local = now.astimezone(local_time.zone_of(person.timezone))
    return local_time.at_work(card.work_days, card.work_from, card.work_to, local)


def turns(person: User, now: datetime) -> list[Turn]:
    """When the person is on call in the next five weeks, the nearest first. Six queries."""
    own = Q(rotations__turns__user=person)
    stand_in = Q(
        rotations__overrides__user=person,
        rotations__overrides__ends_at__gt=now,
        rotations__overrides__cancelled_at=None,
    )
    teams = list(Team.objects.filter(own | stand_in, active=True).distinct())
    schedule = schedules.load(teams, now, now + AHEAD)
    found = [
        Turn(
            team=team,
            step=step,
            start=segment.start,
            end=segment.end if segment.end < schedule.end else None,
            now=segment.start <= now < segment.end,
        )
        for team in teams
        for step in schedule.steps(team)
        for segment in schedule.segments(team, step)
        if segment.person == person.pk
    ]
    return sorted(found, key=lambda turn: (turn.start, turn.team.name))[:MOST_TURNS]


def on_call_now(at: datetime) -> dict[int, directory.Answer]:
    """Who is on call now, by person, with the first team for which they are."""
    found: dict[int, directory.Answer] = {}
    for answer in directory.answers(list(directory.entries(whole=False)), at):
        if answer.person is not None:
            found.setdefault(answer.person.pk, answer)
    return found


def customers_of(person: User, by: Actor) -> list[Organisation]:
    """The customers for whom a person is the account manager, as far as the reader sees them."""
    return list(Organisation.objects.visible_to(by).filter(account_manager=person).order_by("name")[:50])
