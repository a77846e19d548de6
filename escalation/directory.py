"""Who is it, now? Every page, API answer and escalation asks here; nothing is cached."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import OuterRef, QuerySet

from catalogue.models import Application, Component
from core.accounts.models import User
from core.common import clock
from core.common.actor import Actor
from core.common.errors import Conflict
from core.common.json_rows import JsonRows
from escalation import escalating, plans, schedules, tiers
from escalation.escalating import Step, number_of
from escalation.models import Membership, Team
from escalation.on_call import Segment, Why
from escalation.paging_rules import Plan
from escalation.reaching import Book

HORIZON = timedelta(days=35)  # how far the end of a turn and the next person are looked for
NOBODY = "Nobody is on call"


@dataclass(frozen=True)
class Dial:
    """A number and whose it is; `own`: a person's telephone, which takes texts. `role` as in the chain."""

    name: str
    phone: str
    own: bool = False
    role: str = ""


def of_chain(steps: Iterable[Step]) -> Dial | None:
    """The first of a chain who can be called."""
    found = (Dial(s.name, s.phone, bool(s.person and s.person.phone), s.role) for s in steps if s.phone)
    return next(found, None)


@dataclass(frozen=True)
class Answer:
    """Who is on call for a team; `person` is None when nobody is. Moments are UTC.

    `until` is None when nothing changes within the horizon. `phone` and `email` are the person's, else the
    team's. `chain` is who follows when nobody answers, by `plan`. `words` are those of the `typed` ones that led
    here, `because` what else did.
    """

    kind = "team"

    team: Team
    person: User | None
    until: datetime | None
    next: User | None
    reason: str
    chain: tuple[Step, ...]
    plan: Plan
    words: tuple[str, ...] = ()
    typed: tuple[str, ...] = ()
    because: str = ""

    @property
    def phone(self) -> str:
        return number_of(self.person) or self.team.phone

    @property
    def nobody(self) -> bool:
        """Whether somebody should be on call and nobody is."""
        return self.person is None and self.reason == NOBODY

    @property
    def dial(self) -> Dial | None:
        """The number to call first. Where nobody is on call the next of the chain, at once."""
        if self.person is not None and (number := number_of(self.person)):
            return Dial(self.person.display_name, number, own=bool(self.person.phone))
        next_one = of_chain(self.chain)
        if self.team.phone and not (self.nobody and next_one):
            return Dial(self.team.name, self.team.phone)
        return next_one

    @property
    def email(self) -> str:
        return (self.person.email if self.person else "") or self.team.email


@dataclass(frozen=True)
class Proposal:
    """A team that could take a piece of work, who is on call there, and why it is proposed."""

    answer: Answer
    why: str

    @property
    def told(self) -> str:
        """Who hears of it, in a sentence."""
        team, person = self.answer.team, self.answer.person
        if person is not None:
            until = f" until {self.answer.until:%a %H:%M} UTC" if self.answer.until else ""
            return f"{person.display_name} is on call{until} and is told by mail."
        address = team.email or (team.lead.email if team.lead else "")
        call = f" Call {team.phone}." if team.phone else ""
        return f"Nobody is on call there; {address or 'nobody'} is told by mail.{call}"


@dataclass(frozen=True)
class Owned:
    """A component that a team owns, as far as a search asks."""

    pk: int
    name: str
    application: int
    application_name: str


def entries(*, whole: bool = True) -> QuerySet[Team]:
    """The teams in use, with what answers show of them; `whole` with what is only searched. One query."""
    teams = Team.objects.filter(active=True).select_related("lead__card", "manager__card", "owner")
    teams = teams.annotate(plan_rows=plans.column(), member_rows=_members())
    return teams.annotate(owned_rows=_owned()) if whole else teams


def _members() -> JsonRows:
    rows = Membership.objects.filter(team=OuterRef("pk"), user__is_active=True)
    return JsonRows(
        rows, pk="user", username="user__username", first="user__first_name", last="user__last_name"
    )


def _owned() -> JsonRows:
    rows = Team.components.through.objects.filter(team=OuterRef("pk"))
    application = "component__application"
    return JsonRows(
        rows, pk="component", name="component__name", application=application,
        application_name=f"{application}__name",
    )  # fmt: skip


