"""Our events in one sentence each; who and when stand beside it."""

from __future__ import annotations

from core.audit.models import Event
from core.audit.words import Presenter
from escalation import tiers


def _names(event: Event) -> str:
    return ", ".join(name.replace("_", " ") for name in event.after) or "nothing"


def _entered(event: Event) -> str:
    """The tier is called as it was called then."""
    return f"entered the team {event.after['name']}, {event.after.get('tier_name') or tiers.name(event.after['tier'])}"


SENTENCES: dict[str, Presenter] = {
    "team.created": _entered,
    "tier.added": "added the tier {after[name]}",
    "tier.changed": lambda event: f"changed the tier's {_names(event)}",
    "tier.removed": "took the tier {before[name]} away",
    "team.changed": lambda event: f"changed the team's {_names(event)}",
    "team.reviewed": "checked the entry; it is right",
    "person.changed": lambda event: f"changed the {_names(event)} of {event.subject_ref}",
    "person.reviewed": "checked the entry; it is right",
    "rotation.created": "started a rotation of {data[team]}",
    "rotation.changed": lambda event: f"changed the rotation of {event.data['team']}: {_names(event)}",
    "override.added": "arranged a stand-in",
    "override.cancelled": "ended a stand-in",
    "calendar_feed.created": "made a calendar address: {data[of]}",
    "calendar_feed.renewed": "renewed a calendar address: {data[of]}",
    "calendar_feed.revoked": "revoked a calendar address: {data[of]}",
    "swap.asked": "offered a shift",
    "swap.taken": "took the offered shift",
    "swap.withdrawn": "took the offered shift back",
    "swap.expired": "nobody took the shift in time",
}
