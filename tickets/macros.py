"""What a macro says and changes: pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.common.actor import Actor
from core.common.errors import Invalid
from core.common.vocabulary import Priority
from tickets import variables
from tickets.models import Ticket
from tickets.rules import THEN

VARIABLES: dict[str, str] = {
    **variables.OF_TICKET,
    "me.name": "your name",
    "me.first_name": "your first name",
}
STATUSES = ("", "waiting", "on_hold", "resolved")
CHANGES = ("priority", "team", "assignee", "tags", "status", "hold_reason", "code", "reason")


def values_of(ticket: Ticket, by: Actor) -> dict[str, str]:
    """What each variable stands for on a ticket, for the person who uses the macro."""
    return {**variables.of_ticket(ticket), "me.name": by.label, "me.first_name": by.label.split(" ")[0]}


def check(*, name: str, text: str, public: bool, changes: Mapping[str, Any]) -> None:
    """Refuse a macro that could not be used. Raises Invalid with a sentence a field."""
    wrong: dict[str, list[str]] = {}
    if not name.strip():
        wrong["name"] = ["Give it a name; people choose it by that."]
    if unknown := variables.unknown(text, VARIABLES):
        wrong["text"] = unknown
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
