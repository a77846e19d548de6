"""What the clock brings to a schedule: hand-offs, and gaps that somebody must hear of."""

from __future__ import annotations

from datetime import datetime, timedelta

from core.common import faults
from escalation import handing_over, rotation_notices, schedules
from escalation.handing_over import HandOff
from escalation.models import Gap, Roster
from escalation.operations.rosters import FURTHEST

LOOK_BACK = timedelta(days=35)  # for who was on call before a gap


def hand_over(roster: Roster, now: datetime) -> None:
    """The sweep's act: tell who takes over and from whom, and wait for the next hand-off.

    What was missed while no worker lived makes one notice: of the last hand-off, saying how many there were.
    """
    due = roster.handoff_at
    assert due is not None  # the sweep claims no others
    faults.reach("handoff.after_claim")
    schedule = schedules.load([roster.team_id], due - LOOK_BACK, now + FURTHEST)
    stack = schedule.stack(roster.team_id, roster.step)
    every = list(handing_over.handoffs(stack.resolved(due - LOOK_BACK, now + FURTHEST)))
    passed = [one for one in every if due <= one.at <= now]
    following = next((one.at for one in every if one.at > now), None)
    Roster.objects.filter(pk=roster.pk).update(handoff_at=following)
    if passed and roster.team.active and now < passed[-1].until:
        _tell(roster, passed[-1], len(passed) - 1, schedule)
    faults.reach("handoff.after_notices")


def tell_of_gaps(gap: Gap, now: datetime) -> None:
    """The sweep's act: one mail to the lead and the manager of all gaps of the step that are due to be told."""
    due = Gap.objects.filter(roster=gap.roster_id, tell_at__lte=now, closed_at=None)
    gaps = list(due.select_for_update(skip_locked=True, of=("self",)).order_by("starts_at", "id"))
    Gap.objects.filter(pk__in=[one.pk for one in gaps]).update(tell_at=None, told_at=now)
    Gap.objects.filter(pk=gap.pk).update(tell_at=None)  # one that closed in the meantime is told to nobody
    ahead = [one for one in gaps if one.ends_at > now]
    if ahead and gap.roster.team.active:
        rotation_notices.gaps(gap.roster, ahead)


def _tell(roster: Roster, last: HandOff, missed: int, schedule: schedules.Schedules) -> None:
    incoming, outgoing = schedule.person(last.incoming), schedule.person(last.outgoing)
    if incoming is not None:
        rotation_notices.handed_over(roster, last, incoming, outgoing, missed)