def owned_by(team: Team) -> list[Owned]:
    """The components of a team that came from `entries`: no query."""
    return [Owned(**row) for row in team.owned_rows]  # type: ignore[attr-defined]


def members_of(team: Team) -> dict[int, str]:
    """The people of a team that came from `entries`, by key, as a search knows them: no query."""
    return {
        row["pk"]: f"{row['first']} {row['last']} {row['username']}".strip()
        for row in team.member_rows  # type: ignore[attr-defined]
    }


@dataclass(frozen=True)
class Loaded:
    """What answers are made from, for some teams and a stretch of time."""

    schedule: schedules.Schedules
    book: Book
    plans: Mapping[int, Plan]


def load(
    teams: Sequence[Team],
    at: datetime,
    *,
    since: datetime | None = None,
    known: Mapping[int, User] | None = None,
) -> Loaded:
    """Everything for answers at a moment, and for a picture of what was `since` then: three queries.

    One more for teams that do not come from `entries`, and where a policy tells people of other teams; one less
    where everybody is `known`.
    """
    rows, members = _rows(teams)
    named = [row for of_team in rows.values() for row in of_team]
    by_key = {team.pk: team for team in teams if team.active}
    others = {row["team"] for row in named} - by_key.keys() - {None}
    if others:
        found = entries(whole=False).in_bulk(others)
        by_key |= found
        members |= {team.pk: list(members_of(team)) for team in found.values()}
    also = {row["person"] for row in named}.union(*members.values()) - {None}
    until = at + HORIZON
    schedule = schedules.load(
        [*by_key, *(team.pk for team in teams)], since or at, until, known=known, also=also
    )
    chosen = {
        team.pk: plans.of_rows(rows[team.pk])
        if rows.get(team.pk)
        else plans.fixed(team, schedule.steps(team, at))
        for team in teams
    }
    return Loaded(schedule, Book(at, schedule, by_key, members), chosen)


def _rows(teams: Sequence[Team]) -> tuple[dict[int, Any], dict[int, list[int]]]:
    """The written plans and the members by team; of teams that came without, read now."""
    bare = [team.pk for team in teams if not hasattr(team, "plan_rows")]
    more = {
        team.pk: team
        for team in (Team.objects.filter(pk__in=bare).annotate(plan_rows=plans.column(), member_rows=_members())
                     if bare else ())
    }  # fmt: skip
    full: list[Any] = [more.get(team.pk, team) for team in teams]
    return {team.pk: team.plan_rows for team in full}, {team.pk: list(members_of(team)) for team in full}


def who_is_on_call(team: Team, at: datetime | None = None) -> Answer:
    """Who is on call for the team at a moment (default now), until when, who follows, whom to call next."""
    return answers([team], at)[0]


def answers(teams: Sequence[Team], at: datetime | None = None, loaded: Loaded | None = None) -> list[Answer]:
    """`who_is_on_call` for many teams: as many queries as `load` takes, however many teams.

    `loaded` saves them where it was loaded already, for the same moment.
    """
    at = at or clock.now()
    loaded = loaded or load(teams, at)
    return [_answer(team, loaded, at) for team in teams]


def receiving(
    *,
    component: Component | None,
    tier: int,
    application: Application | None = None,
    areas: Iterable[str] = (),
    at: datetime | None = None,
) -> tuple[Team, User | None]:
    """The team of a tier that takes work on a component, and who is on call there (None: nobody is).

    Raises Conflict when the tier has no team.
    """
    team = team_for(component=component, tier=tier, application=application, areas=areas)
    if team is None:
        raise Conflict(f"No team works at {tiers.name(tier)}.")
    return team, who_is_on_call(team, at).person


def team_for(
    *,
    component: Component | None,
    tier: int,
    application: Application | None = None,
    areas: Iterable[str] = (),
) -> Team | None:
    """The team of a tier that takes work on a component; None when the tier has no team. Two queries.

    In order: who owns the component, who owns the area (and of these who knows the application), who owns
    something of the application, who owns nothing (takes everything), any team of the tier; own teams before
    vendors, then by name.
    """
    return next(iter(_nearest(component, tier, application, areas)), None)


