"""Reading incidents. `get_for` is the one door to a single one."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Count, F, Q, QuerySet, prefetch_related_objects

from core.accounts.models import User
from core.accounts.permissions import Permission, require
from core.audit import trail
from core.audit.models import Event
from core.common import clock, ids
from core.common.actor import Actor
from core.common.errors import NotFound
from core.common.vocabulary import Role
from incidents.models import OPEN, Cadence, Incident, IncidentQuerySet, TimelineEntry, Update, WhenDue
from incidents.rules import DEFAULT_CADENCE, LATE_AFTER
from worklog import subjects
from worklog.models import Link

FACTS = ("commander", "communications_lead", "scribe")
AFFECTED = ("applications", "components", "regions", "organisations")


def get_for(
    ref: str, *, by: Actor, to: Permission = Permission.VIEW_INCIDENTS, held: bool = False
) -> Incident:
    """One visible incident. Raises NotFound when it does not exist for the actor, NotAllowed without `to`.

    `held`: hold the row until the end of the transaction where the database can; nothing rests on it.
    """
    found = Incident.objects.visible_to(by).filter(pk=ids.number_of(ref, Incident.PREFIX))
    incident = (found.select_for_update() if held else found.select_related(*FACTS)).first()
    if incident is None:
        raise NotFound(f"There is no {ref[:40]} here.")
    require(by, to)
    return incident


def whole(ref: str, *, by: Actor) -> Incident:
    """One visible incident with everything that it affects, for its page."""
    incident = get_for(ref, by=by)
    prefetch_related_objects([incident], *AFFECTED)
    return incident


def fresh(incident: Incident) -> Incident:
    """The incident as it is now."""
    return Incident.objects.select_related(*FACTS).get(pk=incident.pk)


def live(actor: Actor, among: IncidentQuerySet | None = None) -> IncidentQuerySet:
    """What runs now, the next due update first: for the bar on top of every staff page, and the list."""
    found = Incident.objects.visible_to(actor) if among is None else among
    return found.live().order_by(F("next_update_due_at").asc(nulls_last=True), "id")


def live_for(application_id: int | None, actor: Actor) -> IncidentQuerySet:
    """The running incidents of an application, and those that name none."""
    return live(actor).filter(Q(applications=application_id) | Q(applications=None)).distinct()


def over(among: IncidentQuerySet) -> IncidentQuerySet:
    """What is restored or closed."""
    return among.exclude(status__in=OPEN)


def listed(actor: Actor) -> IncidentQuerySet:
    """The incidents of the list, with what a row shows."""
    found = Incident.objects.visible_to(actor).select_related("commander").prefetch_related("applications")
    return found.annotate(customers=Count("organisations", distinct=True))


def late_updates() -> QuerySet[Incident]:
    """Incidents whose update is late by more than the limit: what the auditor and /readyz name."""
    return Incident.objects.filter(next_update_due_at__lt=clock.now() - LATE_AFTER).order_by(
        "next_update_due_at"
    )


def updates(ref: str, *, by: Actor) -> QuerySet[Update]:
    return get_for(ref, by=by).updates.select_related("author").order_by("number")


def timeline(ref: str, *, by: Actor) -> QuerySet[TimelineEntry]:
    found = get_for(ref, by=by).timeline.select_related("author", "update_sent")
    return found.order_by("happened_at", "id")


def moves(incident: Incident) -> QuerySet[Event]:
    """The events that moved it to another phase, the oldest first."""
    return trail.history(Incident.SUBJECT, incident.pk).filter(after__has_key="status")


def history(ref: str, *, by: Actor) -> QuerySet[Event]:
    return trail.history(Incident.SUBJECT, get_for(ref, by=by).pk)


def last_update(incident: Incident) -> Update | None:
    return incident.updates.order_by("-number").first()


def last_written(incident: Incident) -> Update | None:
    """The last update to everybody that a person wrote in parts: what is known, and what the next one starts from."""
    written = incident.updates.filter(kind=Update.Kind.UPDATE, audience="").exclude(what="")
    return written.order_by("-number").first()


def cadence_for(severity: str | None) -> tuple[int | None, str]:
    """Minutes between updates (None: on demand) and what happens when one falls due, by the admin's setting."""
    found = Cadence.objects.filter(severity=severity or "").first()
    return (found.minutes, found.when_due) if found else (DEFAULT_CADENCE, WhenDue.HOLD)


def open_incident_of(kind: str, pk: int) -> Incident | None:
    """The running incident that a piece of work already belongs to."""
    linked = Link.objects.filter(subject_kind=Incident.SUBJECT, to_kind=kind, to_id=pk).values("subject_id")
    back = Link.objects.filter(to_kind=Incident.SUBJECT, subject_kind=kind, subject_id=pk).values("to_id")
    return Incident.objects.filter(Q(pk__in=linked) | Q(pk__in=back), status__in=OPEN).first()


def linked_references(incidents: Sequence[Incident], actor: Actor) -> dict[int, dict[str, list[str]]]:
    """For each incident the references of the tickets, changes and problems that the actor may see.

    One query for the links and one for each kind, however many incidents there are.
    """
    pks = [incident.pk for incident in incidents]
    here = Q(subject_kind=Incident.SUBJECT, subject_id__in=pks)
    there = Q(to_kind=Incident.SUBJECT, to_id__in=pks)
    ends: dict[str, list[tuple[int, int]]] = {}
    for link in Link.objects.filter(here | there).order_by("id"):
        if link.subject_kind == Incident.SUBJECT and link.subject_id in pks:
            ends.setdefault(link.to_kind, []).append((link.subject_id, link.to_id))
        if link.to_kind == Incident.SUBJECT and link.to_id in pks:
            ends.setdefault(link.subject_kind, []).append((link.to_id, link.subject_id))
    found: dict[int, dict[str, list[str]]] = {pk: {} for pk in pks}
    for kind, pairs in ends.items():
        known = subjects.kind(kind)
        seen = set(
            known.visible_to(actor).filter(pk__in=[pk for _, pk in pairs]).values_list("pk", flat=True)
        )
        for incident_pk, pk in dict.fromkeys(pairs):
            if pk in seen:
                found[incident_pk].setdefault(kind, []).append(f"{known.prefix}-{pk}")
    return found


def staff() -> QuerySet[User]:
    """Who can take a role on an incident."""
    roles = [role for role in Role if role not in (Role.CUSTOMER, Role.INTEGRATION)]
    return User.objects.filter(is_active=True, role_grants__role__in=roles).distinct()
