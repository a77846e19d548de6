"""Pure decisions: the rhythm of updates, and which moves an incident allows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from core.common.errors import Conflict, Invalid, RuleBroken
from incidents.models import OPEN, Promise, Status

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


def promised(
    now: datetime,
    cadence: int | None,
    *,
    at: datetime | None,
    on_news: bool,
    reason: str,
    open_end: bool = False,
) -> datetime | None:
    """When the next update comes after one that is sent now; None: when there is something to tell.

    at: what the writer chose; not later than the cadence allows, unless a reason is given. On demand a time or
    on_news is needed, or open_end, which carries on that nothing was promised.
    """
    if at is not None and on_news:
        raise RuleBroken("Give a time for the next update, or none, not both.", field="next_update_at")
    if at is not None and at <= now:
        raise RuleBroken("The next update must lie ahead of now.", field="next_update_at")
    if at is not None and at > now + timedelta(minutes=LONGEST_CADENCE):
        raise RuleBroken("The next update comes within 24 hours.", field="next_update_at")
    if cadence is None:
        if at is None and not on_news and not open_end:
            raise RuleBroken(
                "Say when the next update comes, or that it comes when there is something to tell.",
                field="next_update_at",
            )
        return at
    if on_news:
        raise RuleBroken(
            f"Updates are due every {cadence} minutes: change the rhythm to “on demand” first.",
            field="on_news",
        )
    latest = next_due(now, cadence, now)
    assert latest is not None
    if at is not None and at > latest and not reason.strip():
        raise RuleBroken(
            f"Updates are due every {cadence} minutes, so the next one by {latest:%H:%M} UTC. "
            "Say why it comes later, or choose an earlier time.",
            field="next_update_at",
        )
    return at or latest


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


# --- promises ---------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Settled:
    """What became of one due moment."""

    due_at: datetime
    outcome: Promise.Outcome
    late_seconds: int


def settled(first: datetime, cadence: int | None, sent: datetime, *, by_desk: bool) -> list[Settled]:
    """What became of each moment from the first due one, now that an update to everybody was sent.

    One update answers one moment, the last; the moments before it were missed. Up to 120 s after its moment it is in
    time: kept by whoever wrote it, covered where the desk wrote by itself.
    """
    moments = slots_due(first, cadence, sent)
    late = late_seconds(moments[-1], sent)
    in_time = Promise.Outcome.COVERED if by_desk else Promise.Outcome.KEPT
    last = in_time if late <= LATE_AFTER.total_seconds() else Promise.Outcome.LATE
    before = [Settled(moment, Promise.Outcome.MISSED, late_seconds(moment, sent)) for moment in moments[:-1]]
    return [*before, Settled(moments[-1], last, late)]


def put_off(
    due: datetime | None, cadence: int | None, now: datetime, *, until: datetime | None, minutes: int | None
) -> datetime:
    """The moment to which the next due update is put off: at most one cadence, while the old one is still ahead.

    On demand, where a writer named a moment, that is the usual cadence. until: the new moment; or minutes: so much
    later than it is due now. Raises RuleBroken.
    """
    cadence = cadence or DEFAULT_CADENCE
    if due is None:
        raise Conflict("Updates are sent on demand: there is no due moment to put off.")
    if due <= now:
        raise Conflict(
            "The update is due already: people wait for it. Write it, or say that nothing changed."
        )
    if (until is None) == (minutes is None):
        raise RuleBroken("Say until when, or by how many minutes; one of the two.", field="minutes")
    field = "until" if minutes is None else "minutes"
    latest = due + timedelta(minutes=cadence)
    if minutes is not None and not 1 <= minutes <= cadence:
        raise RuleBroken(f"By at most {cadence} minutes, one cadence: until {latest:%H:%M} UTC.", field=field)
    later = due + timedelta(minutes=minutes) if minutes is not None else until
    assert later is not None
    if not due < later <= latest:
        raise RuleBroken(
            f"Later than {due:%H:%M} UTC, when it is due, and at most one cadence: until {latest:%H:%M} UTC.",
            field=field,
        )
    return later


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
