"""Pure decisions: the rhythm of updates, and which moves an incident allows."""

from __future__ import annotations

from datetime import datetime, timedelta

from core.common.errors import Conflict, Invalid, RuleBroken
from incidents.models import OPEN, Status

REMINDER_BEFORE = timedelta(minutes=5)
DEFAULT_CADENCE = 15  # minutes, for every severity and for none
LONGEST_CADENCE = 1440
LATE_AFTER = timedelta(seconds=120)  # the same limit everywhere (HARD_CASES 4)
LONGEST_SUBJECT = 77
CHANGES_BEFORE = timedelta(hours=72)

BETWEEN = frozenset({Status.INVESTIGATING, Status.IDENTIFIED, Status.MONITORING})


# --- rhythm -----------------------------------------------------------------------------------------------
def next_due(anchor: datetime, cadence: int | None, now: datetime) -> datetime | None:
    """The first slot of anchor + n x cadence minutes that lies after now; None on demand."""
    if cadence is None:
        return None
    step = timedelta(minutes=cadence)
    passed = max(0, (now - anchor) // step)
    return anchor + (passed + 1) * step


def slots_due(first: datetime, cadence: int | None, now: datetime) -> list[datetime]:
    """The due moments from the first one until now, both included; the first alone on demand."""
    if cadence is None or now < first:
        return [first]
    step = timedelta(minutes=cadence)
    return [first + n * step for n in range((now - first) // step + 1)]


def reminder_at(due: datetime | None, now: datetime) -> datetime | None:
    """Five minutes before the due moment; None when that has passed already."""
    if due is None or due - REMINDER_BEFORE <= now:
        return None
    return due - REMINDER_BEFORE


def late_seconds(due: datetime | None, sent: datetime) -> int:
    return max(0, int((sent - due).total_seconds())) if due else 0


# --- moves ------------------------------------------------------------------------------------------------
def possible(status: str) -> str:
    """What can be done in a status, for the sentence of a refusal."""
    if status in OPEN:
        others = [
            s.label.lower()
            for s in (Status.INVESTIGATING, Status.IDENTIFIED, Status.MONITORING)
            if s != status
        ]
        return f"It can become {', '.join(others)}, or be restored."
    if status == Status.RESTORED:
        return "It can be reopened or closed."
    return "A new interruption is a new incident."


def refusal(reference: str, status: str) -> Conflict:
    return Conflict(f"{reference} is {Status(status).label.lower()}. {possible(status)}")


def check_move(reference: str, status: str, to: str) -> None:
    """Between the working phases one may go both ways. Raises Conflict for every other move."""
    if to == Status.RESTORED and status in OPEN:
        raise Conflict(f"Restoring tells everybody: use the action “restore” for {reference}.")
    if status == to or status not in OPEN or to not in BETWEEN:
        raise refusal(reference, status)


def check_moments(now: datetime, started_at: datetime, restored_at: datetime | None = None) -> None:
    """Nothing began or ended in the future, and nothing ended before it began."""
    errors: dict[str, list[str]] = {}
    if started_at > now:
        errors["started_at"] = ["The impact cannot have begun in the future."]
    if restored_at is not None and restored_at > now:
        errors["restored_at"] = ["The service cannot have been restored in the future."]
    elif restored_at is not None and restored_at < started_at:
        errors["restored_at"] = ["The service cannot have been restored before the impact began."]
    if errors:
        raise Invalid(errors)


def check_cadence(minutes: int | None) -> None:
    if minutes is not None and not 1 <= minutes <= LONGEST_CADENCE:
        raise RuleBroken(
            "Minutes are a whole number from 1 to 1440, or nothing for “on demand”.", field="minutes"
        )


def needed(text: str, field: str, sentence: str) -> str:
    """The text without blanks around it. Raises RuleBroken when nothing is left."""
    if not text.strip():
        raise RuleBroken(sentence, field=field)
    return text.strip()
