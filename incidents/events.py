"""Our event names, each as one line for the history page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from core.audit.models import Event
from incidents.models import Status, Update


def _sent(event: Event) -> str:
    number, kind = event.data.get("number"), Update.Kind(event.data.get("kind", Update.Kind.UPDATE)).label
    people = event.data.get("recipients", 0)
    return f"{kind} {number} to {people} {'person' if people == 1 else 'people'}"


def _status(event: Event) -> str:
    return f"{Status(event.before['status']).label} → {Status(event.after['status']).label}"


def _after(event: Event) -> str:
    return ", ".join(f"{name.replace('_', ' ')}: {_word(value)}" for name, value in event.after.items())


def _word(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return "none" if value in (None, "") else str(value)


SENTENCES: dict[str, Callable[[Event], str]] = {
    "incident.declared": lambda event: f"Declared: {event.data.get('title', '')}",
    "incident.acknowledged": lambda event: "Acknowledged",
    "incident.updated": _sent,
    "incident.update_missed": lambda event: f"Update {event.data.get('number')} was due and nobody wrote one",
    "incident.reminded": lambda event: f"Reminded {event.data.get('to')} of the next update",
    "incident.status_changed": lambda event: f"{_status(event)}. {event.data.get('note', '')}".strip(" ."),
    "incident.restored": lambda event: f"Service restored. {_sent(event)}",
    "incident.reopened": lambda event: f"Reopened: {event.data.get('reason', '')}",
    "incident.closed": lambda event: "Closed",
    "incident.roles_assigned": lambda event: f"Roles: {_after(event)}",
    "incident.entry_added": lambda event: f"{event.data.get('kind')}: {event.data.get('body')}".capitalize(),
    "incident.cadence_changed": lambda event: (
        f"Cadence: {_word(event.after.get('cadence_minutes'))} min. {event.data.get('reason', '')}"
    ),
    "incident.subscribed": lambda event: f"{event.data.get('address')} gets the updates",
    "incident.edited": lambda event: f"Changed {_after(event)}",
    "incident.linked": lambda event: f"Linked with {event.data.get('to')}",
    "incident.time_logged": lambda event: f"{event.data.get('minutes')} min logged",
}


def sentence(event: Event) -> str:
    """One line saying what happened."""
    return SENTENCES[event.name](event)
