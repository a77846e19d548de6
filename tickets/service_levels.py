"""Between tickets and their clocks: which facts choose a policy, who is reminded, what the queue stores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from core.accounts.models import User
from core.common.actor import Actor
from core.common.vocabulary import Role
from sla import operations as clocks
from sla import queries as clock_queries
from sla.models import Calendar, Clock, Goal
from sla.rules import Facts, Part
from sla.subjects import Nearest, Person, SubjectInfo
from tickets.models import Ticket

KIND = Ticket.SUBJECT
BUSINESS_HOURS = "business-hours"


def facts(ticket: Ticket) -> Facts:
    """What a policy is chosen by."""
    return Facts(
        customer_tier=ticket.organisation.tier if ticket.organisation else "",
        kind=ticket.kind,
        application_id=ticket.application_id,
        priority=ticket.priority,
    )


def start(ticket: Ticket, *, at: datetime, by: Actor) -> None:
    _store(ticket.pk, clocks.start_clocks(KIND, ticket.pk, facts(ticket), at=at, by=by))


def stand(ticket: Ticket, *, at: datetime, by: Actor, why: str = "") -> None:
    """Let the clocks stand still or run, as the ticket's present status asks for."""
    reason = held_for(ticket)
    if reason:
        _store(ticket.pk, clocks.pause_clocks(KIND, ticket.pk, reason=reason, at=at, by=by, why=why))
    else:
        _store(ticket.pk, clocks.resume_clocks(KIND, ticket.pk, at=at, by=by, why=why))


def meet(ticket: Ticket, *goals: str, at: datetime, by: Actor) -> None:
    _store(ticket.pk, clocks.meet(KIND, ticket.pk, *goals, at=at, by=by))


def expect_response(ticket: Ticket, *, at: datetime, by: Actor) -> None:
    """The customer asked something more: the next response is promised, unless the first one is still owed."""
    found = clocks.start_clocks(KIND, ticket.pk, facts(ticket), at=at, by=by, goals=[Goal.NEXT_RESPONSE])
    _store(ticket.pk, found)


def cancel(ticket: Ticket, *, at: datetime, by: Actor, why: str) -> None:
    """Nothing is promised any more: spam, a duplicate, a rejected request."""
    _store(ticket.pk, clocks.cancel_clocks(KIND, ticket.pk, at=at, by=by, why=why))


def retarget(ticket: Ticket, *, at: datetime, by: Actor, why: str) -> None:
    """Choose the policy again after a fact changed."""
    found = clocks.retarget(KIND, ticket.pk, facts(ticket), held_for=held_for(ticket), at=at, by=by, why=why)
    _store(ticket.pk, found)


def restart(ticket: Ticket, goal: str, *, at: datetime, by: Actor) -> None:
    _store(ticket.pk, clocks.restart(KIND, ticket.pk, goal, facts(ticket), at=at, by=by))


def open_clocks(ticket: Ticket) -> list[int]:
    """The ids of the clocks that run or stand still."""
    found = clock_queries.of_subject(KIND, ticket.pk).filter(state__in=Clock.OPEN)
    return list(found.values_list("pk", flat=True))


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


def breached(ticket: Ticket) -> bool:
    """A service level of this ticket was missed, whether or not a sweep has seen it yet."""
    return clock_queries.nearest(KIND, ticket.pk).breached_at is not None


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


SUBJECT_INFO = SubjectInfo(
    model=Ticket,
    reference=lambda pk: f"{Ticket.PREFIX}-{pk}",
    label=lambda ticket: "Confidential ticket" if ticket.confidential else ticket.subject,
    path=lambda ticket: f"/tickets/{ticket.reference}/",
    recipients=_recipients,
    nearest_changed=_store,
)
