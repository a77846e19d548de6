"""Our events in one sentence each; who and when stand beside it."""

from __future__ import annotations

from core.audit.models import Event
from core.audit.words import Presenter


def _names(event: Event) -> str:
    return ", ".join(name.replace("_", " ") for name in event.after) or "nothing"


SENTENCES: dict[str, Presenter] = {
    "team.created": "entered the team {after[name]}, L{after[tier]}",
    "team.changed": lambda event: f"changed the team's {_names(event)}",
    "team.reviewed": "checked the entry; it is right",
    "rotation.created": "started a rotation of {data[team]}",
    "rotation.changed": lambda event: f"changed the rotation of {event.data['team']}: {_names(event)}",
    "override.added": "arranged a stand-in",
    "override.cancelled": "ended a stand-in",
}
