"""How a promise's clock looks: calm, warning, over, held or met. Pure: times in, a reading out."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from servicedesk import wording

HELD, MET = {"held", "paused", "on_hold"}, {"met", "done", "completed", "achieved"}
SILENT = {"", "none", "cancelled", "not_started"}


class Reading(NamedTuple):
    """What a clock shows: look, text, share left in percent."""

    look: str
    text: str
    share: float


def read(
    due_at: datetime | None,
    state: str,
    target: timedelta | float | None,
    left: timedelta | float | None,
    taken: timedelta | float | None,
    at: datetime,
) -> Reading | None:
    """Decide how a clock looks. It warns in the last quarter of its target, at most in the last hour."""
    if state in SILENT:
        return None
    if state in MET:
        return Reading("met", f"in {wording.spoken(taken)}" if taken is not None else "met", 0)
    if state in HELD:
        return Reading("held", wording.duration(left) if left is not None else "paused", 0)
    if due_at is None:
        return None
    seconds = wording.seconds_in(due_at - at)
    if seconds < 0:
        return Reading("over", wording.duration(seconds), 0)
    whole = wording.seconds_in(target) if target else 0
    edge = min(whole / 4, wording.HOUR) if whole else wording.HOUR
    share = max(0.0, min(100.0, 100 * seconds / whole)) if whole else 50.0
    return Reading("warn" if seconds <= edge else "ok", wording.duration(seconds), share)
