"""Promised updates for managers: the rate by team, month or incident, and the list behind every figure."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from core.accounts.permissions import Permission
from core.accounts.web import page
from incidents import promise_queries
from incidents.models import Promise
from reports import promising
from reports.handing_views import as_file, asked

FILTERS = ("team", "month", "incident", "outcome")
GROUP_WORDS = {"team": "Team", "month": "Month", "incident": "Incident"}
HEAD = ["due_at", "incident", "outcome", "late_seconds", "update", "moved_to", "reason", "person", "team"]


@require_safe
@page(Permission.VIEW_DASHBOARD)
@page(Permission.VIEW_INCIDENTS)
def promises(request: HttpRequest) -> HttpResponseBase:
    """How many due updates came in time; `team`, `month`, `incident` and `outcome` choose the lines behind a figure."""
    actor, period, context = asked(request)
    group = request.GET.get("group", "")
    group = group if group in GROUP_WORDS else "team"
    chosen = {name: request.GET.get(name, "")[:60] for name in FILTERS}
    found = promising.found(actor, period)
    lines = promising.shown(found, **chosen)
    if "csv" in request.GET:
        return as_file("promises", HEAD, [_row(line) for line in lines])
    rows = promising.GROUPS[group](found)
    one = {name: value for name, value in chosen.items() if value}
    return render(request, "reports/promises.html", {
        **context, "group": group, "group_word": GROUP_WORDS[group], "groups": GROUP_WORDS.items(),
        "kept": promise_queries.kept(found), "rows": rows[: promising.MOST_ROWS], "lines": lines, "one": one,
        "asked": urlencode({"period": period.name, **one}), "most": promising.MOST_ROWS,
    })  # fmt: skip


def _row(line: Promise) -> list[object]:
    return [
        line.due_at, line.incident.reference, line.outcome, line.late_seconds,
        line.answer.number if line.answer else None, line.moved_to, line.reason,
        line.person.username if line.person else None, line.team.slug if line.team else None,
    ]  # fmt: skip
