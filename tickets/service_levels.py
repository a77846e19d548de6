"""Between tickets and their clocks: which facts choose a policy, who is reminded, what the queue stores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.accounts.models import User
from core.common import clock as wall
from core.common.actor import Actor
from core.common.errors import Invalid, NotFound
from core.common.vocabulary import Role
from sla import causes
from sla import operations as clocks
from sla import queries as clock_queries
from sla.models import Calendar, Clock, Goal
from sla.rules import Facts, Part
from sla.subjects import Nearest, Owed, Owner, Person, SubjectInfo
from tickets.models import Status, Ticket

KIND = Ticket.SUBJECT
BUSINESS_HOURS = "business-hours"
ENDED = (Status.RESOLVED, Status.CLOSED)


def facts(ticket: Ticket) -> Facts:
    """What a policy is chosen by."""
    return Facts(
        customer_tier=ticket.organisation.tier if ticket.organisation else "",
        kind=ticket.kind,
        application_id=ticket.application_id,
        priority=ticket.priority,
    )


def owed(ticket: Ticket) -> Owed | None:
    """What is promised to this customer still; nothing once it is resolved."""
    if ticket.status in ENDED:
        return None
    goals: list[str] = [Goal.RESOLUTION]
    if ticket.first_responded_at is None:
        goals.append(Goal.FIRST_RESPONSE)
    elif ticket.customer_replied_at is not None:
        goals.append(Goal.NEXT_RESPONSE)
    return Owed(facts(ticket), held_for(ticket), tuple(goals))


def start(ticket: Ticket, *, at: datetime, by: Actor) -> None:
    _store(ticket.pk, clocks.start_clocks(KIND, ticket.pk, facts(ticket), at=at, by=by))


def stand(ticket: Ticket, *, at: datetime, by: Actor, why: str = "") -> None:
    """Let the clocks stand still or run, as the ticket's present status asks for."""
    reason = held_for(ticket)
    if reason:
        _store(ticket.pk, clocks.pause_clocks(KIND, ticket.pk, reason=reason, at=at, by=by, why=why))
    else:
        _store(ticket.pk, clocks.resume_clocks(KIND, ticket.pk, at=at, by=by, why=why))


def responded(ticket: Ticket, *, at: datetime, by: Actor) -> None:
    """A person answered the customer: both response goals are reached."""
    _store(ticket.pk, clocks.meet(KIND, ticket.pk, Goal.FIRST_RESPONSE, Goal.NEXT_RESPONSE, at=at, by=by))


def expect_response(ticket: Ticket, *, at: datetime, by: Actor) -> None:
    """The customer wrote: an answer is owed, unless one is owed already.

    The first one if nobody has ever answered, else the next one.
    """
    if ticket.first_responded_at is None:
        restart(ticket, Goal.FIRST_RESPONSE, at=at, by=by)
        return
    goals, reason = [Goal.NEXT_RESPONSE], held_for(ticket)
    found = clocks.start_clocks(KIND, ticket.pk, facts(ticket), at=at, by=by, goals=goals, held_for=reason)
    _store(ticket.pk, found)


def resolved(ticket: Ticket, *, at: datetime, by: Actor) -> None:
    """The resolution is reached. A response that nobody gave is owed no more, but it was not given either."""
    clocks.meet(KIND, ticket.pk, Goal.RESOLUTION, at=at, by=by)
    found = clocks.cancel_clocks(KIND, ticket.pk, at=at, by=by, why="resolved without a person’s reply")
    _store(ticket.pk, found)


def cancel(ticket: Ticket, *, at: datetime, by: Actor, why: str) -> None:
    """Nothing is promised any more: spam, a duplicate, a rejected request."""
    _store(ticket.pk, clocks.cancel_clocks(KIND, ticket.pk, at=at, by=by, why=why))


def retarget(ticket: Ticket, *, at: datetime, by: Actor, why: str) -> None:
    """Choose the policy again after a fact changed; what is resolved keeps what it had."""
    promised = owed(ticket)
    if promised is not None:
        _store(ticket.pk, clocks.retarget(KIND, ticket.pk, promised, at=at, by=by, why=why))


def restart(ticket: Ticket, goal: str, *, at: datetime, by: Actor) -> None:
    """A goal is owed again, with the time that it had used."""
    found = clocks.restart(KIND, ticket.pk, goal, facts(ticket), at=at, by=by, held_for=held_for(ticket))
    _store(ticket.pk, found)


def take_over_response(
    target: Ticket, waited: Sequence[int], *, at: datetime, by: Actor, why: str
) -> list[int]:
    """A duplicate's customer still waits for an answer: the survivor owes it now, with the time waited so far.

    waited: the duplicate's clocks, ended by now. Returns the survivor's new clocks, for an undoing.
    """
    promised = owed(target)
    goal = Goal.FIRST_RESPONSE if target.first_responded_at is None else Goal.NEXT_RESPONSE
    responses = clock_queries.responses_among(waited)
    if promised is None or not responses:
        return []
    made = clocks.take_over(KIND, target.pk, goal, promised, waited=responses[-1], at=at, by=by, why=why)
    _store(target.pk, clock_queries.nearest(KIND, target.pk))
    return [made] if made else []


