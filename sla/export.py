"""What was missed, as CSV: streamed, the latest first, safe in a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from core.common import spreadsheet
from sla import causes
from sla.models.breaches import BreachQuerySet

COLUMNS = (
    "reference", "goal", "policy", "target_minutes", "breached_at", "over_minutes", "owner", "team", "cause", "note",
    "explained_by", "explained_at",
)  # fmt: skip
CHUNK = 500


def lines(found: BreachQuerySet, now: datetime) -> Iterator[str]:
    """One line for each miss, the time over target as of now. The caller has checked who may see them."""
    rows = found.select_related("clock__calendar").order_by("-breached_at", "-pk").iterator(chunk_size=CHUNK)
    return spreadsheet.lines(COLUMNS, (
        [row.reference, row.goal, row.policy_name, row.target_minutes, row.breached_at, row.over_at(now) // 60,
         row.owner_label, row.team_label, causes.in_words(row.cause) or row.cause, row.cause_note, row.explained_by,
         row.explained_at]
        for row in rows
    ))  # fmt: skip
