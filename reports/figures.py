"""The figures of service levels that were missed, by whatever a manager groups them by."""

from __future__ import annotations

from collections.abc import Mapping

from django.db.models import Count, Q, Sum

from core.accounts.permissions import Permission, can
from core.common.actor import Actor
from reports.periods import Period
from sla.models import Breach, Cause, Goal
from sla.models.breaches import BreachQuerySet

# What a report can be grouped by, and the column that says it.
GROUPS: Mapping[str, str] = {
    "cause": "cause", "goal": "goal", "team": "team_label", "owner": "owner_label", "policy": "policy_name",
}  # fmt: skip
_NOBODY = {"cause": "Not explained yet", "team": "No team", "owner": "Nobody", "policy": "No policy"}
_WORDS = {"cause": dict(Cause.choices), "goal": dict(Goal.choices)}


def breaches(actor: Actor, period: Period) -> BreachQuerySet:
    """What was missed in the period, of what the actor may see; why it was missed is said among us."""
    if not can(actor, Permission.WORK_TICKET):
        return Breach.objects.none()
    seen = Breach.objects.visible_to(actor)
    return seen.filter(breached_at__gte=period.start, breached_at__lt=period.end)


def missed(actor: Actor, period: Period, group: str) -> list[dict[str, object]]:
    """How many by `group`, how many of them nobody explained, by how many minutes in all; the most first.

    The minutes are those at which a clock last ended or paused; what runs on over its target counts from then on.
    """
    column = GROUPS[group]
    rows = (
        breaches(actor, period)
        .order_by()
        .values(column)
        .annotate(breaches=Count("pk"), unexplained=Count("pk", filter=Q(cause="")), over=Sum("over_seconds"))
        .order_by("-breaches", column)
    )
    words = _WORDS.get(group, {})
    return [
        {
            "key": row[column],
            "name": words.get(row[column], row[column]) or _NOBODY.get(group, ""),
            "breaches": row["breaches"],
            "unexplained": row["unexplained"],
            "over_minutes": row["over"] // 60,
        }
        for row in rows
    ]
