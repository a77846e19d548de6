"""What may happen to a problem and its actions, and when an action is chased. Pure: no database, no clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from core.common.actor import Actor
from core.common.errors import Conflict, Invalid, NotAllowed, RuleBroken
from core.common.vocabulary import Role
from problems.models import OPEN_ACTIONS, ActionStatus, Status

MOST_WHYS = 5

# Verb -> the statuses it starts from. Where it leads is in the operation of the same name.
FROM: dict[str, frozenset[Status]] = {
    "investigate": frozenset({Status.OPEN}),
    "root_cause": frozenset(
        {Status.OPEN, Status.INVESTIGATING, Status.KNOWN_ERROR, Status.FIXING, Status.RESOLVED}
    ),
    "plan_fix": frozenset({Status.INVESTIGATING, Status.KNOWN_ERROR, Status.FIXING}),
    "resolve": frozenset({Status.INVESTIGATING, Status.KNOWN_ERROR, Status.FIXING}),
    "close": frozenset({Status.RESOLVED}),
    "reopen": frozenset({Status.RESOLVED, Status.CLOSED}),
}
WORDS = {
    "investigate": "start the investigation",
    "root_cause": "state the root cause",
    "plan_fix": "plan the fix",
    "resolve": "resolve it",
    "close": "close it",
    "reopen": "reopen it",
}


def possible(status: str) -> list[str]:
    """The verbs that are legal in a status, in the order of a problem's life."""
    return [verb for verb, starts in FROM.items() if status in starts]


def check_move(reference: str, status: str, verb: str) -> None:
    """Raise Conflict, naming what is possible, unless the verb is legal in the status."""
    if status in FROM[verb]:
        return
    state = Status(status).label.lower()
    offers = " or ".join(WORDS[name] for name in possible(status))
    raise Conflict(f"{reference} is in “{state}”, so one cannot {WORDS[verb]}. Possible now: {offers}.")


def check_resolve(reference: str, cause: str) -> None:
    """Every incident has a root cause: resolving needs it (DOMAIN 4)."""
    if not cause:
        raise Conflict(f"{reference} has no root cause yet. State it first, then resolve.")


def check_close(reference: str, open_actions: list[str]) -> None:
    """Closing needs every follow-up action done, or dropped with a reason (DOMAIN 4)."""
    if open_actions:
        named = "; ".join(open_actions[:3]) + ("; ..." if len(open_actions) > 3 else "")
        count = "1 action is" if len(open_actions) == 1 else f"{len(open_actions)} actions are"
        raise Conflict(f"{count} still open: {named}. Finish or drop each, then close {reference}.")


def clean_whys(whys: list[str]) -> list[str]:
    """The answers without blanks. Raises when there are more than five."""
    answers = [why.strip() for why in whys if why.strip()]
    if len(answers) > MOST_WHYS:
        raise RuleBroken("At most five whys; the last one is the cause.", field="whys")
    return answers


def check_known_error(symptom: str, workaround: str) -> None:
    """A known error helps only with a workaround; the cause may still be unknown (API contract)."""
    errors: dict[str, list[str]] = {}
    if not symptom:
        errors["symptom"] = ["Say what people see, for example “Export stays at 0 %”."]
    if not workaround:
        errors["workaround"] = ["Say what people can do until it is fixed."]
    if errors:
        raise Invalid(errors)


def check_publisher(author_id: int | None, by: Actor) -> None:
    """Who wrote a known error never publishes it (PROMISES 3)."""
    if author_id is not None and author_id == by.user_id:
        raise NotAllowed("You wrote this known error; another problem manager or manager publishes it.")


def reason_given(reason: str, why: str) -> str:
    """The reason without blanks around it. Raises when nothing is left."""
    text = reason.strip()
    if not text:
        raise RuleBroken(why, field="reason")
    return text


