"""Who is named with @ in a note: people by username, teams by their short name.

Naming somebody tells them; it never lets them see more than they could.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Value, When

from core.accounts.models import User
from core.accounts.permissions import Permission, roles_with
from core.common.actor import Actor
from core.common.vocabulary import Role
from escalation.models import Membership, Team
from tickets.models import Entry, Ticket
from worklog.models import Watcher

MOST = 20
MOST_PEOPLE, MOST_TEAMS = 6, 3  # that are offered at once
_NAME = re.compile(r"(?<![\w@./\\])@([A-Za-z0-9][\w.+-]{0,149})")
READERS = tuple(roles_with(Permission.WORK_TICKET))


@dataclass(frozen=True)
class Named:
    """Somebody who may be named: `name` is what is typed after the @."""

    name: str
    label: str
    note: str
    person: User | None = None


def names(text: str) -> list[str]:
    """The names in a text, each once, in its order; an e-mail address names nobody."""
    found = (match[1].rstrip(".-").lower() for match in _NAME.finditer(text))
    return list(dict.fromkeys(found))[:MOST]


def escaped(text: str) -> str:
    """The text as Markdown shows it just the same, and which names nobody."""
    return _NAME.sub(lambda match: f"\\{match[0]}", text)


def readers(ticket: Ticket) -> QuerySet[User]:
    """Who reads a ticket's notes: all who work on tickets; where it is confidential, those of them it names."""
    found = User.objects.filter(is_active=True).filter(
        Q(is_superuser=True) | Q(role_grants__role__in=READERS)
    )
    if ticket.confidential:
        watching = Watcher.objects.filter(subject_kind=Ticket.SUBJECT, subject_id=ticket.pk).values("user_id")
        asked = Q(pk=ticket.requester.user_id) if ticket.requester else Q()
        found = found.filter(Q(pk=ticket.assignee_id) | Q(pk__in=watching) | asked)
    return found.distinct()


def heard(text: str, ticket: Ticket, by: Actor) -> list[User]:
    """Whom a note tells: those it names, alone or as a team, who read this ticket's notes; not its author."""
    wanted = names(text)
    if not wanted:
        return []
    one = Q(username__iregex=_any_of(wanted))
    found = readers(ticket).filter(
        one | Q(pk__in=_members(Team.objects.filter(slug__in=wanted, active=True)))
    )
    return list(found.exclude(pk=by.user_id).order_by("username"))


def unheard(text: str, ticket: Ticket) -> list[str]:
    """The names in a note that tell nobody: they do not exist, or may not read the ticket's notes."""
    wanted = names(text)
    if not wanted:
        return []
    people = readers(ticket).filter(username__iregex=_any_of(wanted)).values_list("username", flat=True)
    teams = _teams(ticket).filter(slug__in=wanted).values_list("slug", flat=True)
    known = {name.lower() for name in (*people, *teams)}
    return [name for name in wanted if name not in known]


def offered(typed: str, ticket: Ticket, by: Actor) -> list[Named]:
    """Whom the typed beginning of a name may become: who has to do with the ticket first, then teams."""
    if "\x00" in typed:
        return []
    wrote = Entry.objects.filter(ticket=ticket, author_id=OuterRef("pk"))
    near = Case(When(Q(Exists(wrote)) | Q(pk=ticket.assignee_id), then=Value(0)), default=Value(1))
    begins = (
        Q(username__istartswith=typed) | Q(first_name__istartswith=typed) | Q(last_name__istartswith=typed)
    )
    people = readers(ticket).filter(begins).exclude(pk=by.user_id).exclude(role_grants__role=Role.INTEGRATION)
    found = [
        Named(user.username, user.display_name, user.job_title, user)
        for user in people.order_by(near, "first_name", "last_name", "username")[:MOST_PEOPLE]
    ]
    begins = Q(slug__istartswith=typed) | Q(name__istartswith=typed) | Q(name__icontains=f" {typed}")
    teams = _teams(ticket).filter(begins)
    return found + [Named(team.slug, team.name, "Team") for team in teams.order_by("name")[:MOST_TEAMS]]


def _teams(ticket: Ticket) -> QuerySet[Team]:
    """The teams of which somebody reads the ticket's notes."""
    able = Membership.objects.filter(user__in=readers(ticket).values("pk")).values("team_id")
    return Team.objects.filter(active=True).filter(Q(pk__in=able) | Q(lead__in=readers(ticket).values("pk")))


def _members(teams: QuerySet[Team]) -> QuerySet[Any]:
    led = Q(teams_led__in=teams.values("pk"))
    return User.objects.filter(led | Q(teams__in=teams.values("pk"))).values("pk")


def _any_of(wanted: list[str]) -> str:
    return rf"^({'|'.join(map(re.escape, wanted))})$"
