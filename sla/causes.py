"""Why a service level was missed: a word of the vocabulary, and a sentence where one helps."""

from __future__ import annotations

from core.common.errors import Invalid
from sla.models import Cause

LONGEST_NOTE = 2_000


def checked(cause: str, note: str = "") -> tuple[str, str]:
    """The cause and its note. A cause that is none of the vocabulary counts as somebody's own words."""
    cause, note = cause.strip(), note.strip()
    if cause and cause not in Cause.values:
        cause, note = Cause.OTHER, f"{cause} {note}".strip()
    if not cause:
        raise Invalid({"cause": ["Choose what caused it."]})
    if cause == Cause.OTHER and not note:
        raise Invalid({"note": ["Say in a sentence what caused it."]})
    if len(note) > LONGEST_NOTE:
        raise Invalid({"note": [f"At most {LONGEST_NOTE} characters."]})
    return cause, note


def in_words(cause: str, note: str = "") -> str:
    """A cause as people read it; "" while nobody has said it."""
    if not cause or (cause == Cause.OTHER and note):
        return note
    label = str(Cause(cause).label)
    return f"{label}: {note}" if note else label