def proposals(
    *,
    component: Component | None,
    tier: int,
    application: Application | None = None,
    areas: Iterable[str] = (),
) -> list[Proposal]:
    """The teams of a tier in the order in which they take work on a component, with who is on call and why."""
    teams = _nearest(component, tier, application, areas)
    component_name = component.name if component else ""
    application = application or (component.application if component else None)
    whys = {
        0: f"owns {component_name}",
        1: "looks after this kind of trouble",
        2: f"works on {application.name if application else ''}",
        3: "takes what nobody owns",
        4: f"works at {tiers.name(tier)}",
    }
    wanted = set(areas)
    return [
        Proposal(answer, whys[_distance(answer.team, component, application, wanted)[0]])
        for answer in answers(teams)
    ]


def _nearest(
    component: Component | None, tier: int, application: Application | None, areas: Iterable[str]
) -> list[Team]:
    teams = list(
        Team.objects.filter(active=True, tier=tier)
        .select_related("lead", "manager")
        .prefetch_related("components")
    )
    if application is None and component is not None:
        application = component.application
    wanted = set(areas)
    return sorted(teams, key=lambda team: _distance(team, component, application, wanted))


def for_component(component: Component, at: datetime | None = None) -> list[Answer]:
    """The teams that own a component, the lowest tier first; those of its application when nobody owns it."""
    teams = list(entries().filter(components=component).order_by("tier", "name"))
    if not teams:
        others = entries().filter(components__application=component.application_id)
        teams = list(others.order_by("tier", "name").distinct())
    return answers(teams, at)


def may_be_called(actor: Actor) -> set[int]:
    """Whose own numbers the actor may see: who is on call or named in an escalation, and the actor."""
    return named_now() | ({actor.user_id} if actor.user_id else set())


def named_now(everybody: Sequence[Answer] | None = None) -> set[int]:
    """Who is on call or named in an escalation now; `everybody` saves the queries where the answers are at hand."""
    if everybody is None:
        everybody = answers(list(entries(whole=False)))
    people = {step.person.pk for answer in everybody for step in answer.chain if step.person}
    return people | {answer.person.pk for answer in everybody if answer.person}


def without_private_numbers(found: Sequence[Answer]) -> list[Answer]:
    """The same answers, without the numbers of people who are neither on call nor named in a chain now."""
    named = named_now()

    def shown(person: User) -> User:
        if person.pk in named:
            return person
        person = copy(person)
        person.phone = ""
        return person

    return [
        replace(
            answer,
            person=answer.person and shown(answer.person),
            chain=tuple(replace(step, person=step.person and shown(step.person)) for step in answer.chain),
        )
        for answer in found
    ]


def _distance(
    team: Team, component: Component | None, application: Application | None, areas: set[str]
) -> tuple[int, bool, bool, str]:
    """How far a team stands from a piece of work; the smallest takes it."""
    owned = team.components.all()
    knows = application is not None and any(own.application_id == application.pk for own in owned)
    if component is not None and component in owned:
        rank = 0
    elif areas & set(team.areas):
        rank = 1
    elif knows:
        rank = 2
    else:
        rank = 4 if owned or team.areas else 3
    return rank, not knows, team.is_vendor, team.name


def _answer(team: Team, loaded: Loaded, at: datetime) -> Answer:
    schedule, plan = loaded.schedule, loaded.plans[team.pk]
    first = next(iter(schedule.steps(team, at)), 0)
    now, *later = schedule.segments(team, first, at)
    person = schedule.person(now.person)
    followers = (segment.person for segment in later if segment.person not in (None, now.person))
    return Answer(
        team=team,
        person=person,
        until=now.end if now.end < schedule.end else None,
        next=schedule.person(next(followers, None)),
        reason=_reason(now, schedule, has_rotation=bool(first)),
        chain=escalating.chain(team, plan, loaded.book, person),
        plan=plan,
    )


def _reason(segment: Segment, schedule: schedules.Schedules, *, has_rotation: bool) -> str:
    if segment.why is Why.ROTATION:
        return f"Rotation {segment.layer}"
    if segment.why is Why.OVERRIDE:
        absent = schedule.person(segment.instead_of)
        return f"Stands in for {absent.display_name}" if absent else f"Stands in, rotation {segment.layer}"
    return NOBODY if has_rotation else "This team has no rotation"
