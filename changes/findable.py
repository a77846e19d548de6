"""What the search finds of a change: for staff only."""

from __future__ import annotations

from changes.models import Change
from core.search import index as search_index


def index(change: Change) -> None:
    """Write the change into the search index, in the operation's transaction."""
    texts = (
        change.description, change.need, change.implementation_plan, change.backout_plan, change.validation_plan,
        change.outcome_note,
    )  # fmt: skip
    search_index.put(
        Change.SUBJECT,
        change.pk,
        reference=change.reference,
        title=change.title,
        staff="\n".join(text for text in texts if text),
        staff_only=True,
    )
