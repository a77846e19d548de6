"""What handing on costs: minutes lost between teams, and hand-offs for which no SOP exists.

All lengths are wall time. A team's time with a ticket counts as lost when it passed the ticket on (back, up or to
another team) without any work in it: no time logged, no SOP run, no reply and no note.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import Any

from django.db.models import Count, DurationField, Exists, F, OuterRef, QuerySet, Subquery, Sum

from core.accounts.permissions import Permission, can
from core.common.actor import Actor
from escalation.models import Team
from reports.periods import Period
from tickets.models import Entry, HandOff, SopRun, Ticket
from worklog.models import TimeEntry

MOST_ROWS = 500
LEAST = timedelta(seconds=30)  # what rounds to no minute was passed on at once: nothing was lost


@dataclass(frozen=True)
class Loss:
    """One stint that came to nothing: who gave the ticket to whom, and how long it lay there."""

    row: HandOff
    giver: Team
    holder: Team
    lost: timedelta


@dataclass(frozen=True)
class Pair:
    giver: Team
    holder: Team
    tickets: int
    handoffs: int
    lost: timedelta


def lost(actor: Actor, period: Period) -> QuerySet[HandOff]:
    """The stints that ended in the period without work, with `giver` (a key) and `since`; none is left out."""
    before = HandOff.objects.filter(ticket=OuterRef("ticket"), pk__lt=OuterRef("pk")).order_by("-pk")
    return (
        _visible(actor, period)
        .filter(from_team__isnull=False)
        .annotate(since=Subquery(before.values("at")[:1]), giver=Subquery(before.values("from_team")[:1]))
        .filter(since__isnull=False, giver__isnull=False, at__gt=F("since") + LEAST)
        .exclude(Exists(Entry.objects.filter(kind__in=_SAID, **_meanwhile("created_at"))))
        .exclude(Exists(SopRun.objects.filter(**_meanwhile("at"))))
        .exclude(Exists(_time_meanwhile()))
        .order_by()
    )


def losses(actor: Actor, period: Period, *, giver: str = "", holder: str = "") -> list[Loss]:
    """Each of them, or those of one pair of teams, the newest first; at most 500."""
    rows = lost(actor, period).select_related("ticket", "to_team").order_by("-pk")
    if giver or holder:
        rows = rows.filter(giver__in=Team.objects.filter(slug=giver).values("pk"), from_team__slug=holder)
    found: list[Any] = list(rows[:MOST_ROWS])
    teams = Team.objects.in_bulk({pk for row in found for pk in (row.giver, row.from_team_id)})
    return [Loss(row, teams[row.giver], teams[row.from_team_id], row.at - row.since) for row in found]


def pairs(actor: Actor, period: Period) -> list[Pair]:
    """The bill: time lost by pair of teams, the dearest first; all of it, however many there were."""
    sums = (
        lost(actor, period)
        .values("giver", "from_team")
        .annotate(
            tickets=Count("ticket", distinct=True),
            handoffs=Count("pk"),
            length=Sum(F("at") - F("since"), output_field=DurationField()),
        )
    )
    rows = list(sums)
    teams = Team.objects.in_bulk({pk for row in rows for pk in (row["giver"], row["from_team"])})
    bill = [
        Pair(teams[row["giver"]], teams[row["from_team"]], row["tickets"], row["handoffs"], row["length"])
        for row in rows
    ]
    return sorted(bill, key=lambda pair: (-pair.lost, pair.giver.name, pair.holder.name))


def without_sop(actor: Actor, period: Period) -> QuerySet[HandOff]:
    """The hand-offs for which L1 found no SOP; none is left out."""
    return _visible(actor, period).filter(no_sop=True)


def shown(found: QuerySet[HandOff], *, application: str = "", area: str = "") -> list[HandOff]:
    """Of these the ones of an application and an area ("none": without), the newest first; at most 500."""
    if application == "none":
        found = found.filter(ticket__application=None)
    elif application:
        found = found.filter(ticket__application__slug=application)
    rows = found.select_related("ticket__application", "to_team", "by").order_by("-pk")
    if not area:
        return list(rows[:MOST_ROWS])
    fitting = (row for row in rows.iterator(chunk_size=MOST_ROWS) if area in (row.ticket.areas or ["none"]))
    return list(islice(fitting, MOST_ROWS))  # a list in a column of JSON, which SQLite cannot search


def by_application(found: QuerySet[HandOff]) -> list[tuple[str, str, int]]:
    """How many by application: slug ("none"), name, number; the most first."""
    columns = ("ticket__application__slug", "ticket__application__name")
    rows = found.order_by().values_list(*columns).annotate(n=Count("pk")).order_by("-n", columns[1])
    return [(slug or "none", name or "No application", n) for slug, name, n in rows]


def by_area(found: QuerySet[HandOff]) -> list[tuple[str, str, int]]:
    """How many by area: key ("none"), name, number; a ticket of several areas counts in each."""
    rows = found.order_by().values_list("ticket__areas", flat=True)
    counts = Counter(area for areas in rows.iterator() for area in areas or ["none"])
    return [(area, area_words(area), n) for area, n in counts.most_common()]


def by_team(found: QuerySet[HandOff]) -> list[tuple[str, str, int]]:
    """How many by the team that got it: slug ("none"), name, number; the most first."""
    columns = ("to_team__slug", "to_team__name")
    rows = found.order_by().values_list(*columns).annotate(n=Count("pk")).order_by("-n", columns[1])
    return [(slug or "none", name or "No team", n) for slug, name, n in rows]


def area_words(area: str) -> str:
    return "No area" if area == "none" else area.replace("_", " ").capitalize()


_SAID = (Entry.Kind.PUBLIC_REPLY, Entry.Kind.INTERNAL_NOTE)


def _visible(actor: Actor, period: Period) -> QuerySet[HandOff]:
    if not can(actor, Permission.WORK_TICKET):
        return HandOff.objects.none()  # what was handed over is an internal word
    tickets = Ticket.objects.visible_to(actor).order_by()
    return HandOff.objects.filter(at__gte=period.start, at__lt=period.end, ticket__in=tickets.values("pk"))


def _meanwhile(field: str) -> dict[str, OuterRef]:
    return {"ticket": OuterRef("ticket"), f"{field}__gt": OuterRef("since"), f"{field}__lte": OuterRef("at")}


def _time_meanwhile() -> QuerySet[TimeEntry]:
    return TimeEntry.objects.filter(
        subject_kind=Ticket.SUBJECT, subject_id=OuterRef("ticket"), created_at__gt=OuterRef("since"),
        created_at__lte=OuterRef("at"),
    )  # fmt: skip
