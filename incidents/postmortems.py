"""Reading post-mortems: the one door to a document, what it says to whom, and which are late."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F, QuerySet

from core.accounts.models import User
from core.accounts.permissions import Permission, require
from core.audit import trail
from core.audit.models import Event
from core.common import clock
from core.common.actor import Actor
from core.common.errors import NotFound
from core.common.vocabulary import Role
from incidents import follow_up, queries
from incidents import postmortem_facts as facts_of
from incidents.follow_up import Action
from incidents.models import Incident, Postmortem, PostmortemQuerySet
from sla.business_time import Hours
from sla.calendars import hours_from
from sla.models import Calendar, business_week

EDITED = "incident.postmortem_edited"
MOST_EDITS = 20  # shown below a document; each holds two texts


def get_for(ref: str, *, by: Actor, to: Permission = Permission.VIEW_INCIDENTS) -> Postmortem:
    """The post-mortem of an incident, begun or not. Raises NotFound where there is none to see."""
    incident = queries.get_for(ref, by=by)
    found = Postmortem.objects.visible_to(by).select_related("owner").filter(incident=incident).first()
    if found is None:
        raise NotFound(f"{incident.reference} has no post-mortem.")
    require(by, to)
    found.incident = incident
    return found


def written(ref: str, *, by: Actor) -> Postmortem:
    """One that somebody has begun. Raises NotFound otherwise."""
    found = get_for(ref, by=by)
    if not found.is_written:
        raise NotFound(f"{found.incident.reference} has no post-mortem.")
    return found


def of(incident: Incident) -> Postmortem | None:
    return Postmortem.objects.select_related("owner").filter(incident=incident).first()


@dataclass(frozen=True)
class Document:
    """What a reader gets: text, facts (frozen once published), what has changed since, actions as they are."""

    postmortem: Postmortem
    facts: dict[str, Any]
    corrections: list[str]
    edits: list[Event]
    actions: list[Action]
    at: datetime

    @property
    def sections(self) -> list[tuple[str, str, str]]:
        """(name, heading, text) in the order of the document."""
        return [(name, words, getattr(self.postmortem, name)) for name, words in Postmortem.SECTIONS.items()]

    @property
    def when(self) -> dict[str, datetime | None]:
        """The moments of the facts."""
        return {name: _moment(self.facts.get(name)) for name in facts_of.MOMENTS}

    @property
    def timeline(self) -> list[dict[str, Any]]:
        """The lines of the facts with their moments."""
        return [{**one, "at": _moment(one["at"])} for one in self.facts["timeline"]]

    @property
    def after(self) -> dict[str, float | None]:
        """Seconds from the beginning of the impact to each moment; None for what is not known."""
        return {name: self.seconds("started_at", name) for name in facts_of.MOMENTS}

    @property
    def lasted(self) -> float | None:
        return self.seconds("started_at", "restored_at")

    def seconds(self, start: str, end: str) -> float | None:
        """Between two moments of the facts; None where one is not known or they stand the other way round."""
        first, last = self.facts.get(start), self.facts.get(end)
        if not first or not last:
            return None
        length = (datetime.fromisoformat(last) - datetime.fromisoformat(first)).total_seconds()
        return length if length >= 0 else None


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def document(found: Postmortem, by: Actor) -> Document:
    """As the actor may read it."""
    now = facts_of.told_to(facts_of.gather(found.incident), by)
    if not found.is_published:
        return Document(found, now, [], [], follow_up.listed(found.incident, by), clock.now())
    frozen = facts_of.told_to(found.facts, by)
    return Document(
        found, frozen, facts_of.corrections(frozen, now), latest_edits(found), follow_up.listed(found.incident, by),
        clock.now(),
    )  # fmt: skip


def edits(found: Postmortem) -> QuerySet[Event]:
    """What was changed in the text after publication, the oldest first."""
    events = trail.history(Incident.SUBJECT, found.incident_id).filter(name=EDITED)
    return events.filter(data__published=True)


def latest_edits(found: Postmortem) -> list[Event]:
    """As many of them as are shown, the oldest of these first; all are in the trail."""
    return list(edits(found).reverse()[:MOST_EDITS])[::-1]


def unfinished(actor: Actor) -> PostmortemQuerySet:
    """Those that somebody waits for or writes, the longest due first."""
    found = Postmortem.objects.visible_to(actor).awaited().select_related("incident", "owner")
    return found.order_by(F("due_at").asc(nulls_last=True), "id")


# --- whom to remind, and by which calendar ----------------------------------------------------------------
def managers_of(owner: User | None) -> list[User]:
    """The manager of the first team of the owner that has one, else whoever manages the desk."""
    team = owner.teams.exclude(manager=None).order_by("pk").first() if owner is not None else None
    if team is not None and team.manager is not None and team.manager.is_active:
        return [team.manager]
    return list(User.objects.filter(is_active=True, role_grants__role=Role.MANAGER).distinct().order_by("pk"))


def office_hours() -> Hours:
    """The first calendar that closes at night; without any Monday to Friday in UTC."""
    calendar = Calendar.objects.filter(always_open=False).order_by("id").first()
    if calendar is not None:
        return calendar.hours()
    return hours_from(
        zone="UTC", weekly=business_week(), country="", subdivision="", extra_days={}, always_open=False
    )
