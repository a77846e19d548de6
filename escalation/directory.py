"""Who is it, now? Every page, API answer and escalation asks here; nothing is cached."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import chain

from django.db.models import QuerySet

from catalogue.models import Application, Component
from core.accounts.models import User
from core.common import clock
from core.common.actor import Actor
from core.common.errors import Conflict, RuleBroken
from escalation import matching, schedules
from escalation.models import Team
from escalation.on_call import Segment, Why

HORIZON = timedelta(days=35)  # how far the end of a turn and the next person are looked for
FIRST_WAIT_MINUTES, NEXT_WAIT_MINUTES = 5, 10
SOME_ANSWERS = 8


@dataclass(frozen=True)
class Step:
    """Whom to call next, after so many minutes without an answer to the call before."""

    person: User
    role: str
    after_minutes: int

    @property
    def phone(self) -> str:
        return self.person.phone


@dataclass(frozen=True)
class Answer:
    """Who is on call for a team; `person` is None when nobody is. Moments are UTC.

    `until` is None when nothing changes within the horizon. `phone` and `email` are the person's, else the
    team's. `words` are the typed words that led here.
    """

    team: Team
    person: User | None
    until: datetime | None
    next: User | None
    reason: str
    chain: tuple[Step, ...]
    words: tuple[str, ...] = ()

    @property
    def phone(self) -> str:
        return (self.person.phone if self.person else "") or self.team.phone

    @property
    def email(self) -> str:
        return (self.person.email if self.person else "") or self.team.email


def entries() -> QuerySet[Team]:
    """The teams in use, with what answers show of them (three queries)."""
    return (
        Team.objects.filter(active=True)
        .select_related("lead", "manager", "owner")
        .prefetch_related("components__application", "members")
    )


def who_is_on_call(team: Team, at: datetime | None = None) -> Answer:
    """Who is on call for the team at a moment (default now), until when, who follows, whom to call next."""
    return answers([team], at)[0]


def answers(teams: Sequence[Team], at: datetime | None = None) -> list[Answer]:
    """`who_is_on_call` for many teams: five queries, however many."""
    at = at or clock.now()
    schedule = schedules.load(teams, at, at + HORIZON)
    return [_answer(team, schedule) for team in teams]


def receiving(
    *,
    component: Component | None,
    tier: int,
    application: Application | None = None,
    at: datetime | None = None,
) -> tuple[Team, User | None]:
    """The team of a tier that takes work on a component, and who is on call there (None: nobody is).

    Raises Conflict when the tier has no team.
    """
    team = team_for(component=component, tier=tier, application=application)
    if team is None:
        raise Conflict(f"No team works at L{tier}.")
    return team, who_is_on_call(team, at).person


def team_for(
    *, component: Component | None, tier: int, application: Application | None = None
) -> Team | None:
    """The team of a tier that takes work on a component; None when the tier has no team. Two queries.

    In order: who owns the component, who owns something of the application, who owns no component (takes
    everything), any team of the tier; own teams before vendors, then by name.
    """
    teams = list(
        Team.objects.filter(active=True, tier=tier)
        .select_related("lead", "manager")
        .prefetch_related("components")
    )
    if application is None and component is not None:
        application = component.application
    return min(teams, key=lambda candidate: _distance(candidate, component, application), default=None)


def tiers() -> list[int]:
    """The tiers that have a team, ascending; the last one cannot escalate."""
    return sorted(set(Team.objects.filter(active=True).values_list("tier", flat=True)))


def search(text: str, at: datetime | None = None, *, among: Sequence[Answer] | None = None) -> list[Answer]:
    """Who to call about a text: scope, team, component, application, error words, people; best first.

    `among` saves the queries where the answers of all teams are at hand.
    """
    everybody = answers(list(entries()), at) if among is None else among
    found = matching.rank(text, [_entry(answer) for answer in everybody])
    return [replace(everybody[match.index], words=match.words) for match in found[:SOME_ANSWERS]]


def for_component(component: Component, at: datetime | None = None) -> list[Answer]:
    """The teams that own a component, the lowest tier first; those of its application when nobody owns it."""
    teams = list(entries().filter(components=component).order_by("tier", "name"))
    if not teams:
        others = entries().filter(components__application=component.application_id)
        teams = list(others.order_by("tier", "name").distinct())
    return answers(teams, at)


def ask(
    *,
    component: Component | None = None,
    team: Team | None = None,
    q: str | None = None,
    at: datetime | None = None,
) -> list[Answer]:
    """The answers to one question; without one, those of every team. Raises RuleBroken for two at once."""
    if sum(given is not None for given in (component, team, q)) > 1:
        raise RuleBroken("Ask by one of component, team and q.", field="q")
    if component is not None:
        return for_component(component, at)
    if q is not None:
        return search(q, at)
    return answers(list(entries()) if team is None else [team], at)


def may_be_called(actor: Actor) -> set[int]:
    """Whose own numbers the actor may see: who is on call or named in an escalation, and the actor."""
    everybody = answers(list(entries()))
    people = {step.person.pk for answer in everybody for step in answer.chain}
    people |= {answer.person.pk for answer in everybody if answer.person}
    return people | ({actor.user_id} if actor.user_id else set())


def _distance(
    team: Team, component: Component | None, application: Application | None
) -> tuple[int, bool, str]:
    owned = team.components.all()
    if component is not None and component in owned:
        rank = 0
    elif application is not None and any(own.application_id == application.pk for own in owned):
        rank = 1
    else:
        rank = 3 if owned else 2
    return rank, team.is_vendor, team.name


def _answer(team: Team, schedule: schedules.Schedules) -> Answer:
    first, *others = schedule.steps(team) or [0]
    now, *later = schedule.segments(team, first)
    person = schedule.person(now.person)
    followers = (segment.person for segment in later if segment.person not in (None, now.person))
    secondaries = [schedule.person(schedule.segments(team, step)[0].person) for step in others]
    return Answer(
        team=team,
        person=person,
        until=now.end if now.end < schedule.end else None,
        next=schedule.person(next(followers, None)),
        reason=_reason(now, schedule, has_rotation=bool(first)),
        chain=_chain(team, person, secondaries),
    )


def _chain(team: Team, first: User | None, secondaries: Iterable[User | None]) -> tuple[Step, ...]:
    called = {first.pk} if first else set()
    steps: list[Step] = []
    candidates = chain(
        ((person, "second on call") for person in secondaries),
        ((team.lead, "team lead"), (team.manager, "team manager")),
    )
    for person, role in candidates:
        if person is None or person.pk in called:
            continue
        called.add(person.pk)
        # Nobody on call is no reason to wait: the first step starts at once.
        wait = NEXT_WAIT_MINUTES if steps else FIRST_WAIT_MINUTES if first else 0
        steps.append(Step(person, role, wait))
    return tuple(steps)


def _reason(segment: Segment, schedule: schedules.Schedules, *, has_rotation: bool) -> str:
    if segment.why is Why.ROTATION:
        return f"Rotation {segment.layer}"
    if segment.why is Why.OVERRIDE:
        absent = schedule.person(segment.instead_of)
        return f"Stands in for {absent.display_name}" if absent else f"Stands in, rotation {segment.layer}"
    return "Nobody is on call" if has_rotation else "This team has no rotation"


def _entry(answer: Answer) -> matching.Entry:
    team = answer.team
    components = list(team.components.all())
    people = [*team.members.all(), team.lead, team.manager, answer.person]
    owned, denied = matching.owned_and_denied(team.scope)
    return matching.Entry(
        texts={
            "name": [team.name],
            "person": [f"{person.display_name} {person.username}" for person in people if person],
            "component": [component.name for component in components],
            "application": [component.application.name for component in components],
            "keyword": [team.keywords],
            "scope": [owned],
            "area": [area.replace("_", " ") for area in team.areas],
        },
        not_ours=f"{team.not_scope} {denied}",
    )
