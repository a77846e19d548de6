"""The managers' dashboard."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from core.accounts.permissions import Permission
from core.accounts.web import page
from core.common import clock
from reports import periods, queries
from sla.models import Goal

# The words that fit beside a bar.
SHORT = {Goal.FIRST_RESPONSE: "First reply", Goal.NEXT_RESPONSE: "Next reply", Goal.RESOLUTION: "Resolution"}


@page(Permission.VIEW_DASHBOARD)
@require_safe
def dashboard(request: HttpRequest) -> HttpResponse:
    """How the desk does: backlog, promises kept, what came and went. `?period=` is 7d, 30d or quarter."""
    actor, now = request.actor, clock.now().replace(second=0, microsecond=0)  # type: ignore[attr-defined]
    period = periods.period(request.GET.get("period", ""), now)
    kept = queries.attainment(actor, period)
    context = {
        "period": period,
        "periods": [(name, label) for name, (_, label) in periods.LENGTHS.items()],
        "now": now,
        "backlog": queries.backlog(actor, now),
        "ages": [age.label for age in queries.AGES],
        "flows": queries.flows(actor, period),
        "attainment": kept,
        "bars": [_bar(row) for row in kept if row.percent is not None],
        "bars_title": "; ".join(f"{row.goal.label}: {row.kept} of {row.decided} in time" for row in kept),
        "breached": queries.tickets_url(
            status=queries.EVERY_STATUS, breached_after=period.start, breached_before=period.end
        ),
        "live": queries.live_incidents(actor),
        "follow_up": queries.follow_up(actor, now),
    }
    return render(request, "reports/dashboard.html", context | _burn(context["follow_up"]))


def _bar(row: queries.Attainment) -> dict[str, Any]:
    return {"name": SHORT[row.goal], "value": row.percent, "note": f"{row.kept} of {row.decided}"}


def _burn(follow_up: queries.FollowUp | None) -> dict[str, Any]:
    """What the burn-down chart takes."""
    if follow_up is None:
        return {}
    weeks = follow_up.weeks
    return {
        "remaining": [week.open for week in weeks],
        "labels": [f"wk {week.number}" for week in queries.problems.weeks_ahead(weeks)],
        "burn_title": f"Open follow-up actions: {weeks[0].open} {len(weeks) - 1} weeks ago, {weeks[-1].open} now.",
        "plan_weeks": queries.problems.PLANNED_WEEKS,
    }
