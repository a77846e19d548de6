"""Explain a clock: what was promised and why, every stretch of its life, the sum, and how the due time comes of it.

Everything is shown in the time zone of the calendar that counted. What the sum says is worked out here from the
opening hours of each version; what was stored while the clock ran stands beside it, so that both can be compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from catalogue.models import Application
from core.common import clock as wall
from core.common.vocabulary import CustomerTier, TicketKind
from sla import queries, rules, words
from sla.business_time import Hours, instant
from sla.models import CalendarVersion, Clock, Interval, Policy
from sla.models.calendars import OpeningHours
from sla.rules import Facts

MOST_DAYS = 45
FACT_NAMES = {
    "customer_tier": "Customer tier",
    "kind": "Kind",
    "application_id": "Application",
    "priority": "Priority",
}


@dataclass(frozen=True, slots=True)
class Fact:
    """One of the facts by which a policy is chosen; asked: the chosen policy is for just this value."""

    name: str
    value: str
    asked: bool


@dataclass(frozen=True, slots=True)
class Loser:
    """Another policy, and why it is not the one."""

    name: str
    why: str


@dataclass(frozen=True, slots=True)
class Day:
    """What one local day brought: the open stretches within the row, and what is unusual.

    Whole minutes; `minutes` is what the day adds to the sum as it is shown, so that the column adds up.
    """

    day: str
    spans: str
    minutes: int
    note: str
    total: int


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the ledger. `to` is "" while it is open; `total` is the sum up to its end (or to now), in minutes."""

    since: str
    to: str
    counted: bool
    why: str
    minutes: int
    total: int
    hours: str
    days: Sequence[Day] = ()
    left_out: int = 0
    differs: str = ""


@dataclass(frozen=True, slots=True)
class InForce:
    """The hours of one version of a calendar, which some rows were counted by."""

    name: str
    number: int
    zone: str
    since: str
    opening: OpeningHours


@dataclass(frozen=True, slots=True)
class Explanation:
    clock: Clock
    zone: str
    promise: str
    facts: Sequence[Fact]
    lost: Sequence[Loser]
    others: Sequence[Loser]
    rows: Sequence[Row]
    to_come: Sequence[Day]
    left_out: int
    sums: Sequence[str]
    due: str
    in_force: Sequence[InForce] = field(default=())


def explain(clock: Clock, now: datetime | None = None) -> Explanation:
    """The whole story of a clock at a moment. Its calendar and policy should be read with it."""
    now = (now or wall.now()).replace(microsecond=0)
    zone = clock.hours().zone
    elapsed = clock.elapsed_at(now)
    rows = list(_rows(clock, now))
    ahead, left_out = _ahead(clock, now, elapsed)
    return Explanation(
        clock=clock,
        zone=zone.key,
        promise=(
            f"{clock.get_goal_display()} within {words.in_words(clock.target_seconds)} of “{clock.calendar}”, "
            f"promised by the policy “{clock.policy_name}”."
        ),
        facts=_facts(clock),
        lost=[Loser(name, why) for name, why in clock.chosen.get("lost", [])],
        others=_others(clock),
        rows=rows,
        to_come=ahead,
        left_out=left_out,
        sums=_sums(clock, elapsed),
        due=_due(clock, now, zone),
        in_force=_in_force(clock),
    )


def sentences(clock: Clock, now: datetime | None = None) -> list[str]:
    """The same in a few lines, without the days."""
    told = explain(clock, now)
    zone = f" ({told.zone})"
    lines = [told.promise]
    for row in told.rows:
        counted = words.minutes_in_words(row.minutes) if row.counted else "not counted"
        until = f"{row.to}{zone}" if row.to else "now"
        lines.append(f"{row.since}{zone} to {until}: {counted} ({row.why}).")
    return [*lines, *told.sums, told.due]


# --- the choice --------------------------------------------------------------------------------------------


def _facts(clock: Clock) -> list[Fact]:
    known = clock.chosen.get("facts", {})
    asked = clock.chosen.get("matched", [])
    return [
        Fact(label, _value(name, known[name]), name in asked)
        for name, label in FACT_NAMES.items()
        if name in known
    ]


