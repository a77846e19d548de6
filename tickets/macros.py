"""What a macro says and changes: pure, from a list of variables that is all there is.

Substitution is logic-less: a name in braces becomes a value, once; the values are never looked at again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.conf import settings

from core.common.actor import Actor
from core.common.errors import Invalid
from core.common.vocabulary import Priority
from tickets.models import Ticket
from tickets.rules import THEN

_VARIABLE = re.compile(r"\{\s*([A-Za-z_][A-Za-z0-9_.]*)\s*\}")
VARIABLES: dict[str, str] = {
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
    "me.name": "your name",
    "me.first_name": "your first name",
}
STATUSES = ("", "waiting", "on_hold", "resolved")
CHANGES = ("priority", "team", "assignee", "tags", "status", "hold_reason", "code", "reason")


def unknown_variables(text: str) -> list[str]:
    """The names in braces that mean nothing, in the order of the text."""
    found = (match[1] for match in _VARIABLE.finditer(text))
    return list(dict.fromkeys(name for name in found if name.lower() not in VARIABLES))


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with each known variable replaced by its value; one without a value leaves nothing."""
    return _VARIABLE.sub(
        lambda match: values.get(match[1].lower(), "") if match[1].lower() in VARIABLES else match[0], text
    )


def values_of(ticket: Ticket, by: Actor) -> dict[str, str]:
    """What each variable stands for on a ticket, for the person who uses the macro."""
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
        "me.name": by.label,
        "me.first_name": by.label.split(" ")[0],
    }


def check(*, name: str, text: str, public: bool, changes: Mapping[str, Any]) -> None:
    """Refuse a macro that could not be used. Raises Invalid with a sentence a field."""
    wrong: dict[str, list[str]] = {}
    if not name.strip():
        wrong["name"] = ["Give it a name; people choose it by that."]
    if unknown := unknown_variables(text):
        names = ", ".join(f"{{{name}}}" for name in unknown)
        wrong["text"] = [f"Not known: {names}. Use: {', '.join(f'{{{name}}}' for name in VARIABLES)}."]
    if not text.strip() and not changes:
        wrong["text"] = ["Write a text, or choose what it changes; it does nothing yet."]
    if changes.get("priority") and changes["priority"] not in Priority.values:
        wrong["priority"] = ["Priority is P0, P1, P2 or P3."]
    if changes.get("priority") and not str(changes.get("reason", "")).strip():
        wrong["reason"] = ["Say why the priority changes; the ticket's history shows it."]
    status = changes.get("status", "")
    if status not in STATUSES:
        wrong["status"] = [f"Status is one of: {', '.join(filter(None, STATUSES))}."]
    if status in ("waiting", "resolved") and not (text.strip() and public):
        wrong["status"] = ["This happens when the reply goes out, so it needs a text to the customer."]
    if status == "on_hold" and not changes.get("hold_reason"):
        wrong["hold_reason"] = ["Say what it waits for."]
    if status == "on_hold" and not str(changes.get("reason", "")).strip():
        wrong["reason"] = ["Say what exactly it waits for; the ticket shows it."]
    if status == "resolved" and f"resolved:{changes.get('code', '')}" not in dict(THEN):
        wrong["code"] = ["Say how it was resolved."]
    if wrong:
        raise Invalid(wrong)


def then_of(changes: Mapping[str, Any]) -> str:
    """How the ticket goes on when the reply goes out: "", "waiting" or "resolved:CODE"."""
    status = changes.get("status", "")
    if status == "resolved":
        return f"resolved:{changes['code']}"
    return "waiting" if status == "waiting" else ""
