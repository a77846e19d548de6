"""Our events in one sentence each; who and when stand beside it."""

from __future__ import annotations

from core.audit.models import Event
from core.audit.words import Presenter


def _names(event: Event) -> str:
    return ", ".join(name.replace("_", " ") for name in event.after)


SENTENCES: dict[str, Presenter] = {
    "user.profile_edited": "changed their profile",
    "user.facts_edited": lambda event: f"changed the {_names(event)} of {event.subject_ref}",
    "user.created": "entered {after[username]}, who cannot sign in yet",
    "token.created": "made the token “{data[label]}” for {data[user]}",
    "token.revoked": "revoked the token “{data[label]}”",
}