# --- follow-up actions ------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Receivers:
    """Who an action was handed to: its owner, and the members, lead and manager of its team."""

    owner_id: int | None
    team_name: str
    team_ids: frozenset[int]

    def include(self, by: Actor) -> bool:
        if by.is_system or by.has(Role.MANAGER, Role.ADMIN):
            return True
        if self.owner_id is None and not self.team_name:
            return True
        return by.user_id is not None and (by.user_id == self.owner_id or by.user_id in self.team_ids)


def check_action_move(status: str, to: ActionStatus, receivers: Receivers, by: Actor) -> None:
    """A team accepts by itself what it is handed; nothing happens to what is finished.

    Starting or finishing a proposed action accepts it, so that too is for those whom it was handed to.
    Dropping is open to everyone who works on problems: the reason stands on it.
    """
    if status not in OPEN_ACTIONS:
        state = ActionStatus(status).label.lower()
        raise Conflict(f"This action is {state} already; add a new one if more is to do.")
    accepts = status == ActionStatus.PROPOSED and to != ActionStatus.DROPPED
    if to == ActionStatus.ACCEPTED and not accepts:
        raise Conflict("This action was accepted already. Possible now: start it, finish it or drop it.")
    if to == status:
        raise Conflict("This action is in progress already. Possible now: finish it or drop it.")
    if accepts and not receivers.include(by):
        raise NotAllowed(f"{receivers.team_name or 'Its owner'} must accept this action first.")


def check_due(due: date) -> None:
    """A day that one can count from."""
    if due.year not in YEARS:
        raise RuleBroken(f"The year must lie from {YEARS.start} to {YEARS.stop - 1}.", field="due")


class Step(StrEnum):
    """Why an action's people are reminded."""

    BEFORE = "before"
    TODAY = "today"
    LATE = "late"


@dataclass(frozen=True)
class Reminder:
    """One slot of an action's schedule. `week` counts the weeks after the due day, for LATE."""

    at: datetime
    step: Step
    week: int = 0

    @property
    def name(self) -> str:
        return f"{self.step}{self.week or ''}"

    @property
    def tells_manager(self) -> bool:
        """The owner first: the manager hears from the second late week on."""
        return self.step == Step.LATE and self.week > 1


YEARS = range(2000, 2200)
REMIND_AT = time(8, 0)  # wall clock in the zone of whom it concerns: the first thing in the morning
DAYS_BEFORE = 3


def last_reminder(due: date, zone: str, now: datetime) -> Reminder | None:
    """The newest slot at or before `now`, into which missed ones collapse. None before the first."""
    found = None
    for slot in _early(due, zone):
        if slot.at <= now:
            found = slot
    weeks = max(0, (now.astimezone(ZoneInfo(zone)).date() - due).days // 7)
    for week in (weeks, weeks - 1):  # the day has come, but maybe not the hour
        if week > 0 and (slot := _late(due, zone, week)).at <= now:
            return slot
    return found


def next_reminder(due: date, zone: str, after: datetime) -> datetime:
    """The first slot later than `after`: 3 days before, on the day, then every week (DOMAIN 4)."""
    for slot in _early(due, zone):
        if slot.at > after:
            return slot.at
    week = max(1, (after.astimezone(ZoneInfo(zone)).date() - due).days // 7)
    slot = _late(due, zone, week)
    return slot.at if slot.at > after else _late(due, zone, week + 1).at


def _early(due: date, zone: str) -> list[Reminder]:
    return [
        Reminder(_morning(due - timedelta(days=DAYS_BEFORE), zone), Step.BEFORE),
        Reminder(_morning(due, zone), Step.TODAY),
    ]


def _late(due: date, zone: str, week: int) -> Reminder:
    return Reminder(_morning(due + timedelta(weeks=week), zone), Step.LATE, week)


def _morning(day: date, zone: str) -> datetime:
    return datetime.combine(day, REMIND_AT, tzinfo=ZoneInfo(zone))
