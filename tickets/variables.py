"""Variables in texts that the desk writes again and again: pure, from a list of names that is all there is.

Substitution is logic-less: a name in braces, {ticket.reference} or {{ ticket.reference }}, becomes a value, once;
the values are never looked at again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from django.conf import settings

from tickets.models import Ticket

_NAME = r"\s*([A-Za-z_][A-Za-z0-9_.]*)\s*"
VARIABLE = re.compile(rf"\{{\{{{_NAME}\}}\}}|\{{{_NAME}\}}")
OF_TICKET: dict[str, str] = {
    "requester.name": "who asks, in full",
    "requester.first_name": "who asks, by first name",
    "organisation.name": "their organisation",
    "ticket.reference": "TKT-12",
    "ticket.subject": "the subject",
    "ticket.priority": "P0 to P3",
    "ticket.url": "the customer's page of the ticket",
    "application.name": "the application",
    "component.name": "the component",
    "team.name": "the team that has it",
    "assignee.name": "the person who has it",
}
Values = Mapping[str, str]


def unknown(text: str, known: Iterable[str]) -> list[str]:
    """What is wrong with a text: a sentence that names every name in braces that means nothing; else none."""
    names = list(known)
    found = dict.fromkeys(match[1] or match[2] for match in VARIABLE.finditer(text))
    wrong = [name for name in found if name.lower() not in names]
    if not wrong:
        return []
    return [f"Not known: {_listed(wrong)}. Use: {_listed(names)}."]


def fill(text: str, values: Values) -> str:
    """The text with each variable that has a value replaced by it; other names in braces stay as they are."""
    return VARIABLE.sub(lambda match: values.get((match[1] or match[2]).lower(), match[0]), text)


def of_ticket(ticket: Ticket) -> dict[str, str]:
    """What each variable of OF_TICKET stands for; what a ticket does not have is empty."""
    asks = ticket.requester.name if ticket.requester else ""
    return {
        "requester.name": asks,
        "requester.first_name": asks.split(" ")[0],
        "organisation.name": ticket.organisation.name if ticket.organisation else "",
        "ticket.reference": ticket.reference,
        "ticket.subject": ticket.subject,
        "ticket.priority": ticket.priority,
        "ticket.url": f"{settings.BASE_URL.rstrip('/')}/portal/{ticket.reference}/",
        "application.name": ticket.application.name if ticket.application else "",
        "component.name": ticket.component.name if ticket.component else "",
        "team.name": ticket.team.name if ticket.team else "",
        "assignee.name": ticket.assignee.display_name if ticket.assignee else "",
    }


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"{{{name}}}" for name in names)