def _value(name: str, value: object) -> str:
    if value in ("", None):
        return "none"
    if name == "customer_tier":
        return str(CustomerTier(value).label) if value in CustomerTier.values else str(value)
    if name == "kind":
        return str(TicketKind(value).label) if value in TicketKind.values else str(value)
    if name == "application_id":
        found = Application.objects.filter(pk=value).first()
        return found.name if found else "one that is gone"
    return str(value)


def _others(clock: Clock) -> list[Loser]:
    """The policies that are for other work, as they are today."""
    known = clock.chosen.get("facts")
    if not known:
        return []
    told = {clock.policy_name, *(name for name, _ in clock.chosen.get("lost", []))}
    verdicts = queries.verdicts(Facts(**known))
    return [
        Loser(one.policy.name, is_for(one.policy, one.differs))
        for one in verdicts
        if not one.fits and one.policy.name not in told
    ]


def is_for(policy: Policy, names: Sequence[str] = rules.MATCHED_BY) -> str:
    """Whom a policy is for, in words, by those of its facts: "for P1, Strategic customers"."""
    said = {
        "priority": policy.priority,
        "customer_tier": f"{policy.get_customer_tier_display()} customers" if policy.customer_tier else "",
        "kind": f"the kind {policy.get_kind_display()}" if policy.kind else "",
        "application_id": policy.application.name if policy.application else "",
    }
    asked = [said[name] for name in reversed(rules.MATCHED_BY) if name in names and said[name]]
    return f"for {', '.join(asked)}" if asked else "for everybody"


# --- the ledger and the sum --------------------------------------------------------------------------------


def _rows(clock: Clock, now: datetime) -> Iterator[Row]:
    versions = _versions(clock)
    total = 0
    for row in clock.ledger.select_related("calendar"):
        opening = versions.get((row.calendar_id, row.calendar_version)) or row.calendar
        hours, until = opening.hours(), row.to_at or now
        seconds = _counted(row, hours, until)
        days, left_out = _days(hours, opening, row.from_at, until, total) if row.counted else ([], 0)
        summed = hours.between(row.from_at, until) if row.counted else 0
        total += seconds
        yield Row(
            since=words.wall(row.from_at, hours.zone),
            to=words.wall(row.to_at, hours.zone) if row.to_at else "",
            counted=row.counted,
            why=row.why,
            minutes=total // 60 - (total - seconds) // 60,
            total=total // 60,
            hours=f"{row.calendar.name}, version {row.calendar_version}",
            days=days,
            left_out=left_out,
            differs=_differs(row, summed),
        )


def _counted(row: Interval, hours: Hours, until: datetime) -> int:
    if not row.counted:
        return 0
    return row.seconds if row.seconds is not None else hours.between(row.from_at, until)


def _differs(row: Interval, summed: int) -> str:
    """Stored and worked out again must be one; where a list of holidays was corrected since, they are not."""
    if row.seconds is None or not row.counted or row.seconds == summed:
        return ""
    return f"By the hours as they are known today it would be {words.in_words(summed)}; what was counted then stays."


def _versions(clock: Clock) -> dict[tuple[int, int], CalendarVersion]:
    calendars = clock.ledger.values("calendar")
    kept = CalendarVersion.objects.filter(calendar__in=calendars)
    return {(version.calendar_id, version.number): version for version in kept}


def _in_force(clock: Clock) -> list[InForce]:
    versions = _versions(clock)
    used = dict.fromkeys(
        (row.calendar_id, row.calendar_version, row.calendar)
        for row in clock.ledger.filter(counted=True).select_related("calendar")
    )
    found = []
    for calendar_id, number, calendar in used:
        kept = versions.get((calendar_id, number))
        opening: OpeningHours = kept or calendar
        zone = opening.hours().zone
        since = words.wall(kept.since, zone) if kept and number > 1 else ""
        found.append(InForce(opening.name, number, zone.key, since, opening))
    return found


