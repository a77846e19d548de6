"""What the status pages tell: the state of each application now and over 90 days, and what is told to whom waits.

The public board holds applications that are marked public, and of their incidents those that nobody keeps off it. The
internal one holds all. Neither holds a name of a person, a customer or a component.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from catalogue import queries as catalogue
from catalogue.models import Application
from changes import queries as changes
from core.common.vocabulary import Severity
from customers.models import Audience
from incidents import outside
from incidents import queries as incidents
from incidents.models import Incident, Status, Update

DAYS = 90
PLANNED_WITHIN = timedelta(days=14)
WORST_FIRST = "ramg"
PUBLIC_WORDS = {"r": "Partly down", "a": "Partly working", "m": "Maintenance", "g": "Working"}
STAFF_WORDS = {"r": "Down", "a": "Degraded", "m": "Maintenance", "g": "Healthy"}
PHASES = {
    Update.Kind.ACKNOWLEDGEMENT: "Reported",
    Update.Kind.RESTORED: "Working again",
    Update.Kind.CORRECTION: "Correction",
}
PINS = {Update.Kind.ACKNOWLEDGEMENT: "bad", Update.Kind.RESTORED: "good"}


@dataclass(frozen=True)
class Told:
    """One update as readers of the page get it."""

    at: datetime
    phase: str
    text: str
    pin: str
    number: int
    edited: bool = False


@dataclass(frozen=True)
class Notice:
    """An incident with what was told about it, the newest first. `minutes` is how long it lasted so far."""

    reference: str
    title: str
    letter: str
    names: str
    since: datetime
    until: datetime | None
    minutes: int
    next_due_at: datetime | None
    told: list[Told]


@dataclass(frozen=True)
class Day:
    date: date
    letter: str


@dataclass(frozen=True)
class Line:
    """An application: its state now, and the worst of each of the last 90 days (UTC), the oldest first."""

    slug: str
    name: str
    letter: str
    word: str
    days: list[Day]

    @property
    def finding(self) -> str:
        """What the bars say, in words."""
        bad = sum(day.letter != "g" for day in self.days)
        if not bad:
            return f"No trouble in {DAYS} days"
        return f"Trouble on {bad} of {DAYS} days"


@dataclass(frozen=True)
class Planned:
    """A window in which users will notice work. `reference` and `title` are for staff alone."""

    names: str
    starts: datetime
    ends: datetime
    running: bool
    reference: str
    title: str


@dataclass(frozen=True)
class Board:
    as_of: datetime
    internal: bool
    letter: str
    verdict: str
    notices: list[Notice]
    recent: list[Notice]
    lines: list[Line]
    planned: list[Planned]


def board(now: datetime, *, internal: bool) -> Board:
    """The whole page in a fixed number of queries."""
    shown = list(catalogue.on_status_page(internal=internal))
    known = {application.pk for application in shown}
    found = incidents.on_status_page(now - timedelta(days=DAYS), internal=internal)
    planned = planned_work(now, known)
    days = [now.date() - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
    lines = [_line(application, found, planned, days, now, internal=internal) for application in shown]
    incidents.add_told([one for one in found if one.is_open or ended_lately(one, now)])
    names = catalogue.named_inside()
    notices = [notice(one, now, known, names) for one in found if one.is_open]
    recent = [notice(one, now, known, names) for one in found if ended_lately(one, now)]
    letter = worst([*(one.letter for one in notices), *(line.letter for line in lines)])
    return Board(now, internal, letter, _verdict(letter, lines), notices, recent, lines, planned)


def history(now: datetime) -> list[Notice]:
    """The public incidents of the last 90 days, the newest first."""
    known = {application.pk for application in catalogue.on_status_page(internal=False)}
    found = incidents.on_status_page(now - timedelta(days=DAYS), internal=False)
    incidents.add_told(found)
    names = catalogue.named_inside()
    return [notice(one, now, known, names) for one in found]


def ended_lately(incident: Incident, now: datetime) -> bool:
    """What was restored within a day stays on the page: who looks late must see that it is over."""
    return incident.restored_at is not None and now - incident.restored_at <= timedelta(days=1)


def letter_of(incident: Incident) -> str:
    """r while SEV1 or SEV2 is not yet being watched after a repair, else a."""
    grave = incident.severity in (Severity.SEV1, Severity.SEV2)
    return "r" if grave and incident.status != Status.MONITORING else "a"


def worst(letters: Iterable[str]) -> str:
    return min(letters, key=WORST_FIRST.index, default="g")


def notice(
    incident: Incident, now: datetime, known: set[int], names: Sequence[catalogue.InsideName]
) -> Notice:
    """`known`: the applications that this page names; `names`: those of components, which it never says."""
    until = incident.restored_at
    told = [
        Told(
            update.sent_at,
            PHASES.get(Update.Kind(update.kind), f"Update {update.number}"),
            update.text_for(Audience.EXTERNAL),
            PINS.get(Update.Kind(update.kind), "sent"),
            update.number,
            update.edits > 0,
        )
        for update in incident.told  # type: ignore[attr-defined]
    ]
    return Notice(
        reference=incident.reference,
        title=outside.masked(incident.title, names),
        letter=letter_of(incident) if incident.is_open else "g",
        names=", ".join(one.name for one in incident.applications.all() if one.pk in known),
        since=incident.started_at,
        until=until,
        minutes=int(((until or now) - incident.started_at).total_seconds() // 60),
        next_due_at=incident.next_update_due_at,
        told=told,
    )


def planned_work(now: datetime, known: set[int]) -> list[Planned]:
    """Windows of the next 14 days, and the running ones, in which users of these applications notice work."""
    found = []
    for change in changes.noticed(now, now + PLANNED_WITHIN):
        names = [one.name for one in change.applications.all() if one.pk in known]
        if names and change.planned_start and change.planned_end:
            running = change.planned_start <= now <= change.planned_end
            found.append(
                Planned(
                    ", ".join(names),
                    change.planned_start,
                    change.planned_end,
                    running,
                    change.reference,
                    change.title,
                )
            )
    return found


def _line(
    application: Application,
    found: Sequence[Incident],
    planned: Sequence[Planned],
    days: Sequence[date],
    now: datetime,
    *,
    internal: bool,
) -> Line:
    mine = [one for one in found if any(hit.pk == application.pk for hit in one.applications.all())]
    states = [letter_of(one) for one in mine if one.is_open]
    if any(one.running and application.name in one.names.split(", ") for one in planned):
        states.append("m")
    letter = worst(states)
    words = STAFF_WORDS if internal else PUBLIC_WORDS
    bars = [Day(day, _worst_of_day(day, mine, now)) for day in days]
    return Line(application.slug, application.name, letter, words[letter], bars)


def _worst_of_day(day: date, mine: Sequence[Incident], now: datetime) -> str:
    begins = datetime.combine(day, time(), tzinfo=now.tzinfo)
    ends = begins + timedelta(days=1)
    hit = [one for one in mine if one.started_at < ends and (one.restored_at or now) > begins]
    return worst("r" if one.severity in (Severity.SEV1, Severity.SEV2) else "a" for one in hit)


def _verdict(letter: str, lines: Sequence[Line]) -> str:
    if letter == "g":
        return "Everything works"
    hit = ", ".join(line.name for line in lines if line.letter == letter)
    sentence = {"r": "Down", "a": "Not all works", "m": "Maintenance is running"}[letter]
    return f"{sentence}: {hit}" if hit else sentence
