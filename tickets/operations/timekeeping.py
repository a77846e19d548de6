"""Time worked on a ticket: the stop watch, and taking back what was mistyped."""

from __future__ import annotations

from django.db import transaction

from core.accounts.permissions import Permission
from core.audit import trail
from core.common import clock
from core.common.actor import Actor
from core.common.vocabulary import Activity
from tickets import queries, rules
from tickets.models import Ticket
from worklog import operations as worklog
from worklog import queries as worklog_queries
from worklog import rules as time_rules
from worklog.models import TimeEntry


@transaction.atomic
def start_timer(ref: str, *, by: Actor) -> tuple[str, int] | None:
    """Start the actor's timer on a ticket. One that ran on another ticket ends; it is answered with its minutes.

    The minutes are rounded up, and stand in the history of that ticket until somebody logs them.
    """
    ticket = queries.get_for(ref, by=by, to=Permission.LOG_TIME)
    ended = worklog.start_timer(ticket, by=by)
    if ended is None:
        return None
    minutes = time_rules.rounded(clock.now() - ended.started_at)
    other = (
        Ticket.objects.filter(pk=ended.subject_id).first() if ended.subject_kind == Ticket.SUBJECT else None
    )
    if other is None:
        return None
    trail.record("ticket.timer_stopped", on=other, by=by, minutes=minutes)
    return other.reference, minutes


@transaction.atomic
def stop_timer(
    ref: str,
    *,
    minutes: int | None = None,
    activity: str = Activity.INVESTIGATION,
    note: str = "",
    by: Actor,
) -> TimeEntry:
    """Stop the actor's timer on a ticket and log its time: `minutes` as the person rounded it, or as it offers."""
    ticket = queries.get_for(ref, by=by, to=Permission.LOG_TIME)
    rules.check_texts({"note": note})
    if minutes is None:
        timer = worklog_queries.timer_on(ticket, by)
        minutes = time_rules.rounded(clock.now() - timer.started_at) if timer else 0
    return worklog.stop_timer(ticket, minutes=minutes, activity=activity, note=note, by=by)


@transaction.atomic
def discard_timer(ref: str, *, by: Actor) -> None:
    """Stop the actor's timer on a ticket; nothing is logged."""
    worklog.discard_timer(queries.get_for(ref, by=by, to=Permission.LOG_TIME), by=by)


@transaction.atomic
def delete_time(ref: str, *, entry: int, by: Actor) -> Ticket:
    """Take back one's own time on the day on which it was logged."""
    ticket = queries.get_for(ref, by=by, to=Permission.LOG_TIME)
    worklog.delete_time(ticket, entry, by=by)
    return queries.fresh(ticket)


@transaction.atomic
def log_beside(ref: str, *, minutes: int | None, by: Actor) -> None:
    """Log the time that was typed beside a note; the actor's timer here ends with it. None logs nothing.

    Minutes that came back with a reply of the actor are logged with it, and not offered again.
    """
    if minutes is None:
        return
    ticket = queries.get_for(ref, by=by, to=Permission.LOG_TIME)
    log = worklog.stop_timer if worklog_queries.timer_on(ticket, by) else worklog.log_time
    log(ticket, minutes=minutes, activity=Activity.COMMUNICATION, by=by)
    ticket.held_replies.filter(author_id=by.user_id, taken_back_at__isnull=False).update(minutes=None)