def release_response(target: Ticket, taken_over: Sequence[int], *, at: datetime, by: Actor, why: str) -> None:
    """The merge is undone: what the survivor owed for the duplicate is owed by the duplicate again."""
    if not taken_over:
        return
    found = clocks.cancel_clocks(KIND, target.pk, at=at, by=by, why=why, only=taken_over)
    _store(target.pk, found)


def clocks_of(ticket: Ticket) -> list[Clock]:
    """All clocks, ended ones too, the oldest first."""
    return list(clock_queries.of_subject(KIND, ticket.pk).select_related("calendar", "policy"))


def clock_of(ticket: Ticket, which: str) -> Clock:
    """One clock by its number, or the latest of a goal. Raises NotFound."""
    for clock in reversed(clocks_of(ticket)):
        if which in (clock.goal, str(clock.pk)):
            return clock
    raise NotFound(f"{ticket.reference} has no such clock.")


def open_clocks(ticket: Ticket) -> list[int]:
    """The ids of the clocks that run or stand still."""
    return sorted(clock_queries.open_ids(KIND, ticket.pk))


def revive(ticket: Ticket, ended: list[int], *, at: datetime, by: Actor, gap: str) -> None:
    """What ended these clocks is taken back: they run on, and the time in between is not counted."""
    _store(ticket.pk, clocks.revive(KIND, ticket.pk, ended, held_for=held_for(ticket), at=at, by=by, gap=gap))


def business_days_after(at: datetime, days: int) -> datetime:
    """The same time of day so many business days later, by the desk's business calendar; every day without one."""
    calendar = Calendar.objects.filter(slug=BUSINESS_HOURS).first()
    hours = calendar.hours() if calendar else None
    moment = at
    while days:
        moment += timedelta(days=1)
        if hours is None or hours.spans_on(moment.astimezone(hours.zone).date()):
            days -= 1
    return moment


def unexplained(ticket: Ticket) -> bool:
    """A service level of this ticket was missed, whether or not a sweep has seen it yet, and nobody said why."""
    return clock_queries.breaches_of(KIND, ticket.pk).unexplained().exists()


def asks_for_cause(ticket: Ticket) -> bool:
    """Whether resolving it now takes a cause."""
    return unexplained(ticket) or (ticket.due_at is not None and ticket.due_at < wall.now())


@dataclass(frozen=True, slots=True)
class MissedBecause:
    """A cause as somebody gave it; empty where nobody did."""

    cause: str = ""
    note: str = ""

    @property
    def words(self) -> str:
        return causes.in_words(self.cause, self.note)


def cause_of(cause: str, note: str) -> MissedBecause:
    """What was typed about a missed service level. Raises Invalid, at the fields of a resolution."""
    if not cause.strip():
        return MissedBecause()
    try:
        return MissedBecause(*causes.checked(cause, note))
    except Invalid as invalid:
        raise Invalid({f"breach_{name}": texts for name, texts in invalid.errors.items()}) from invalid


def explain(ticket: Ticket, cause: MissedBecause, *, by: Actor) -> None:
    """Keep why its service levels were missed."""
    clocks.explain_all(KIND, ticket.pk, cause=cause.cause, note=cause.note, by=by)


def held_for(ticket: Ticket) -> str:
    """Why the ticket stands still: "waiting", a reason for holding, or "" while somebody works on it."""
    if ticket.status == "waiting":
        return "waiting"
    return ticket.hold_reason if ticket.status == "on_hold" else ""


def _store(pk: int, nearest: Nearest) -> None:
    Ticket.objects.filter(pk=pk).update(
        due_at=nearest.due_at, due_goal=nearest.goal, breached_at=nearest.breached_at
    )


def _recipients(ticket: Ticket) -> Mapping[Part, Sequence[Person]]:
    team = ticket.team
    manager = team.manager if team else None
    managers = (
        [manager]
        if manager
        else list(User.objects.filter(is_active=True, role_grants__role=Role.MANAGER).order_by("pk"))
    )
    # Nobody has taken it: the lead is the one who can see to it that somebody does.
    assignee = ticket.assignee or (team.lead if team else None)
    return {
        Part.ASSIGNEE: _people(assignee),
        Part.LEAD: _people(team.lead if team else None),
        Part.MANAGER: _people(*managers),
    }


def _people(*users: User | None) -> list[Person]:
    return [Person(user.display_name, user.email) for user in users if user is not None and user.email]


def _owner(ticket: Ticket) -> Owner:
    user, team = ticket.assignee, ticket.team
    return Owner(user.pk if user else None, user.display_name if user else "", team.name if team else "")


SUBJECT_INFO = SubjectInfo(
    model=Ticket,
    reference=lambda pk: f"{Ticket.PREFIX}-{pk}",
    label=lambda ticket: "Confidential ticket" if ticket.confidential else ticket.subject,
    path=lambda ticket: f"/tickets/{ticket.reference}/",
    recipients=_recipients,
    nearest_changed=_store,
    visible_to=lambda actor: Ticket.objects.visible_to(actor),
    owner=_owner,
    owed=owed,
    related=("organisation", "assignee", "team", "application"),
)
