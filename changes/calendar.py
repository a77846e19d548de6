"""The week and the feed: what is planned when, in whose lane, and what is in each other's way."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import combinations
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from catalogue.models import Application, Component, Dependency
from changes import collisions, queries, rules
from changes.collisions import Collision, Plan
from changes.models import Change, Freeze
from changes.vocabulary import Outcome, Status, Type
from core.accounts.models import User
from core.common import clock, ical
from core.common.actor import Actor
from core.common.errors import RuleBroken
from customers.models import BusyWindow
from sla.business_time import instant

HOURS = 168
DAY_HOURS = 24
"""A shorter slot takes the whole column of its day: narrower ones could not be read."""

SIGNS = {Type.NORMAL: "change", Type.EMERGENCY: "bolt", Type.BAU: "check"}
LOOKS = {Type.NORMAL: "", Type.EMERGENCY: "emg", Type.BAU: "bau"}
LOOK_AHEAD = timedelta(days=30)
FEED_PAST, FEED_AHEAD, FEED_ROWS = timedelta(days=31), timedelta(days=366), 2_000


@dataclass(frozen=True)
class Pair:
    """Two plans, or a plan and a freeze, in each other's way. `change` is None for a plan that is none yet."""

    change: Change | None
    collision: Collision

    @property
    def change_ref(self) -> str | None:
        return self.change.reference if self.change is not None else None


@dataclass
class Slot:
    """One bar in a lane: `at` is the column of its hour (1 to 168), `length` how many columns it spans."""

    at: int
    length: int
    start: datetime
    end: datetime
    text: str
    look: str = ""
    sign: str = ""
    change: Change | None = None


@dataclass
class Lane:
    name: str
    note: str
    slots: list[Slot] = field(default_factory=list)
    behind: list[Slot] = field(default_factory=list)


@dataclass
class Week:
    """Seven local days of a zone. `starts` and `ends` are moments."""

    monday: date
    zone: ZoneInfo
    lanes: list[Lane] = field(default_factory=list)
    rows: list[Change] = field(default_factory=list)
    pairs: list[Pair] = field(default_factory=list)

    @property
    def starts(self) -> datetime:
        return instant(self.zone, self.monday, 0)

    @property
    def ends(self) -> datetime:
        return instant(self.zone, self.monday + timedelta(days=7), 0)

    @property
    def days(self) -> list[date]:
        return [self.monday + timedelta(days=number) for number in range(7)]

    @property
    def today(self) -> date:
        return clock.now().astimezone(self.zone).date()

    @property
    def now_column(self) -> int | None:
        """The column of the present hour; None in another week."""
        now = clock.now()
        return self.column(now) if self.starts <= now < self.ends else None

    @property
    def previous(self) -> str:
        return (self.monday - timedelta(days=7)).isoformat()

    @property
    def following(self) -> str:
        return (self.monday + timedelta(days=7)).isoformat()

    def column(self, at: datetime) -> int:
        """The column (1 to 168) of a moment by the wall clock, so that a day is 24 columns wide on DST days too."""
        local = at.astimezone(self.zone)
        hours = (local.date() - self.monday).days * 24 + local.hour
        return min(max(hours, 0), HOURS - 1) + 1

    def slot(self, start: datetime, end: datetime, text: str, *, whole: bool = False, **more: object) -> Slot:
        """A slot cut to this week; `whole` keeps its true length, else a short one fills the day it starts on."""
        first = self.column(max(start, self.starts))
        last = self.column(min(end, self.ends) - timedelta(seconds=1))
        length = last - first + 1
        if not whole and length < DAY_HOURS:
            first, length = (first - 1) // DAY_HOURS * DAY_HOURS + 1, DAY_HOURS
        return Slot(first, length, start, end, text, **more)  # type: ignore[arg-type]

    def agenda(self) -> list[tuple[date, list[Change]]]:
        """The changes by the local day on which they start (or the first day of the week), for a phone."""
        found: dict[date, list[Change]] = {}
        for change in self.rows:
            if change.planned_start is not None:
                day = max(change.planned_start.astimezone(self.zone).date(), self.monday)
                found.setdefault(day, []).append(change)
        return sorted(found.items())

    def clashing(self) -> set[int]:
        """The numbers of the changes that are in a collision."""
        refs = {pair.change_ref for pair in self.pairs} | {pair.collision.with_ref for pair in self.pairs}
        return {change.pk for change in self.rows if change.reference in refs}


