"""What the side column of a ticket says of its environment and its time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.accounts.permissions import Permission, can
from core.common import clock
from core.common.actor import Actor
from core.common.errors import NotFound
from core.common.vocabulary import Area
from customers.queries import environment
from escalation.models import Team
from tickets import asked, queries
from tickets.models import Ticket
from worklog import queries as worklog
from worklog import rules as time_rules
from worklog import subjects
from worklog.models import TimeEntry


def facts(ticket: Ticket, actor: Actor) -> dict[str, Any]:
    """The customer's answers, those that are missing, the desk's own fields, who looks after a risk."""
    questions = environment(ticket.organisation, ticket.application)
    return {
        "env_asks": bool(questions) and ticket.organisation_id is not None,
        "env_lines": asked.lines(ticket, questions),
        "env_form": asked.MissingForm(questions, ticket=ticket) if ticket.organisation_id else None,
        "own_facts": asked.own_facts(ticket),
        "security_team": proposed_for_security(ticket) if ticket.is_open else None,
    }


def proposed_for_security(ticket: Ticket) -> Team | None:
    """The team that looks after security, where a ticket with a risk is with another one."""
    if Area.SECURITY not in ticket.areas:
        return None
    teams = [team for team in Team.objects.filter(active=True) if Area.SECURITY in team.areas]
    return None if not teams or ticket.team_id in {team.pk for team in teams} else teams[0]


# --- time --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Time:
    """`since`: the reader's timer runs here, `minutes` is what it offers; `elsewhere`: it runs on other work."""

    total: int
    since: datetime | None = None
    minutes: int = 0
    elsewhere: str = ""


@dataclass(frozen=True)
class Offer:
    """A timer that stopped because another one started."""

    reference: str
    minutes: int


def time(ticket: Ticket, actor: Actor) -> Time | None:
    """The time on a ticket for those who log some."""
    if not can(actor, Permission.LOG_TIME) or actor.user_id is None:
        return None
    total, timer = worklog.time_for(ticket, actor)
    if timer is None:
        return Time(total)
    if (timer.subject_kind, timer.subject_id) != (Ticket.SUBJECT, ticket.pk):
        return Time(total, elsewhere=f"{subjects.kind(timer.subject_kind).prefix}-{timer.subject_id}")
    return Time(total, timer.started_at, time_rules.rounded(clock.now() - timer.started_at))


def entries(ticket: Ticket, actor: Actor) -> list[TimeEntry]:
    """What was logged, the newest first; `mine` marks what the reader may still take back."""
    found, now = list(worklog.time_on(ticket)), clock.now()
    for entry in found:
        entry.mine = entry.person_id == actor.user_id and time_rules.may_take_back(entry.created_at, now)  # type: ignore[attr-defined]
    return found


def offer(params: Mapping[str, str], actor: Actor) -> Offer | None:
    """The time of a timer that has just stopped elsewhere, as the address says it; None where it says nonsense."""
    minutes = params.get("offered", "")
    if not params.get("offer") or not minutes.isascii() or not minutes.isdigit() or len(minutes) > 4:
        return None
    try:
        found = queries.get_for(params["offer"], by=actor)
    except NotFound:
        return None
    return Offer(found.reference, int(minutes)) if 1 <= int(minutes) <= time_rules.MINUTES_IN_A_DAY else None
