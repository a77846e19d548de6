"""Reports by name: what handing on cost, what has no SOP, what was missed and why."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from core.accounts.api import DeskAPIView
from core.accounts.permissions import Permission
from core.common import clock
from core.common.actor import Actor
from core.common.errors import RuleBroken
from incidents import promise_queries
from reports import figures, handing, promising, shapes
from reports.periods import Period, between

USUAL = timedelta(days=30)
LONGEST = timedelta(days=366)


class ReportView(DeskAPIView):
    """One report over a stretch of time, grouped."""

    view_permission = Permission.WORK_TICKET
    question: type[shapes.Between]
    shape: type[shapes.Report]

    def known_parameters(self) -> frozenset[str]:
        return frozenset(self.question().fields)

    def get(self, request: Request) -> Response:
        asked = self.query(self.question)
        end = asked.get("to") or clock.now()
        start = asked.get("from") or end - USUAL
        if not timedelta() < end - start <= LONGEST:
            raise RuleBroken("`from` lies before `to`, at most 366 days.", field="from")
        period = between(start, end)
        found = self.read(request.actor, period, asked["group"])  # type: ignore[attr-defined]
        whole = {"from": start, "to": end, "group": asked["group"], **found}
        return Response(self.shape(whole).data)

    def read(self, actor: Actor, period: Period, group: str) -> dict[str, Any]:
        raise NotImplementedError


class HandOffView(ReportView):
    """The bill: time lost between teams, which had a ticket and passed it on without any work, the dearest first."""

    question, shape = shapes.HandOffQuestion, shapes.HandOffReport

    @extend_schema(
        parameters=[shapes.HandOffQuestion], responses=shapes.HandOffReport, operation_id="report_hand_offs"
    )
    def get(self, request: Request) -> Response:
        return super().get(request)

    def read(self, actor: Actor, period: Period, group: str) -> dict[str, Any]:
        pairs = handing.pairs(actor, period)
        rows = [_lost([pair], pair.giver, pair.holder) for pair in pairs]
        if group != "pair":
            by_team = defaultdict(list)
            for pair in pairs:
                by_team[getattr(pair, group)].append(pair)
            giving = group == "giver"
            rows = [
                _lost(of, team if giving else None, None if giving else team) for team, of in by_team.items()
            ]
            rows.sort(key=lambda row: (-row["minutes_lost"], row["name"]))
        return {"minutes_lost": sum(row["minutes_lost"] for row in rows), "rows": rows}


class NoSopView(ReportView):
    """How often L1 handed on because no SOP exists: each is a reason to write one."""

    question, shape = shapes.NoSopQuestion, shapes.NoSopReport

    @extend_schema(
        parameters=[shapes.NoSopQuestion], responses=shapes.NoSopReport, operation_id="report_no_sop"
    )
    def get(self, request: Request) -> Response:
        return super().get(request)

    def read(self, actor: Actor, period: Period, group: str) -> dict[str, Any]:
        found = handing.without_sop(actor, period)
        counted = {
            "application": handing.by_application, "area": handing.by_area, "team": handing.by_team,
        }[group](found)  # fmt: skip
        rows = [{"key": key, "name": name, "hand_offs": number} for key, name, number in counted]
        return {"hand_offs": found.count(), "rows": rows}


class BreachView(ReportView):
    """What was missed, with its causes, the most frequent first. Each of them: `/breaches/`."""

    question, shape = shapes.BreachQuestion, shapes.BreachReport

    @extend_schema(
        parameters=[shapes.BreachQuestion], responses=shapes.BreachReport, operation_id="report_breaches"
    )
    def get(self, request: Request) -> Response:
        return super().get(request)

    def read(self, actor: Actor, period: Period, group: str) -> dict[str, Any]:
        rows: list[Any] = figures.missed(actor, period, group)
        whole = {name: sum(row[name] for row in rows) for name in ("breaches", "unexplained")}
        return {**whole, "rows": rows}


class PromiseView(ReportView):
    """How promised updates were kept. Each line: `/incidents/{reference}/promises/`."""

    view_permission = Permission.VIEW_INCIDENTS
    question, shape = shapes.PromiseQuestion, shapes.PromiseReport

    @extend_schema(
        parameters=[shapes.PromiseQuestion], responses=shapes.PromiseReport, operation_id="report_promises"
    )
    def get(self, request: Request) -> Response:
        return super().get(request)

    def read(self, actor: Actor, period: Period, group: str) -> dict[str, Any]:
        found = promising.found(actor, period)
        return {"figures": promise_queries.kept(found), "rows": promising.GROUPS[group](found)}


def _lost(pairs: list[handing.Pair], giver: Any, holder: Any) -> dict[str, Any]:
    """One row of the bill. A ticket that lay at two teams counts at each."""
    return {
        "giver": giver and giver.slug,
        "holder": holder and holder.slug,
        "name": " to ".join(team.name for team in (giver, holder) if team),
        "hand_offs": sum(pair.handoffs for pair in pairs),
        "tickets": sum(pair.tickets for pair in pairs),
        "minutes_lost": sum(round(pair.lost.total_seconds() / 60) for pair in pairs),
    }


ROUTES = [
    ("reports/hand-offs", HandOffView),
    ("reports/no-sop", NoSopView),
    ("reports/breaches", BreachView),
    ("reports/promises", PromiseView),
]
