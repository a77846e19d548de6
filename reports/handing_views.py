"""Hand-offs for managers: the bill by pair of teams, what has no SOP, and the list behind every number."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from core.accounts.permissions import Permission
from core.accounts.web import page
from core.common import clock, spreadsheet
from reports import handing, periods


@require_safe
@page(Permission.VIEW_QUEUE)
@page(Permission.WORK_TICKET)
def hand_offs(request: HttpRequest) -> HttpResponseBase:
    """Minutes lost by pair of teams; `giver` and `holder` show the hand-offs of one pair."""
    actor, period, context = asked(request)
    giver, holder = request.GET.get("giver", "")[:60], request.GET.get("holder", "")[:60]
    losses = handing.losses(actor, period, giver=giver, holder=holder)
    if "csv" in request.GET:
        head = ["ticket", "given_by", "held_by", "passed_to", "passed_at", "minutes_lost"]
        return as_file("hand-offs", head, [
            [loss.row.ticket.reference, loss.giver, loss.holder, loss.row.to_team, loss.row.at,
             round(loss.lost.total_seconds() / 60)]
            for loss in losses
        ])  # fmt: skip
    pairs = handing.pairs(actor, period)
    return render(request, "reports/hand_offs.html", {
        **context, "pairs": pairs, "losses": losses, "one": bool(giver or holder), "most": handing.MOST_ROWS,
    })  # fmt: skip


@require_safe
@page(Permission.VIEW_QUEUE)
@page(Permission.WORK_TICKET)
def no_sop(request: HttpRequest) -> HttpResponseBase:
    """Hand-offs for which no SOP exists, by application and area; each is a reason to write one."""
    actor, period, context = asked(request)
    found = handing.without_sop(actor, period)
    application, area = request.GET.get("application", "")[:60], request.GET.get("area", "")[:60]
    rows = handing.shown(found, application=application, area=area)
    if "csv" in request.GET:
        head = ["ticket", "subject", "application", "areas", "to_team", "at", "summary"]
        return as_file("no-sop", head, [
            [row.ticket.reference, row.ticket.subject, row.ticket.application or "", row.ticket.areas,
             row.to_team or "", row.at, row.summary]
            for row in rows
        ])  # fmt: skip
    applications = handing.by_application(found)
    return render(request, "reports/no_sop.html", {
        **context, "applications": applications, "areas": handing.by_area(found), "rows": rows,
        "whole": sum(number for *_, number in applications), "one": bool(application or area),
        "most": handing.MOST_ROWS,
    })  # fmt: skip


def asked(request: HttpRequest) -> tuple[Any, periods.Period, dict[str, Any]]:
    """Who asks, for which period, and what the switch of periods shows."""
    period = periods.period(request.GET.get("period", ""), clock.now())
    known = [(name, label) for name, (_, label) in periods.LENGTHS.items()]
    return request.actor, period, {"period": period, "periods": known}  # type: ignore[attr-defined]


def as_file(name: str, head: list[str], rows: list[list[Any]]) -> HttpResponseBase:
    """Rows as a file that says of which day it is."""
    return spreadsheet.download(f"{name}-{clock.now():%Y-%m-%d}", spreadsheet.lines(head, rows))
