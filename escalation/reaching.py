"""Whom a step of an escalation reaches at a moment: for the page that tells them, and for who wants to know first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from core.accounts.models import User
from core.common.vocabulary import Role
from core.outbox.models import Endpoint
from escalation import paging_queries as queries
from escalation import paging_rules, schedules
from escalation.models import Membership, PagingChannel, Team
from escalation.paging_rules import Step, Target


@dataclass(frozen=True)
class Way:
    """One way to somebody: an e-mail address, or an endpoint. `key` names it in the ledger."""

    key: str
    to: str
    words: str
    endpoint: Endpoint | None = None


@dataclass(frozen=True)
class Reached:
    """One to tell. `person` is None for what belongs to the whole team (its chat, its mailbox)."""

    person: User | None
    team: Team | None
    why: str

    @property
    def key(self) -> str:
        return f"user:{self.person.pk}" if self.person else f"team:{self.team.pk if self.team else 0}"

    @property
    def name(self) -> str:
        return self.person.display_name if self.person else str(self.team)

    @property
    def ways(self) -> list[Way]:
        """By what they chose; a person who chose nothing gets mail. Empty: nobody can tell them anything."""
        if self.person is None:
            return _ways(queries.channels(team=self.team), self.team.email if self.team else "")
        chosen = list(queries.channels(person=self.person))
        return _ways(chosen, self.person.email) if chosen else _mail(self.person.email)


@dataclass(frozen=True)
class Found:
    """Whom a step reaches at a moment, and by which ways; `gaps` says in words whom it does not."""

    reached: list[tuple[Reached, list[Way]]]
    gaps: list[str]


@dataclass(frozen=True)
class Book:
    """What is needed to say who stands behind a target at a moment; all of it is loaded, nothing is queried.

    `teams` are those in use, with lead and manager; `members` their people by team.
    """

    at: datetime
    schedule: schedules.Schedules
    teams: Mapping[int, Team]
    members: Mapping[int, Iterable[int]]

    def behind(self, target: Target) -> list[Reached]:
        """The people behind a target; nobody where nobody is on call, left, or was ever named."""
        if target.kind == paging_rules.PERSON:
            return _some(self.schedule.person(target.person), None, "named")
        team = self.teams.get(target.team or 0)
        if team is None:
            return []
        if target.kind == paging_rules.ON_CALL:
            who = f"{paging_rules.NTH.get(target.rotation_step, 'on call')} for {team}"
            return _some(self.on_call(team, target.rotation_step), team, who)
        if target.kind == paging_rules.TEAM:
            people = map(self.schedule.person, sorted(self.members.get(team.pk, ())))
            return [one for person in people for one in _some(person, team, f"in {team}")]
        leading = team.lead if target.kind == paging_rules.LEAD else team.manager
        return _some(leading, team, f"{target.kind} of {team}")

    def on_call(self, team: Team, step: int) -> User | None:
        """Who is on call at a step of a team; None when nobody is, or when it has no such step."""
        if step not in self.schedule.steps(team, self.at):
            return None
        return self.schedule.person(self.schedule.first(team, step, self.at).person)


def open_book(steps: Iterable[Step], at: datetime) -> Book:
    """What these steps speak of, read afresh. Up to five queries."""
    targets = [target for step in steps for target in step.targets]
    ids = {target.team for target in targets if target.team is not None}
    teams = Team.objects.select_related("lead", "manager").filter(active=True).in_bulk(ids)
    whole = [target.team for target in targets if target.kind == paging_rules.TEAM]
    pairs = list(Membership.objects.filter(team__in=whole).values_list("team_id", "user_id")) if whole else []
    also = {user for _, user in pairs} | {target.person for target in targets if target.person is not None}
    schedule = schedules.load(teams, at, at + schedules.MOMENT, also=also)
    members = {team: [user for of, user in pairs if of == team] for team in teams}
    return Book(at, schedule, teams, members)


def resolve(step: Step, now: datetime) -> Found:
    """Who it is, now, and how they are told: read afresh from the directory at every step, never kept."""
    book = open_book([step], now)
    everybody: dict[str, Reached] = {}
    gaps: list[str] = []
    for target in step.targets:
        found = book.behind(target)
        if target.kind == paging_rules.TEAM or (found and target.kind == paging_rules.ON_CALL):
            found = [*found, *_whole(book.teams.get(target.team or 0))]
        gaps += [] if found else [target.words]
        for one in found:
            everybody.setdefault(one.key, one)
    reached = [(one, one.ways) for one in everybody.values()]
    gaps += [f"{one.name}, who has no address" for one, ways in reached if not ways]
    return Found([(one, ways) for one, ways in reached if ways], gaps)


def managers_of(team: Team) -> list[User]:
    """Who hears that a team cannot be reached: its manager, else everybody who manages."""
    if team.manager is not None and team.manager.is_active:
        return [team.manager]
    return list(User.objects.filter(is_active=True, role_grants__role=Role.MANAGER).order_by("pk"))


def _some(person: User | None, team: Team | None, why: str) -> list[Reached]:
    return [Reached(person, team, why)] if person is not None and person.is_active else []


def _whole(team: Team | None) -> list[Reached]:
    """The team itself, where it has a channel of its own.

    Behind an on-call target it comes along only with a person: a chat in which nobody has to answer is no answer.
    """
    if team is None or not queries.channels(team=team).exists():
        return []
    return [Reached(None, team, "the team's channel")]


def _ways(chosen: Iterable[PagingChannel], email: str) -> list[Way]:
    found = []
    for channel in chosen:
        if channel.endpoint is None:
            found += _mail(email)
        else:
            found.append(Way(f"channel:{channel.pk}", str(channel), str(channel), channel.endpoint))
    return found


def _mail(email: str) -> list[Way]:
    return [Way("email", email, "e-mail")] if email else []
