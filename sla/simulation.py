"""What would be due if: the same choice and the same arithmetic as for real work, and nothing is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.common.errors import Invalid
from sla import explaining, queries, rules
from sla.business_time import Hours
from sla.models import Calendar, Goal, Policy
from sla.rules import Facts

MOST_PAUSES = 10
WHO = {rules.Part.ASSIGNEE: "assignee", rules.Part.LEAD: "team lead", rules.Part.MANAGER: "manager"}


@dataclass(frozen=True, slots=True)
class Pause:
    """A time in which nothing would be counted."""

    since: datetime
    to: datetime


@dataclass(frozen=True, slots=True)
class Alarm:
    """A reminder that would go out: `percent` of the target, 100 is the breach."""

    percent: int
    at: datetime
    who: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Promise:
    """One goal: its target, when it would be due, who would be reminded when, and the days that bring it there."""

    goal: str
    target_minutes: int
    due_at: datetime
    alarms: Sequence[Alarm]
    days: Sequence[explaining.Day]
    left_out: int

    @property
    def label(self) -> str:
        return str(Goal(self.goal).label)


@dataclass(frozen=True, slots=True)
class Simulation:
    """`policy` is None where none fits: nothing would be promised."""

    facts: Facts
    at: datetime
    pauses: Sequence[Pause]
    policy: Policy | None
    calendar: Calendar | None
    matched: Sequence[str]
    lost: Sequence[explaining.Loser]
    others: Sequence[explaining.Loser]
    promises: Sequence[Promise]

    @property
    def zone(self) -> str:
        return self.calendar.hours().zone.key if self.calendar else ""


def simulate(
    facts: Facts,
    *,
    at: datetime,
    policy: Policy | None = None,
    calendar: Calendar | None = None,
    pauses: Sequence[Pause] = (),
) -> Simulation:
    """What would be promised for these facts from a moment on, and when.

    policy, calendar: what if these were taken instead of the chosen ones. Raises Invalid for pauses that overlap,
    end before they begin, or lie before the start.
    """
    at = at.replace(microsecond=0)
    pauses = _checked(pauses, at)
    verdicts = queries.verdicts(facts)
    taken = policy or next((one.policy for one in verdicts if one.fits), None)
    by = (calendar or taken.calendar) if taken else None
    return Simulation(
        facts=facts,
        at=at,
        pauses=pauses,
        policy=taken,
        calendar=by,
        matched=next((one.asks for one in verdicts if one.policy == taken and one.fits), ()),
        lost=[
            explaining.Loser(one.policy.name, _why_not(one.lost))
            for one in verdicts
            if one.fits and one.policy != taken
        ],
        others=[
            explaining.Loser(one.policy.name, explaining.is_for(one.policy, one.differs))
            for one in verdicts
            if not one.fits and one.policy != taken
        ],
        promises=[
            _promise(goal, taken, by, at, pauses)
            for goal in Goal.values
            if taken and by and taken.target(goal)
        ],
    )


def _why_not(lost: str) -> str:
    return lost or "it would be chosen; another was asked for"


def _promise(goal: str, policy: Policy, calendar: Calendar, at: datetime, pauses: Sequence[Pause]) -> Promise:
    target, hours = policy.target(goal) or 0, calendar.hours()
    due = reach(hours, at, target * 60, pauses)
    days, left_out = explaining.days_between(calendar, _between(at, due, pauses))
    alarms = [
        Alarm(
            percent=percent,
            at=reach(hours, at, rules.elapsed_at_alarm(target * 60, percent), pauses),
            who=tuple(WHO[part] for part in rules.audience(percent)),
        )
        for percent in rules.THRESHOLDS
    ]
    return Promise(goal, target, due, alarms, days, left_out)


def reach(hours: Hours, at: datetime, seconds: int, pauses: Sequence[Pause]) -> datetime:
    """The moment at which so many seconds of business time have been counted, the pauses not."""
    since, left = at, seconds
    for pause in pauses:
        counted = hours.between(since, pause.since)
        if counted >= left:
            break
        since, left = pause.to, left - counted
    return hours.add(since, timedelta(seconds=left))


def _between(at: datetime, due: datetime, pauses: Sequence[Pause]) -> list[tuple[datetime, datetime]]:
    """What is counted from the start to the due time: the stretches around the pauses."""
    edges = [at, *(edge for pause in pauses for edge in (pause.since, pause.to)), due]
    pairs = zip(edges[0::2], edges[1::2], strict=True)
    return [(since, min(to, due)) for since, to in pairs if since < min(to, due)]


def _checked(pauses: Sequence[Pause], at: datetime) -> list[Pause]:
    found = sorted(pauses, key=lambda pause: pause.since)
    if len(found) > MOST_PAUSES:
        raise Invalid({"pauses": [f"At most {MOST_PAUSES} pauses can be tried."]})
    last = at
    for pause in found:
        if pause.to <= pause.since:
            raise Invalid({"pauses": ["A pause must end after it begins."]})
        if pause.since < last:
            raise Invalid({"pauses": ["Pauses must not overlap, and none begins before the start."]})
        last = pause.to
    return found
