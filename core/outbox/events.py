"""Our events in one sentence each; who and when stand beside it."""

from __future__ import annotations

from core.audit.words import Presenter

SENTENCES: dict[str, Presenter] = {
    "address.undeliverable": lambda event: (
        f"marked {event.subject_ref} as taking no mail: {event.data['why']}"
    ),
    "address.cleared": lambda event: f"lets {event.subject_ref} be tried again",
}
