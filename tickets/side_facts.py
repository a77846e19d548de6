"""What the side column of a ticket says of its environment and its time."""

from __future__ import annotations

from typing import Any

from core.common.actor import Actor
from core.common.vocabulary import Area
from customers.queries import environment
from escalation.models import Team
from tickets import asked
from tickets.models import Ticket


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