def monday_of(text: str, zone: ZoneInfo) -> date:
    """The Monday of the week of a day given as 2026-11-23; of this week when it is none."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = clock.now().astimezone(zone).date()
    if not 2000 <= day.year < 2100:
        day = clock.now().astimezone(zone).date()
    return day - timedelta(days=day.weekday())


def week(actor: Actor, monday: date, zone: ZoneInfo) -> Week:
    """One week with a lane for each application that has something in it."""
    found = Week(monday, zone)
    found.rows = list(queries.calendar(actor, found.starts, found.ends))
    open_rows = [change for change in found.rows if change.status != Status.CLOSED]
    freezes = list(
        Freeze.objects.filter(starts_at__lt=found.ends, ends_at__gt=found.starts).prefetch_related(
            "applications"
        )
    )
    found.pairs = pairs(open_rows, freezes)
    clashing = found.clashing()
    lanes: dict[int, Lane] = {}
    for change in found.rows:
        slot = _slot(found, change, clash=change.pk in clashing)
        for application in touched(change):
            lanes.setdefault(application.pk, Lane(application.name, "")).slots.append(slot)
    for freeze in freezes:
        for application in freeze.applications.all():
            lanes.setdefault(application.pk, Lane(application.name, "")).behind.append(
                found.slot(freeze.starts_at, freeze.ends_at, freeze.name, whole=True)
            )
    found.lanes = sorted(lanes.values(), key=lambda lane: lane.name)
    if every := [freeze for freeze in freezes if not freeze.applications.all()]:
        slots = [found.slot(f.starts_at, f.ends_at, f.name, whole=True, look="freeze") for f in every]
        found.lanes.insert(0, Lane("Everything", "freeze", slots))
    if busy := _busy(found):
        found.lanes.append(Lane("Customers", "busy windows", busy))
    return found


def touched(change: Change) -> list[Application]:
    """The applications of a change, those of its components too."""
    found = {application.pk: application for application in change.applications.all()}
    for component in change.components.all():
        found.setdefault(component.application_id, component.application)
    return sorted(found.values(), key=lambda application: application.name)


def pairs(rows: Sequence[Change], freezes: Iterable[Freeze]) -> list[Pair]:
    """What of these changes is in each other's way, or in a freeze; in two queries, however many there are."""
    plans = [(change, plan) for change in rows if (plan := queries.plan_of(change)) is not None]
    dependencies, owners = _dependencies([plan for _, plan in plans])
    found = []
    for (one, mine), (_, other) in combinations(plans, 2):
        if hit := collisions.with_change(mine, other, dependencies, owners):
            found.append(Pair(one, hit))
    for freeze in freezes:
        scope = frozenset(application.pk for application in freeze.applications.all())
        frozen = collisions.Frozen(freeze.name, freeze.starts_at, freeze.ends_at, scope)
        found += [
            Pair(change, hit) for change, plan in plans if (hit := collisions.with_freeze(plan, frozen))
        ]
    return found


def collisions_between(actor: Actor, starts: datetime, ends: datetime) -> list[Pair]:
    """The collisions of a period among what is planned, drafts too."""
    rows = queries.calendar(actor, starts, ends).exclude(status=Status.CLOSED)[:FEED_ROWS]
    freezes = Freeze.objects.filter(starts_at__lt=ends, ends_at__gt=starts).prefetch_related("applications")
    return pairs(list(rows), freezes)


