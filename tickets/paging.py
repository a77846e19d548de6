"""Between tickets and the people who are called about them: what starts a page by itself, and what ends one."""

from __future__ import annotations

from datetime import datetime, timedelta

from core.audit.models import Event
from core.common.actor import system
from core.common.vocabulary import Priority
from escalation import operations as escalation
from escalation.models import EscalationPolicy, Page
from escalation.page_subjects import SubjectInfo
from sla.models import Goal
from tickets.models import OPEN_STATUSES, Ticket
from tickets.operations import watching_p0

# What can give a ticket to somebody, or take it from them.
OWNERSHIP = (
    "ticket.created", "ticket.assigned", "ticket.taken", "ticket.escalated", "ticket.handed_back", "ticket.reopened",
    "ticket.split", "ticket.followed_up",
)  # fmt: skip
# Besides these, what can make a P0 of it or open it again.
MOVES = (*OWNERSHIP, "ticket.priority_set", "ticket.updated", "ticket.put_back", "ticket.resumed")

SUBJECT_INFO = SubjectInfo(
    model=Ticket,
    prefix=Ticket.PREFIX,
    visible_to=Ticket.objects.visible_to,
    is_open=lambda ticket: ticket.is_open,
    label=lambda ticket: "Confidential ticket" if ticket.confidential else ticket.subject,
    path=lambda ticket: f"/tickets/{ticket.reference}/",
    team=lambda ticket: ticket.team,
    is_secret=lambda ticket: ticket.confidential,
)


def target_missed(event: Event) -> None:
    """A clock of a ticket ran out: the team's policies that say so start, once for each breach."""
    ticket = Ticket.objects.filter(pk=event.subject_id).first()
    if ticket is None or event.subject_kind != Ticket.SUBJECT:
        return
    goals = " and ".join(str(Goal(clock["goal"]).label).lower() for clock in event.data["clocks"])
    for policy in EscalationPolicy.objects.filter(team=ticket.team_id, active=True, on_breach=True):
        escalation.page_once(
            policy, about_kind=Ticket.SUBJECT, about_id=ticket.pk, reason=f"The target of {goals} was missed.",
            key=f"sla.breached:{event.pk}:{policy.pk}", by=system(),
        )  # fmt: skip


def watch(ticket_id: int, at: datetime) -> None:
    """Set or clear the moment at which a P0 that nobody owns is paged about; a set moment stays."""
    ticket = Ticket.objects.select_related("team").filter(pk=ticket_id).first()
    policy = _policy(ticket) if ticket else None
    if ticket is None or policy is None or Page.objects.filter(start_key=_key(ticket, policy)).exists():
        watching_p0.clear(ticket_id)
    elif ticket.page_due_at is None:
        watching_p0.set(ticket_id, at + timedelta(minutes=policy.unassigned_p0_minutes or 0))


def watch_team(team_id: int, at: datetime) -> None:
    """The team's policies changed: look at its open P0 again."""
    found = Ticket.objects.filter(team=team_id, priority=Priority.P0, status__in=OPEN_STATUSES, assignee=None)
    for pk in found.order_by("pk").values_list("pk", flat=True):
        watch(pk, at)


def nobody_took_it(ticket: Ticket, now: datetime) -> None:
    """The sweep's act: page, if it is still so, once for each time that the ticket had no owner."""
    watching_p0.clear(ticket.pk)
    policy = _policy(ticket)
    if policy is not None:
        minutes = policy.unassigned_p0_minutes
        escalation.page_once(
            policy, about_kind=Ticket.SUBJECT, about_id=ticket.pk, key=_key(ticket, policy), by=system(),
            reason=f"Nobody has taken this P0 for {minutes} {'minute' if minutes == 1 else 'minutes'}.",
        )  # fmt: skip


def finished(event: Event) -> None:
    """The ticket is done: nobody is called about it any more."""
    ticket = Ticket.objects.filter(pk=event.subject_id).first()
    if ticket is not None and not ticket.is_open:
        escalation.subject_finished(Ticket.SUBJECT, ticket.pk, by=system())


def _policy(ticket: Ticket) -> EscalationPolicy | None:
    """The policy that the ticket is about to start: the most impatient of its team. None: nothing to fear."""
    if not ticket.is_open or ticket.priority != Priority.P0 or ticket.assignee_id or ticket.team_id is None:
        return None
    found = EscalationPolicy.objects.filter(
        team=ticket.team_id, active=True, unassigned_p0_minutes__isnull=False
    )
    return found.order_by("unassigned_p0_minutes", "pk").first()


def _key(ticket: Ticket, policy: EscalationPolicy) -> str:
    """Names one stretch without an owner by the event that began it."""
    began = Event.objects.filter(
        subject_kind=Ticket.SUBJECT, subject_id=ticket.pk, name__in=OWNERSHIP
    ).order_by("-pk")
    return f"p0:{ticket.pk}:{policy.pk}:{began.values_list('pk', flat=True).first() or 0}"