def _days(
    hours: Hours, opening: OpeningHours | None, a: datetime, b: datetime, total: int
) -> tuple[list[Day], int]:
    """The days from a to b that were open, or closed though their weekday is not; and how many more there are."""
    found: list[Day] = []
    more = 0
    for day in _dates(hours.zone, a, b):
        spans = list(_clipped(hours, day, a, b))
        seconds = sum(int((closes - opens).total_seconds()) for opens, closes in spans)
        note = _note(hours, opening, day)
        if not spans and not note:
            continue
        if len(found) == MOST_DAYS:
            more += 1
            continue
        total += seconds
        shown = ", ".join(
            f"{_clock(opens, hours.zone)} to {_clock(closes, hours.zone, day)}" for opens, closes in spans
        )
        added = total // 60 - (total - seconds) // 60
        found.append(Day(words.day(day), shown or "closed", added, note, total // 60))
    return found, more


def days_between(
    opening: OpeningHours, stretches: Sequence[tuple[datetime, datetime]]
) -> tuple[list[Day], int]:
    """The days of several stretches, one sum over all; and how many more there are."""
    hours, found, more, total = opening.hours(), list[Day](), 0, 0
    for since, to in stretches:
        days, left_out = _days(hours, opening, since, to, total)
        total += hours.between(since, to)
        shown = days[: MOST_DAYS - len(found)]
        found += shown
        more += left_out + len(days) - len(shown)
    return found, more


def _dates(zone: ZoneInfo, a: datetime, b: datetime) -> Iterator[date]:
    day, last = a.astimezone(zone).date(), b.astimezone(zone).date()
    while day <= last:
        yield day
        day += timedelta(days=1)


def _clipped(hours: Hours, day: date, a: datetime, b: datetime) -> Iterator[tuple[datetime, datetime]]:
    for opens, closes in hours.spans_on(day):
        since, to = max(instant(hours.zone, day, opens), a), min(instant(hours.zone, day, closes), b)
        if since < to:
            yield since, to


def _note(hours: Hours, opening: OpeningHours | None, day: date) -> str:
    """What is unusual about a day: a public holiday, hours of its own, clocks that change."""
    if hours.always_open or opening is None:
        return ""
    holiday = opening.holiday(day)
    if day in hours.extra:
        return f"hours of its own{f' on {holiday}' if holiday else ''}"
    if holiday and hours.weekly.get(day.weekday()):
        return f"public holiday: {holiday}"
    begins, ends = instant(hours.zone, day, 0), instant(hours.zone, day, 1440)
    changes = begins.astimezone(hours.zone).utcoffset() != ends.astimezone(hours.zone).utcoffset()
    return "the clocks change" if changes and hours.spans_on(day) else ""


def _clock(at: datetime, zone: ZoneInfo, of_day: date | None = None) -> str:
    there = at.astimezone(zone)
    return "24:00" if of_day is not None and there.date() > of_day else f"{there:%H:%M}"


def _ahead(clock: Clock, now: datetime, elapsed: int) -> tuple[list[Day], int]:
    """From now to the due time: the days that will bring what is left."""
    if clock.state != Clock.State.RUNNING or clock.due_at is None or clock.due_at <= now:
        return [], 0
    return _days(clock.hours(), _opening(clock), now, clock.due_at, elapsed)


def _opening(clock: Clock) -> OpeningHours:
    return _versions(clock).get((clock.calendar_id, clock.calendar_version)) or clock.calendar


def _sums(clock: Clock, elapsed: int) -> list[str]:
    """Used and left, in whole minutes that add up to the target."""
    used = elapsed // 60
    left = clock.target_minutes - used
    over = f"{words.minutes_in_words(-left)} over" if left < 0 or elapsed > clock.target_seconds else ""
    return [f"{words.minutes_in_words(used)} used, {over or f'{words.minutes_in_words(left)} left'}."]


def _due(clock: Clock, now: datetime, zone: ZoneInfo) -> str:
    at = words.local(clock.due_at, zone) if clock.due_at else ""
    match clock.state:
        case Clock.State.RUNNING:
            return f"Due {at}." if clock.breached_at is None else f"Due {at}; it was missed."
        case Clock.State.PAUSED:
            left = clock.target_seconds - clock.elapsed_seconds
            if left <= 0:
                return "Paused. Its time is used up."
            would = clock.calendar.hours().add(now, timedelta(seconds=left))
            return f"Paused, so nothing is due. If it ran on now, it would be due {words.local(would, zone)}."
        case Clock.State.MET:
            met = words.local(clock.met_at, zone) if clock.met_at else ""
            if clock.breached_at is None:
                return f"Met {met}, in time."
            return f"Met {met}, too late: it was due {words.wall(clock.breached_at, zone)}."
    return "Cancelled: nothing is promised any more."
