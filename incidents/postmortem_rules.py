"""When a post-mortem is due, when its owner is reminded, and what publishing and closing need. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from core.common.errors import Conflict, RuleBroken
from core.common.vocabulary import Severity
from incidents.models import Incident, Postmortem, Status
from sla.business_time import Hours, instant

Written = Postmortem.Status

# Two working days to find out, one to write, two for those who must read it: later than a working week, people
# remember what they have told each other rather than what they saw.
DUE_DAYS = 5
CHASE_EVERY = timedelta(days=2)
MANAGER_FROM = 2  # the owner hears twice before the manager does: at the due time and two days later
LONGEST_SECTION, MOST_ROWS = (
    20_000,
    500,
)  # characters and lines: six of them are still drawn while somebody waits
FURTHEST_DAYS = 366
OWED_BY = (Severity.SEV1, Severity.SEV2)
NEEDED = {
    "summary": "Say in a few sentences what happened, to whom, and what was done.",
    "root_cause": "Say what the cause was; “not found” is an answer, too.",
}


def is_owed(incident: Incident) -> bool:
    """SEV1 and SEV2 owe one as long as they are restored and not closed; an exercise owes none."""
    return incident.severity in OWED_BY and not incident.drill and incident.merged_into_id is None


def due_at(restored: datetime, hours: Hours) -> datetime:
    """Five business days after the restoration, at the same time of the day.

    A business day is a local day on which the calendar opens; what is restored at night counts from the next opening.
    """
    local = hours.next_opening(restored).astimezone(hours.zone)
    day, left = local.date(), DUE_DAYS
    for _ in range(FURTHEST_DAYS):
        day += timedelta(days=1)
        left -= bool(hours.spans_on(day))
        if not left:
            return instant(hours.zone, day, local.hour * 60 + local.minute)
    raise ValueError("The calendar opens too rarely to count business days.")


def reminder(due: datetime, now: datetime) -> int:
    """The number of the newest reminder that has fallen due, from 0; missed ones collapse into it."""
    return max(0, (now - due) // CHASE_EVERY)


def next_reminder(due: datetime, now: datetime) -> datetime:
    """The first slot after now."""
    return due if now < due else due + (reminder(due, now) + 1) * CHASE_EVERY


def tells_manager(number: int) -> bool:
    return number >= MANAGER_FROM


def is_outdated(found: Postmortem, incident: Incident) -> bool:
    """Published about an earlier restoration than the present one."""
    told = found.facts.get("restored_at")
    if not found.is_published or not told or incident.restored_at is None:
        return False
    return datetime.fromisoformat(told) != incident.restored_at


def check_begin(incident: Incident) -> None:
    """One is written after the restoration, about an incident that stands for itself."""
    if incident.merged_into_id is not None:
        raise Conflict(f"{incident.reference} went into INC-{incident.merged_into_id}: write it there.")
    if incident.status not in (Status.RESTORED, Status.CLOSED):
        raise Conflict(f"{incident.reference} is not restored: the post-mortem comes afterwards.")


def check_length(changes: dict[str, object]) -> None:
    for name, text in changes.items():
        if isinstance(text, str) and (len(text) > LONGEST_SECTION or text.count("\n") > MOST_ROWS):
            raise RuleBroken(
                f"At most {LONGEST_SECTION:,} characters in {MOST_ROWS} lines; link to the rest.", field=name
            )


def check_publish(found: Postmortem) -> None:
    if found.status != Written.DRAFT and not is_outdated(found, found.incident):
        raise Conflict(f"The post-mortem is {found.get_status_display().lower()}: only a draft is published.")
    for field, sentence in NEEDED.items():
        if not getattr(found, field).strip():
            raise RuleBroken(sentence, field=field)


def check_close(reference: str, missing: list[str]) -> None:
    """Closing needs what DOMAIN 3 asks for; the refusal names all that is missing."""
    if missing:
        raise Conflict(f"{reference} cannot be closed yet: {'; '.join(missing)}.")
