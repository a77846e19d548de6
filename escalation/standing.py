"""Where one person stands: on call now for which team and until when, who follows; else when next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.accounts.models import User
from core.accounts.permissions import Permission, can
from core.common.actor import Actor
from escalation import schedules
from escalation.models import Shift, Team
from escalation.on_call import Segment

AHEAD = timedelta(days=60)  # as far as shifts are announced


@dataclass(frozen=True)
class Turn:
    """A stretch on call without a break, whatever it is made of; `end` is None where it goes on out of sight.

    `follows` is who takes over then, None where nobody does.
    """

    team: Team
    step: int
    start: datetime
    end: datetime | None
    follows: User | None


@dataclass(frozen=True)
class Standing:
    """`now` are the turns that run, `next` the nearest to come (None: none in sight)."""

    now: tuple[Turn, ...]
    next: Turn | None


def of(by: Actor, now: datetime) -> Standing | None:
    """Where the actor stands; None for who takes no turns. One query for those, five for others."""
    if by.user_id is None or not can(by, Permission.VIEW_DIRECTORY):
        return None
    mine = Shift.objects.filter(user=by.user_id, cancelled_at=None, ends_at__gt=now)
    teams = list(Team.objects.filter(pk__in=mine.values("roster__team"), active=True))
    if not teams:
        return None
    schedule = schedules.load(teams, now, now + AHEAD)
    turns = [
        Turn(team, step, start, None if end >= schedule.end else end, schedule.person(follows))
        for team in teams
        for step in schedule.steps(team)
        for start, end, follows in stretches(schedule.segments(team, step), by.user_id)
    ]
    turns.sort(key=lambda turn: (turn.start, turn.step, turn.team.name))
    running = tuple(turn for turn in turns if turn.start <= now)
    return Standing(running, next((turn for turn in turns if turn.start > now), None))


def is_on_call(by: Actor, now: datetime) -> bool:
    """Whether the actor is on call at this moment for anybody; one query, for what asks often."""
    if by.user_id is None:
        return False
    return Shift.objects.filter(
        user=by.user_id, cancelled_at=None, starts_at__lte=now, ends_at__gt=now
    ).exists()


def stretches(segments: Sequence[Segment], person: int) -> Iterator[tuple[datetime, datetime, int | None]]:
    """(start, end, who follows) of each unbroken stretch of a person within resolved segments."""
    start: datetime | None = None
    for place, segment in enumerate(segments):
        if segment.person != person:
            continue
        start = start or segment.start
        after = segments[place + 1] if place + 1 < len(segments) else None
        if after is None or after.person != person:
            yield start, segment.end, after.person if after else None
            start = None
