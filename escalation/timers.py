"""What falls due in the schedules: storing the past, hand-offs, gaps that somebody must hear of."""

from __future__ import annotations

from core.timers.sweeps import Sweep
from escalation.models import Gap, Roster, Swap
from escalation.operations import handoffs, rosters, swaps

SWEEPS = (
    Sweep(
        name=rosters.HANDOFF_SWEEP,
        due=lambda now: Roster.objects.filter(handoff_at__lte=now).order_by("handoff_at", "id"),
        field="handoff_at",
        act=handoffs.hand_over,
    ),
    Sweep(
        name="escalation.past",
        due=lambda now: Roster.objects.filter(keep_at__lte=now).order_by("keep_at", "id"),
        field="keep_at",
        act=rosters.keep_due,
    ),
    Sweep(
        name="escalation.gaps",
        due=lambda now: Gap.objects.filter(tell_at__lte=now).order_by("tell_at", "id"),
        field="tell_at",
        act=handoffs.tell_of_gaps,
    ),
    Sweep(
        name="escalation.swaps",
        due=lambda now: Swap.objects.filter(expires_at__lte=now).order_by("expires_at", "id"),
        field="expires_at",
        act=swaps.expire,
    ),
)
