"""Who do I call now? One box over teams, people and customers, or a piece of work to start from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial, reduce
from operator import or_

from django.db.models import Q

from catalogue.models import Application, Component
from core.accounts.models import User
from core.common import clock
from core.common.actor import Actor
from core.common.errors import RuleBroken
from customers.models import Organisation
from escalation import directory, matching, people, queries
from escalation.directory import Answer, Step
from escalation.models import Team

SOME_ANSWERS = 8
SOME_CUSTOMERS = 20
FEWEST_LETTERS = 3  # of a word that looks for customers


@dataclass(frozen=True)
class Named:
    """A person asked for by name, or who looks after a customer, in the shape of an Answer.

    While they are on call it is for `team`; else `chain` begins with who is on call in their stead, if they are
    in a team.
    """

    kind: str
    person: User
    phone: str
    reason: str
    team: Team | None
    until: datetime | None
    chain: tuple[Step, ...]
    on_call: bool
    hidden: bool
    words: tuple[str, ...] = ()
    typed: tuple[str, ...] = ()
    because: str = ""
    next: None = None
    nobody: bool = False

    @property
    def dial(self) -> directory.Dial | None:
        """Their number; without one, that of who is on call in their stead."""
        if self.phone:
            return directory.Dial(self.person.display_name, self.phone, own=self.phone == self.person.phone)
        return directory.of_chain(self.chain)

    @property
    def email(self) -> str:
        return self.person.email


Found = Answer | Named


@dataclass(frozen=True)
class Work:
    """A ticket or an incident for which somebody is needed. `tier` is where it stands now."""

    reference: str
    title: str
    url: str
    components: tuple[Component, ...] = ()
    applications: tuple[Application, ...] = ()
    areas: frozenset[str] = frozenset()
    tier: int = 1
    text: str = ""
    customers: tuple[Organisation, ...] = ()

    @property
    def typed(self) -> str:
        """What one would type about it."""
        names = [thing.name for thing in (self.components or self.applications)]
        return " ".join([*names, *matching.error_words(self.text)])[:200]


Source = Callable[[str, Actor], Work]
_sources: dict[str, Source] = {}


def register(name: str, source: Source) -> None:
    """`/on-call/?NAME=REF` starts from the work that the source gives for (ref, actor); it raises NotFound."""
    _sources[name] = source


def work_of(params: dict[str, str], by: Actor) -> Work | None:
    """The piece of work that an address names, None without one. Raises NotFound for what the actor may not see."""
    for name, source in _sources.items():
        if ref := params.get(name, "").strip():
            return source(ref, by)
    return None


# --- by words ------------------------------------------------------------------------------------------------
def search(text: str, at: datetime | None = None, *, among: Sequence[Answer] | None = None) -> list[Answer]:
    """The teams to call about a text: scope, name, component, application, error words, people; best first.

    `among` saves the queries where the answers of all teams are at hand.
    """
    everybody = directory.answers(list(directory.entries()), at) if among is None else among
    found = matching.rank(text, [_team_entry(answer) for answer in everybody])
    typed = tuple(matching.words_of(text))
    return [replace(everybody[match.index], words=match.words, typed=typed) for match in found[:SOME_ANSWERS]]


def everybody(by: Actor) -> dict[int, User]:
    """The people who may be found by name, by key; one query."""
    return {person.pk: person for person in queries.people(by).prefetch_related(None)}


def find(
    text: str,
    by: Actor,
    *,
    among: Sequence[Answer] | None = None,
    persons: Mapping[int, User] | None = None,
) -> list[Found]:
    """`search`, and people by name, and who looks after a customer. Five queries, however many there are.

    `among` and `persons` save all but one where the answers of all teams and everybody are at hand.
    """
    if persons is None:
        persons = everybody(by)
    if among is None:
        now, teams = clock.now(), list(directory.entries())
        among = directory.answers(teams, now, directory.load(teams, now, known=persons))
    customers = _customers(text, by)
    entries = [_team_entry(answer) for answer in among]
    entries += [
        matching.Entry({"self": [f"{person.display_name} {person.username}"]}) for person in persons.values()
    ]
    entries += [matching.Entry({"customer": [customer.name]}) for customer in customers]
    naming = _Naming(among, by)
    pool: list[Callable[[], Found]] = [partial(replace, answer) for answer in among]
    pool += [partial(naming.person, person) for person in persons.values()]
    pool += [partial(naming.manager_of, customer) for customer in customers]
    typed = tuple(matching.words_of(text))
    found = matching.rank(text, entries)[:SOME_ANSWERS]
    return [replace(pool[match.index](), words=match.words, typed=typed) for match in found]


def ask(
    *,
    by: Actor,
    component: Component | None = None,
    team: Team | None = None,
    q: str | None = None,
    at: datetime | None = None,
) -> list[Found]:
    """The answers to one question; without one, those of every team. Raises RuleBroken for two at once.

    About another moment than now, private numbers stand only where they may be called now, and names find
    nobody: a person is asked for to be called now.
    """
    if sum(given is not None for given in (component, team, q)) > 1:
        raise RuleBroken("Ask by one of component, team and q.", field="q")
    if q is not None and at is None:
        return find(q, by)
    if component is not None:
        found = directory.for_component(component, at)
    elif q is not None:
        found = search(q, at)
    else:
        found = directory.answers(list(directory.entries()) if team is None else [team], at)
    return [*(found if at is None else directory.without_private_numbers(found))]


# --- by a piece of work --------------------------------------------------------------------------------------
def about(work: Work, by: Actor, *, among: Sequence[Answer]) -> list[Found]:
    """Whom to call about a piece of work: the next tier first; of it, who owns the component, then the kind of
    trouble, then something of the application, then who is named by its words; last, who looks after the customer.
    """
    typed = tuple(matching.words_of(work.text))
    said = {match.index: match for match in matching.rank(work.text, [_team_entry(a) for a in among])}
    ranked = []
    for index, answer in enumerate(among):
        nearness, because = _nearness(answer.team, work)
        match = said.get(index)
        if match is None and nearness == NOT_NEAR:
            continue
        team, score = answer.team, match.score if match else 0.0
        order = (
            team.tier <= work.tier,
            nearness,
            abs(team.tier - work.tier),
            -score,
            team.is_vendor,
            team.name,
        )
        ranked.append(
            (order, replace(answer, words=match.words if match else (), typed=typed, because=because))
        )
    ranked.sort(key=lambda pair: pair[0])
    named = _Naming(among, by)
    managers = [named.manager_of(customer) for customer in work.customers if customer.account_manager]
    return [*(answer for _, answer in ranked[:SOME_ANSWERS]), *managers]


NOT_NEAR = 3


def _nearness(team: Team, work: Work) -> tuple[int, str]:
    owned = directory.owned_by(team)
    for component in work.components:
        if any(own.pk == component.pk for own in owned):
            return 0, f"Owns {component.name}"
    if areas := work.areas & set(team.areas):
        return 1, f"Looks after {min(areas).replace('_', ' ')}"
    for application in work.applications:
        if any(own.application == application.pk for own in owned):
            return 2, f"Knows {application.name}"
    return NOT_NEAR, ""


# --- people and customers ------------------------------------------------------------------------------------
class _Naming:
    """Makes the answers that are people, from the answers of all teams."""

    def __init__(self, everybody: Sequence[Answer], by: Actor) -> None:
        self.named = directory.named_now(everybody) | ({by.user_id} if by.user_id else set())
        self.on_call: dict[int, Answer] = {}
        self.of_team: dict[int, Answer] = {}
        for answer in everybody:
            if answer.person is not None:
                self.on_call.setdefault(answer.person.pk, answer)
            for member in directory.members_of(answer.team):
                self.of_team.setdefault(member, answer)

    def person(self, person: User) -> Named:
        return self._named(person, "person", "")

    def manager_of(self, customer: Organisation) -> Named:
        assert customer.account_manager is not None
        return self._named(customer.account_manager, "customer", f"Account manager of {customer.name}")

    def _named(self, person: User, kind: str, reason: str) -> Named:
        reach = people.reach(person, self.named)
        turn = self.on_call.get(person.pk)
        instead = turn or self.of_team.get(person.pk)
        return Named(
            kind=kind,
            person=person,
            phone=reach.phone,
            reason=reason or (turn.reason if turn else "Not on call"),
            team=instead.team if instead else None,
            until=turn.until if turn else None,
            chain=turn.chain if turn else _instead(instead),
            on_call=turn is not None,
            hidden=reach.hidden,
        )


def _instead(answer: Answer | None) -> tuple[Step, ...]:
    """Whom to call in the stead of somebody who is not on call: who is, and their chain."""
    if answer is None:
        return ()
    if answer.person is None:
        return answer.chain
    return (Step(answer.person, f"on call for {answer.team}", 0), *answer.chain)


def _customers(text: str, by: Actor) -> list[Organisation]:
    words = [word for word in matching.words_of(text)[:10] if len(word) >= FEWEST_LETTERS]
    if not words:
        return []
    found = Organisation.objects.visible_to(by).filter(account_manager__is_active=True)
    named = found.filter(reduce(or_, (Q(name__icontains=word) for word in words)))
    return list(named.select_related("account_manager__card").order_by("name")[:SOME_CUSTOMERS])


def _team_entry(answer: Answer) -> matching.Entry:
    team = answer.team
    components = directory.owned_by(team)
    persons = [person for person in (team.lead, team.manager, answer.person) if person]
    names = [f"{person.display_name} {person.username}" for person in persons]
    owned, denied = matching.owned_and_denied(team.scope)
    return matching.Entry(
        texts={
            "name": [team.name],
            "person": [*directory.members_of(team).values(), *names],
            "component": [component.name for component in components],
            "application": [component.application_name for component in components],
            "keyword": [team.keywords],
            "scope": [owned],
            "area": [area.replace("_", " ") for area in team.areas],
        },
        not_ours=f"{team.not_scope} {denied}",
    )