def asked_collisions(
    by: Actor,
    *,
    change: str = "",
    start: datetime | None = None,
    end: datetime | None = None,
    application: Application | None = None,
    component: Component | None = None,
    responsible: User | None = None,
) -> list[Pair]:
    """What is in the way of one change, of a plan that is no change yet, or of anything in a period (30 days)."""
    if change:
        found = queries.get_for(change, by=by)
        return [Pair(found, hit) for hit in queries.collisions_of(found)]
    rules.check_window(start, end)
    if application is None and component is None and responsible is None:
        starts = start or clock.now()
        return collisions_between(by, starts, end or starts + LOOK_AHEAD)
    if start is None or end is None:
        raise RuleBroken("Say from when to when: start and end.", field="start" if start is None else "end")
    plan = Plan(
        "", "", start, end, responsible.pk if responsible else None,
        frozenset({application.pk} if application and not component else ()),
        {component.pk: component.application_id} if component else {},
    )  # fmt: skip
    return [Pair(None, hit) for hit in queries.collisions_for(plan)]


def feed(actor: Actor) -> bytes:
    """The calendar for other programs (RFC 5545): a stable UID per change, withdrawn ones as cancelled."""
    now = clock.now()
    rows = (
        Change.objects.visible_to(actor)
        .in_window(now - FEED_PAST, now + FEED_AHEAD)
        .exclude(status=Status.DRAFT)
        .prefetch_related("applications", "components__application")
        .order_by("planned_start", "id")[:FEED_ROWS]
    )
    return ical.write("Changes", (_entry(change, now) for change in rows))


def _entry(change: Change, now: datetime) -> ical.Entry:
    cancelled = change.status == Status.REJECTED or change.outcome == Outcome.WITHDRAWN
    firm = change.status not in (Status.SUBMITTED, Status.APPROVED)
    assert change.planned_start is not None and change.planned_end is not None  # in_window() finds no others
    return ical.Entry(
        key=change.reference.lower(),
        sequence=change.version,
        stamp=now,
        start=change.planned_start,
        end=change.planned_end,
        summary=f"{change.reference} {change.title}",
        location=", ".join(application.name for application in touched(change)),
        description=f"{change.get_type_display()}, {change.get_status_display().lower()}",
        path=f"/changes/{change.reference}/",
        status=ical.CANCELLED if cancelled else ical.CONFIRMED if firm else ical.TENTATIVE,
    )


def _slot(found: Week, change: Change, *, clash: bool) -> Slot:
    looks = [LOOKS[Type(change.type)]]
    if change.downtime and change.type == Type.NORMAL:
        looks = ["mw"]
    if change.status == Status.DRAFT:
        looks.append("draft")
    if clash:
        looks.append("clash")
    sign = "warn" if clash else "wrench" if "mw" in looks else SIGNS[Type(change.type)]
    assert change.planned_start is not None and change.planned_end is not None  # calendar() takes no others
    look = " ".join(part for part in looks if part)
    return found.slot(
        change.planned_start, change.planned_end, change.title, look=look, sign=sign, change=change
    )


def _busy(found: Week) -> list[Slot]:
    """The busy windows of customers in the week, one slot for each day that they hold."""
    slots = []
    windows: QuerySet[BusyWindow] = BusyWindow.objects.select_related("organisation").order_by(
        "organisation__name"
    )
    for window in windows:
        at = found.starts
        while at < found.ends and (stretch := collisions.busy_during(window, at, found.ends)):
            name = window.organisation.name
            slots.append(found.slot(*stretch, name, look="freeze"))
            at = stretch[1]
    return slots


def _dependencies(plans: Sequence[Plan]) -> tuple[list[tuple[int, int]], dict[int, int]]:
    if len(plans) < 2:
        return [], {}
    rows = Dependency.objects.values_list(
        "component_id", "needs_id", "component__application_id", "needs__application_id"
    )
    joined = list(rows)
    owners = {row[0]: row[2] for row in joined} | {row[1]: row[3] for row in joined}
    return [(row[0], row[1]) for row in joined], owners
