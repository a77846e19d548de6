"""The figures of the dashboard. Every one starts at what the reader may see, and knows the list behind it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.urls import reverse

from changes.models import Change
from core.accounts.permissions import Permission, can
from core.common import counting
from core.common.actor import Actor
from incidents.models import Incident
from problems import queries as problems
from reports.periods import Limits, Period
from sla.models import Clock, Goal
from tickets.models import Status, Ticket

EVERY_STATUS = ",".join(Status.values)
DONE = (Status.RESOLVED, Status.CLOSED)


@dataclass(frozen=True)
class Age:
    """Tickets opened at least `days` and less than `until` days ago; None: without limit."""

    label: str
    days: int
    until: int | None

    def limits(self, now: datetime) -> tuple[datetime | None, datetime | None]:
        """(created at or after, created before)."""
        oldest = None if self.until is None else now - timedelta(days=self.until)
        youngest = now - timedelta(days=self.days) if self.days else None
        return oldest, youngest

    def condition(self, now: datetime) -> Q:
        after, before = self.limits(now)
        found = Q() if after is None else Q(created_at__gte=after)
        return found if before is None else found & Q(created_at__lt=before)


AGES = [
    Age("under 1 d", 0, 1),
    Age("1–7 d", 1, 7),
    Age("7–30 d", 7, 30),
    Age("30–60 d", 30, 60),
    Age("60–180 d", 60, 180),
    Age("over 180 d", 180, None),
]


@dataclass(frozen=True)
class Cell:
    count: int
    url: str


@dataclass(frozen=True)
class Backlog:
    """The open tickets by tier and age, and what stands out among them."""

    rows: list[tuple[int, list[Cell], Cell]]
    highest: int
    open: Cell
    overdue: Cell
    older_than_60: Cell
    older_than_180: Cell
    reopened: Cell
    passed_around: Cell


def backlog(actor: Actor, now: datetime) -> Backlog:
    """One query over the open tickets that the actor may see."""
    wanted: dict[str, Any] = {f"age{n}": Count("pk", filter=age.condition(now)) for n, age in enumerate(AGES)}
    wanted |= {
        "total": Count("pk"),
        "overdue": Count("pk", filter=Q(due_at__lt=now)),
        "reopened": Count("pk", filter=Q(reopened_count__gte=1)),
        "passed": Count("pk", filter=Q(passed_around=True)),
    }
    tickets = Ticket.objects.visible_to(actor).open().order_by()
    found = list(tickets.values("tier").annotate(**wanted).order_by("tier"))

    def total(*names: str) -> int:
        return sum(row[name] for row in found for name in names)

    rows = [
        (
            row["tier"],
            [Cell(row[f"age{n}"], _aged(now, age, tier=row["tier"])) for n, age in enumerate(AGES)],
            Cell(row["total"], tickets_url(tier=row["tier"])),
        )
        for row in found
    ]
    day = timedelta(days=1)
    return Backlog(
        rows=rows,
        highest=max((cell.count for _, cells, _ in rows for cell in cells), default=0),
        open=Cell(total("total"), tickets_url(view="all")),
        overdue=Cell(total("overdue"), tickets_url(due_before=now)),
        older_than_60=Cell(total("age4", "age5"), tickets_url(created_before=now - 60 * day)),
        older_than_180=Cell(total("age5"), tickets_url(created_before=now - 180 * day)),
        reopened=Cell(total("reopened"), tickets_url(reopened_min=1)),
        passed_around=Cell(total("passed"), tickets_url(passed_around="true")),
    )


@dataclass(frozen=True)
class Flow:
    """How many in the period and in the one before, each with its list."""

    name: str
    now: Cell
    before: Cell


@dataclass(frozen=True)
class _Kind:
    """A count of tickets by the moment in `column`; `word` and `more` make the address of its list."""

    name: str
    column: str
    word: str
    only: Q
    more: dict[str, str]


def live_incidents(actor: Actor) -> Cell | None:
    """The incidents that run now; None for who sees none."""
    if not can(actor, Permission.VIEW_INCIDENTS):
        return None
    return Cell(
        Incident.objects.visible_to(actor).live().real().count(), _url("incidents:list", drill="false")
    )


def flows(actor: Actor, period: Period) -> list[Flow]:
    """What came and went. Each count reads the period out of an index, however long the history is."""
    found = [*_ticket_flows(actor, period)]
    if can(actor, Permission.VIEW_INCIDENTS):
        incidents = Incident.objects.visible_to(actor).real()
        found.append(
            _flow(
                "Incidents declared",
                incidents,
                "declared_at",
                "incidents:list",
                "declared",
                period,
                drill="false",
            )
        )
    if can(actor, Permission.VIEW_CHANGES):
        changes = Change.objects.visible_to(actor)
        found.append(_flow("Changes opened", changes, "created_at", "changes:all", "created", period))
    return found


def _ticket_flows(actor: Actor, period: Period) -> list[Flow]:
    """All counts of tickets in one query, each a range of an index."""
    requests = {"status": EVERY_STATUS, "kind": "service_request"}
    kinds = [
        _Kind("Tickets opened", "created_at", "created", Q(), {"status": EVERY_STATUS}),
        _Kind("Service requests opened", "created_at", "created", Q(kind="service_request"), requests),
        _Kind("Tickets resolved", "resolved_at", "resolved", Q(status__in=DONE), {"status": ",".join(DONE)}),
        _Kind("Tickets breached", "breached_at", "breached", Q(), {"status": EVERY_STATUS}),
    ]
    counts = counting.at_once(
        {
            (kind.name, limits, part): tickets.filter(kind.only, _within(kind.column, *limits))
            for kind in kinds
            for limits in period.both
            for part, tickets in enumerate(Ticket.objects.parts_visible_to(actor))
        }
    )
    found: Counter[tuple[str, Limits]] = Counter()
    for (name, limits, _), number in counts.items():
        found[name, limits] += number
    return [
        Flow(
            kind.name,
            *(
                Cell(found[kind.name, limits], tickets_url(**kind.more, **_limits(kind.word, *limits)))
                for limits in period.both
            ),
        )
        for kind in kinds
    ]


def _flow(
    name: str, rows: QuerySet[Any], column: str, page: str, word: str, period: Period, **more: str
) -> Flow:
    counts = counting.at_once({limits: rows.filter(_within(column, *limits)) for limits in period.both})
    places = (_url(page, **more, **_limits(word, *limits)) for limits in period.both)
    return Flow(
        name, *(Cell(counts[limits], place) for limits, place in zip(period.both, places, strict=True))
    )


@dataclass(frozen=True)
class Attainment:
    """How many clocks of one goal kept their promise; per cent, None where none was decided."""

    goal: Goal
    kept: int
    decided: int
    percent: float | None
    percent_before: float | None


def attainment(actor: Actor, period: Period) -> list[Attainment]:
    """A clock is decided once: when it is met in time, or at its breach. One query, goals in their order.

    A breach that a later clock of the same goal took over (sla.operations) counts there alone.
    """
    hidden = Ticket.objects.hidden_from(actor)
    clocks = Clock.objects.filter(subject_kind=Ticket.SUBJECT).exclude(subject_id__in=hidden.values("pk"))
    same = {name: OuterRef(name) for name in ("subject_kind", "subject_id", "goal", "breached_at")}
    in_time = clocks.filter(breached_at__isnull=True)
    broken = clocks.exclude(Exists(Clock.objects.filter(**same, pk__gt=OuterRef("pk"))))
    counts = counting.at_once(
        {
            (goal, limits, kept): rows.filter(_within(column, *limits), goal=goal)
            for goal in Goal
            for limits in period.both
            for kept, rows, column in ((True, in_time, "met_at"), (False, broken, "breached_at"))
        }
    )
    found = []
    for goal in Goal:
        (kept, missed), (kept_before, missed_before) = (
            (counts[goal, limits, True], counts[goal, limits, False]) for limits in period.both
        )
        if kept + missed + kept_before + missed_before:
            percents = _percent(kept, missed), _percent(kept_before, missed_before)
            found.append(Attainment(goal, kept, kept + missed, *percents))
    return found


@dataclass(frozen=True)
class FollowUp:
    """Follow-up actions: how many are open and late, and the weeks of the burn-down."""

    open: Cell
    late: Cell
    weeks: list[problems.Week]


def follow_up(actor: Actor, now: datetime) -> FollowUp | None:
    """None for who does not see problems."""
    if not can(actor, Permission.VIEW_PROBLEMS):
        return None
    late = Q(due__lt=now.astimezone(UTC).date())
    counts = (
        problems.actions(actor).open().order_by().aggregate(open=Count("pk"), late=Count("pk", filter=late))
    )
    today = now.astimezone(UTC).date().isoformat()
    return FollowUp(
        Cell(counts["open"], _url("problems:actions")),
        Cell(counts["late"], _url("problems:actions", due_before=today)),
        problems.burndown(actor, now),
    )


def tickets_url(**filters: Any) -> str:
    """The queue with these filters; the open tickets unless a status is among them."""
    return _url("tickets:list", **filters)


def _aged(now: datetime, age: Age, **more: Any) -> str:
    after, before = age.limits(now)
    limits = {"created_after": after, "created_before": before}
    return tickets_url(**more, **{name: at for name, at in limits.items() if at is not None})


def _limits(word: str, start: datetime, end: datetime) -> dict[str, datetime]:
    return {f"{word}_after": start, f"{word}_before": end}


def _within(column: str, start: datetime, end: datetime) -> Q:
    return Q(**{f"{column}__gte": start, f"{column}__lt": end})


def _url(page: str, **filters: Any) -> str:
    texts = {
        name: _moment(value) if isinstance(value, datetime) else value for name, value in filters.items()
    }
    return f"{reverse(page)}?{urlencode(texts)}" if texts else reverse(page)


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _percent(kept: int, missed: int) -> float | None:
    return 100 * kept / (kept + missed) if kept + missed else None
