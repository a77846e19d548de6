"""Who has the ticket: taking, assigning, handing to another tier."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import F

from core.accounts.models import User
from core.accounts.permissions import Permission
from core.audit import trail
from core.common import clock
from core.common.actor import Actor
from core.common.errors import Conflict, RuleBroken
from escalation import directory, tiers
from escalation.models import Team
from tickets import queries, rules, searching
from tickets.models import OPEN_STATUSES, SopRun, Ticket
from tickets.operations import handing
from tickets.operations.shared import check_open, opened, speaker, update
from tickets.rules import Handoff
from worklog import operations as worklog


@transaction.atomic
def take(ref: str, *, by: Actor, from_assignee: int | None = None) -> Ticket:
    """Make it mine. Without `from_assignee` only a ticket that nobody has is taken; else the first one wins."""
    ticket = queries.get_for(ref, by=by, to=Permission.WORK_TICKET)
    if by.user_id is None:
        raise RuleBroken("Only a person can take a ticket.")
    if ticket.assignee_id == by.user_id:
        raise Conflict(f"{ticket.reference} is yours already.")
    check_open(ticket)
    if ticket.assignee is not None and ticket.assignee_id != from_assignee:
        raise Conflict(
            f"{ticket.assignee.display_name} has {ticket.reference}. Assign it if you agreed on that."
        )
    now = clock.now()
    update(
        ticket, {"assignee": ticket.assignee_id, "status__in": OPEN_STATUSES}, now, assignee_id=by.user_id,
        **opened(ticket), **speaker(ticket, by.user_id),
    )  # fmt: skip
    trail.record("ticket.taken", on=ticket, by=by, after={"assignee": by.label})
    return queries.fresh(ticket)


@transaction.atomic
def assign(ref: str, *, team: Team | None = None, assignee: User | None = None, by: Actor) -> Ticket:
    """Give the ticket to a team, a person, or both. A new team without a person leaves it unassigned."""
    ticket = queries.get_for(ref, by=by, to=Permission.WORK_TICKET)
    check_open(ticket)
    if team is None and assignee is None:
        raise RuleBroken("Choose a team or a person.", field="assignee")
    if assignee is not None and not assignee.is_desk_staff:
        raise RuleBroken(f"{assignee.display_name} does not work on tickets.", field="assignee")
    now = clock.now()
    changes: dict[str, Any] = {"assignee": assignee if assignee or team else ticket.assignee}
    if team is not None:
        changes["team"] = team
    before, after = trail.changed(ticket, changes)
    update(
        ticket, {"assignee": ticket.assignee_id, "team": ticket.team_id, "status__in": OPEN_STATUSES}, now,
        **changes, **speaker(ticket, assignee.pk if assignee else None), **(opened(ticket) if assignee else {}),
    )  # fmt: skip
    if team is not None and team.pk != ticket.team_id:
        handing.pass_on(ticket, to_team=team, at=now, by=by)
    trail.record("ticket.assigned", on=ticket, by=by, before=before, after=after)
    return queries.fresh(ticket)


@transaction.atomic
def escalate(
    ref: str,
    *,
    from_tier: int,
    handoff: Handoff,
    team: Team | None = None,
    assignee: User | None = None,
    files: list[UploadedFile] | None = None,
    by: Actor,
) -> Ticket:
    """Hand the ticket to the next tier; saying where it stands makes a repeat harmless. Clocks run on.

    Without a team and a person the directory's go: who owns the component, and who is on call there.
    """
    ticket = queries.get_for(ref, by=by, to=Permission.ESCALATE)
    check_open(ticket)
    rules.check_texts({k: v for k, v in handoff.as_dict().items() if isinstance(v, str)})
    rules.check_escalation(
        ticket.reference, ticket.tier, from_tier, handoff,
        sop_runs=ticket.sop_runs.count(), ladder=tiers.ladder_now(),
    )  # fmt: skip
    proposed, on_call = directory.receiving(
        component=ticket.component, tier=from_tier + 1, application=ticket.application, areas=ticket.areas
    )
    to_team = team or proposed
    person = assignee or (on_call if to_team == proposed else directory.who_is_on_call(to_team).person)
    now = clock.now()
    _move(ticket, from_tier, from_tier + 1, to_team, person, now, by)
    stored = [made.pk for made in worklog.attach(ticket, files or [], public=False, by=by)]
    if handoff.sop.strip():
        SopRun.objects.create(
            ticket=ticket, sop=handoff.sop.strip()[:200], outcome=handoff.tried, by_id=by.user_id, at=now
        )
    handing.pass_on(
        ticket, to_tier=from_tier + 1, to_team=to_team, at=now, by=by, summary=handoff.summary,
        business_impact=handoff.business_impact, tried=handoff.tried, reproduce=handoff.reproduce,
        needed=handoff.needed, evidence=handoff.evidence, no_sop=handoff.no_sop, files=stored,
    )  # fmt: skip
    searching.put(ticket)
    trail.record(
        "ticket.escalated", on=ticket, by=by, **_names(from_tier, from_tier + 1),
        before={"tier": from_tier, "team": str(ticket.team or "")},
        after={"tier": from_tier + 1, "team": str(to_team or ""), "assignee": person.display_name if person else ""},
        **handoff.as_dict(), files=stored,
    )  # fmt: skip
    return queries.fresh(ticket)


@transaction.atomic
def hand_back(ref: str, *, from_tier: int, reason: str, next: str, by: Actor) -> Ticket:
    """Give the ticket back to the tier below, with what to do next; it goes to whoever handed it up."""
    ticket = queries.get_for(ref, by=by, to=Permission.ESCALATE)
    check_open(ticket)
    rules.check_texts({"reason": reason, "next": next})
    rules.check_hand_back(ticket.reference, ticket.tier, from_tier, reason, next, ladder=tiers.ladder_now())
    came = (
        ticket.handoffs.filter(to_tier=from_tier, from_tier=from_tier - 1)
        .select_related("from_team", "by")
        .last()
    )
    to_team = came.from_team if came else None
    if to_team is None:
        to_team, _ = directory.receiving(
            component=ticket.component, tier=from_tier - 1, application=ticket.application, areas=ticket.areas
        )
    person = came.by if came else None
    now = clock.now()
    _move(ticket, from_tier, from_tier - 1, to_team, person, now, by)
    handing.pass_on(
        ticket, to_tier=from_tier - 1, to_team=to_team, at=now, by=by, reason=reason, next_step=next
    )
    trail.record(
        "ticket.handed_back", on=ticket, by=by, **_names(from_tier, from_tier - 1),
        before={"tier": from_tier, "team": str(ticket.team or "")},
        after={"tier": from_tier - 1, "team": str(to_team or ""), "assignee": person.display_name if person else ""},
        reason=reason, next=next,
    )  # fmt: skip
    return queries.fresh(ticket)


def _names(from_tier: int, to_tier: int) -> dict[str, Any]:
    """What the tiers are called today, so that history says it as it was said."""
    return {"from_tier": tiers.name(from_tier), "to_tier": tiers.name(to_tier)}


def _move(
    ticket: Ticket,
    from_tier: int,
    to_tier: int,
    team: Team | None,
    person: User | None,
    now: datetime,
    by: Actor,
) -> None:
    changes = {
        "tier": to_tier, "team": team, "assignee": person,
        **opened(ticket), **speaker(ticket, ticket.assignee_id or (by.user_id if by.is_human else None)),
    }  # fmt: skip
    expected = {"pk": ticket.pk, "tier": from_tier, "status__in": OPEN_STATUSES}
    if not Ticket.objects.filter(**expected).update(version=F("version") + 1, updated_at=now, **changes):
        raise Conflict(f"{ticket.reference} already left {tiers.name(from_tier)}.")
    if to_tier > from_tier:
        tiers.hold(to_tier)
