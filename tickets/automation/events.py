"""The events that rules listen to, and what the events about rules say."""

from __future__ import annotations

from core.audit.models import Event
from core.audit.words import Presenter

LISTENS: dict[str, str] = {
    "ticket.created": "A ticket is opened",
    "ticket.customer_wrote": "The customer writes",
    "ticket.replied": "The desk replies",
    "ticket.noted": "An internal note is added",
    "ticket.updated": "Facts change",
    "ticket.priority_set": "The priority is set by hand",
    "ticket.taken": "Somebody takes it",
    "ticket.assigned": "It is assigned",
    "ticket.escalated": "It is escalated",
    "ticket.handed_back": "It is handed back",
    "ticket.waiting": "It waits for the customer",
    "ticket.held": "It is put on hold",
    "ticket.resumed": "Work goes on",
    "ticket.review_due": "It is time to look again",
    "ticket.resolved": "It is resolved",
    "ticket.reopened": "It is reopened",
    "ticket.closed": "It is closed",
    "ticket.linked": "It is linked to other work",
    "sla.reminder": "A service level is reminded of",
    "sla.breached": "A service level is missed",
}


def _edited(event: Event) -> str:
    return f"changed the rule: {', '.join(name.replace('_', ' ') for name in event.after)}"


SENTENCES: dict[str, Presenter] = {
    "automation_rule.created": "made the rule {after[name]}",
    "automation_rule.edited": _edited,
    "automation_rule.moved": "moved the rule from place {before[place]} to {after[place]}",
    "automation_rule.switched_on": "switched the rule on",
    "automation_rule.switched_off": "switched the rule off",
    "automation_rule.stopped": "switched the rule off: {data[why]}",
}
