"""The ways a ticket stands still, goes on and ends."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F

from core.accounts.permissions import Permission
from core.audit import trail
from core.common import clock
from core.common.actor import Actor
from core.common.errors import RuleBroken
from core.common.vocabulary import Activity
from sla.models import Goal
from tickets import queries, rules, searching, service_levels
from tickets.models import HoldReason, ResolutionCode, Status, Ticket
from tickets.operations.conversation import reply
from tickets.operations.shared import update
from worklog import operations as worklog

CLOSES_AFTER_BUSINESS_DAYS = 5
NOTHING_PROMISED = (ResolutionCode.SPAM, ResolutionCode.DUPLICATE, ResolutionCode.REJECTED)


@transaction.atomic
def wait(ref: str, *, reason: str, review_at: datetime | None = None, by: Actor) -> Ticket:
    """Wait for the customer: the clocks pause until they reply. `reason` says what we wait for."""
    return _stand_still(ref, Status.WAITING, "", reason, review_at, by)


@transaction.atomic
def hold(ref: str, *, reason: str, note: str, review_at: datetime | None = None, by: Actor) -> Ticket:
    """Put on hold for a vendor, a change, a problem or an agreed date; clocks pause where the policy says so."""
    if reason not in HoldReason.values:
        raise RuleBroken(f"The reason is one of: {', '.join(HoldReason.values)}.", field="reason")
    return _stand_still(ref, Status.ON_HOLD, reason, note, review_at, by)


@transaction.atomic
def resume(ref: str, *, by: Actor) -> Ticket:
    """Work goes on."""
    ticket = queries.get_for(ref, by=by, to=Permission.WORK_TICKET)
    rules.check_move(ticket.reference, ticket.status, Status.OPEN)
    if ticket.status in (Status.RESOLVED, Status.CLOSED):
        rules.check_move(ticket.reference, ticket.status, Status.ON_HOLD)  # says: reopen it first
    now = clock.now()
    update(
        ticket,
        {"status": ticket.status},
        now,
        status=Status.OPEN,
        hold_reason="",
        pause_note="",
        review_at=None,
    )
    resumed = queries.fresh(ticket)
    service_levels.stand(resumed, at=now, by=by, why="resumed")
    trail.record(
        "ticket.resumed", on=ticket, by=by, before={"status": ticket.status}, after={"status": "open"}
    )
    return queries.fresh(ticket)


@transaction.atomic
def resolve(
    ref: str,
    *,
    code: str,
    note: str = "",
    minutes: int | None = None,
    breach_cause: str = "",
    breach_note: str = "",
    by: Actor,
) -> Ticket:
    """Solved: the note goes to the customer, the clocks are met, and it closes itself after 5 business days.

    Where a service level was missed and nobody said why, `breach_cause` must: a word of sla.models.Cause with
    what there is to say in `breach_note`, or a sentence of one's own.
    """
    ticket = queries.get_for(ref, by=by, to=Permission.RESOLVE_TICKET)
    rules.check_move(ticket.reference, ticket.status, Status.RESOLVED)
    rules.check_texts({"note": note, "breach_cause": breach_cause, "breach_note": breach_note})
    cause = service_levels.cause_of(breach_cause, breach_note)
    if code and code not in ResolutionCode.values:
        raise RuleBroken(f"The code is one of: {', '.join(ResolutionCode.values)}.", field="code")
    now = clock.now()
    # The ticket is claimed before its clocks, as every verb does: one wins, and no two wait for each other.
    update(
        ticket, {"status": ticket.status}, now, status=Status.RESOLVED, resolution_code=code, resolved_at=now,
        breach_cause=cause.words or ticket.breach_cause, hold_reason="", pause_note="", review_at=None,
        customer_replied_at=None, close_due_at=_close_due(now),
    )  # fmt: skip
    if minutes:
        worklog.log_time(ticket, minutes=minutes, activity=Activity.FIX, note="", by=by)
    if note.strip():
        reply(ref, body=note, public=True, by=by)
    if code in NOTHING_PROMISED:
        service_levels.cancel(ticket, at=now, by=by, why=ResolutionCode(code).label.lower())
    else:
        service_levels.resolved(ticket, at=now, by=by)
    missed = service_levels.unexplained(ticket)
    rules.check_resolution(code, note, breached=missed, breach_cause=breach_cause)
    if missed:
        service_levels.explain(ticket, cause, by=by)
    searching.put(ticket)
    trail.record(
        "ticket.resolved", on=ticket, by=by, before={"status": ticket.status},
        after={"status": "resolved", "resolution_code": code}, breach_cause=cause.words,
    )  # fmt: skip
    return queries.fresh(ticket)


@transaction.atomic
def close(ref: str, *, by: Actor) -> Ticket:
    """Close what is resolved."""
    ticket = queries.get_for(ref, by=by, to=Permission.RESOLVE_TICKET)
    rules.check_move(ticket.reference, ticket.status, Status.CLOSED)
    now = clock.now()
    update(ticket, {"status": ticket.status}, now, status=Status.CLOSED, closed_at=now, close_due_at=None)
    trail.record(
        "ticket.closed", on=ticket, by=by, before={"status": ticket.status}, after={"status": "closed"}
    )
    return queries.fresh(ticket)


@transaction.atomic
def reopen(ref: str, *, reason: str, by: Actor) -> Ticket:
    """Work starts again, with the time used so far; closed tickets within 14 days."""
    ticket = queries.get_for(ref, by=by, to=Permission.REOPEN_TICKET)
    rules.check_texts({"reason": reason}, required=("reason",))
    now = clock.now()
    rules.check_reopen(ticket.reference, ticket.status, ticket.closed_at, now)
    update(
        ticket, {"status": ticket.status}, now, status=Status.OPEN, resolved_at=None, closed_at=None, close_due_at=None,
        resolution_code="", reopened_count=F("reopened_count") + 1,
    )  # fmt: skip
    service_levels.restart(queries.fresh(ticket), Goal.RESOLUTION, at=now, by=by)
    trail.record(
        "ticket.reopened",
        on=ticket,
        by=by,
        before={"status": ticket.status},
        after={"status": "open"},
        reason=reason,
    )
    return queries.fresh(ticket)


def ask_for_review(ticket: Ticket, *, by: Actor) -> None:
    """The sweep's act on a paused ticket that somebody wanted to look at again: the event tells its owner."""
    Ticket.objects.filter(pk=ticket.pk).update(review_at=None, version=F("version") + 1)
    if ticket.status in (Status.WAITING, Status.ON_HOLD):
        trail.record("ticket.review_due", on=ticket, by=by, note=ticket.pause_note)


def _stand_still(
    ref: str, to: str, hold_reason: str, note: str, review_at: datetime | None, by: Actor
) -> Ticket:
    ticket = queries.get_for(ref, by=by, to=Permission.WORK_TICKET)
    rules.check_move(ticket.reference, ticket.status, to)
    field = "note" if hold_reason else "reason"
    rules.check_texts({field: note}, required=(field,))
    now = clock.now()
    if review_at is not None and review_at <= now:
        raise RuleBroken("The review time is in the past.", field="review_at")
    update(
        ticket,
        {"status": ticket.status},
        now,
        status=to,
        hold_reason=hold_reason,
        pause_note=note,
        review_at=review_at,
    )
    service_levels.stand(queries.fresh(ticket), at=now, by=by)
    after: dict[str, Any] = {"status": to, "hold_reason": hold_reason, "review_at": review_at}
    trail.record(
        "ticket.waiting" if to == Status.WAITING else "ticket.held",
        on=ticket, by=by, before={"status": ticket.status}, after=after, note=note,
    )  # fmt: skip
    return queries.fresh(ticket)


def _close_due(now: datetime) -> datetime:
    """Five business days ahead, by the desk's own calendar."""
    return service_levels.business_days_after(now, CLOSES_AFTER_BUSINESS_DAYS)
