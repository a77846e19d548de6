"""Reading incidents. `get_for` is the one door to a single one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Count, F, Prefetch, Q, QuerySet, prefetch_related_objects
from django.db.models.functions import Coalesce

from core.accounts.models import User
from core.accounts.permissions import Permission, require
from core.audit import trail
from core.audit.models import Event
from core.common import clock, ids
from core.common.actor import Actor
from core.common.errors import NotFound
from core.common.vocabulary import Role
from customers import queries as customers
from customers.models import Audience
from customers.queries import HarmNow
from incidents.models import (
    OPEN,
    ApprovalRule,
    Cadence,
    Incident,
    IncidentQuerySet,
    PendingUpdate,
    RoleHolding,
    TimelineEntry,
    Update,
    UpdateRevision,
    UpdateTemplate,
    WhenDue,
)
from incidents.rules import DEFAULT_CADENCE, LATE_AFTER
from tickets.models import Status as TicketStatus
from tickets.models import Ticket
from worklog import subjects
from worklog.models import Link

FACTS = ("commander", "communications_lead", "scribe", "parent", "merged_into")
NAME_WORK = (
    "incident.linked", "incident.unlinked", "incident.change_suspected", "incident.change_cleared",
    "incident.answer_decided",
)  # fmt: skip
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
    prefetch_related_objects([incident], *AFFECTED, "suspicions")
    return incident


def harm(incident: Incident, actor: Actor) -> list[HarmNow]:
    """The impact notes of customers for what is broken, by harm now; when it is over, at the moment it ended."""
    at = incident.ended_at or clock.now()
    return customers.harm(incident.applications.all(), incident.organisations.all(), at, by=actor)


def relatives(incident: Incident) -> list[Incident]:
    """Its children and what went into it, the oldest first. One query."""
    found = Incident.objects.filter(Q(parent=incident) | Q(merged_into=incident))
    return list(found.order_by("pk"))


def fresh(incident: Incident) -> Incident:
    """The incident as it is now."""
    return Incident.objects.select_related(*FACTS).get(pk=incident.pk)


def hold(pks: set[int]) -> None:
    """Hold several incidents until the end of the transaction, in the order of their numbers."""
    list(Incident.objects.select_for_update().filter(pk__in=pks).order_by("pk").values_list("pk", flat=True))


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
    late = Incident.objects.real().filter(next_update_due_at__lt=clock.now() - LATE_AFTER)
    return late.order_by("next_update_due_at")


def updates(ref: str, *, by: Actor) -> QuerySet[Update]:
    return get_for(ref, by=by).updates.select_related("author", "corrects").order_by("number")


def timeline(ref: str, *, by: Actor) -> QuerySet[TimelineEntry]:
    """What happened, the oldest first."""
    found = told(get_for(ref, by=by), by).select_related("author", "update_sent")
    return found.order_by("happened_at", "id")


def told(incident: Incident, actor: Actor) -> QuerySet[TimelineEntry]:
    """The timeline, with that of what went into it, as the actor may read it.

    A line about work that they may not see does not exist for them.
    """
    readable = Q(work_kind="")
    for known in subjects.kinds():
        seen = known.visible_to(actor).values("pk")
        readable |= Q(work_kind=known.name, work_id__in=seen)
    return TimelineEntry.objects.filter(readable, Q(incident=incident) | Q(incident__merged_into=incident))


def holdings(incident: Incident) -> QuerySet[RoleHolding]:
    """Who had which role from when to when, the oldest first."""
    return incident.holdings.select_related("person").order_by("since", "id")


def moves(incident: Incident) -> QuerySet[Event]:
    """The events that moved it to another phase, the oldest first."""
    return trail.history(Incident.SUBJECT, incident.pk).filter(after__has_key="status")


def history(ref: str, *, by: Actor) -> QuerySet[Event]:
    """The trail of an incident, without what names work that the actor may not see."""
    events = trail.history(Incident.SUBJECT, get_for(ref, by=by).pk)
    named = events.filter(name__in=NAME_WORK).values_list("data__to", flat=True)
    return events.exclude(name__in=NAME_WORK, data__to__in=hidden(set(named), by))


def hidden(references: set[str], actor: Actor) -> set[str]:
    """Those of some references whose work does not exist for the actor."""
    ends: dict[str, set[int]] = {}
    for reference in references:
        if (found := subjects.named(reference)) is not None:
            ends.setdefault(found[0], set()).add(found[1])
    gone: set[str] = set()
    for name, pks in ends.items():
        known = subjects.kind(name)
        seen = set(known.visible_to(actor).filter(pk__in=pks).values_list("pk", flat=True))
        gone |= {f"{known.prefix}-{pk}" for pk in pks - seen}
    return gone


def linked_ids(incident: Incident, kind: str) -> set[int]:
    """The numbers of the linked work of one kind, in both directions, whoever may see it."""
    there = Link.objects.filter(subject_kind=Incident.SUBJECT, subject_id=incident.pk, to_kind=kind)
    back = Link.objects.filter(to_kind=Incident.SUBJECT, to_id=incident.pk, subject_kind=kind)
    return {*there.values_list("to_id", flat=True), *back.values_list("subject_id", flat=True)}


def linked_to(incident: Incident, kind: str) -> Q:
    """For a filter on work of a kind: what is linked, in both directions; costs no query of its own."""
    there = Link.objects.filter(subject_kind=Incident.SUBJECT, subject_id=incident.pk, to_kind=kind)
    back = Link.objects.filter(to_kind=Incident.SUBJECT, to_id=incident.pk, subject_kind=kind)
    return Q(pk__in=there.values("to_id")) | Q(pk__in=back.values("subject_id"))


def links_from(incident: Incident, kind: str) -> set[tuple[str, int]]:
    """(kind of link, number) of the work of one kind that the incident was linked to."""
    made = Link.objects.filter(subject_kind=Incident.SUBJECT, subject_id=incident.pk, to_kind=kind)
    return set(made.values_list("kind", "to_id"))


def tickets_to_answer(incident: Incident) -> list[int]:
    """The linked tickets that somebody asked and that are not closed."""
    asked = Ticket.objects.filter(pk__in=linked_ids(incident, Ticket.SUBJECT), requester__isnull=False)
    found = asked.filter(merged_into=None).exclude(status=TicketStatus.CLOSED)
    return list(found.order_by("pk").values_list("pk", flat=True))


def last_restoration(incident: Incident) -> Update | None:
    """The last "Service restored" that was sent."""
    return incident.updates.filter(kind=Update.Kind.RESTORED).order_by("-number").first()


def last_update(incident: Incident) -> Update | None:
    """The last report to everybody: news to one audience and corrections of older words are none."""
    return incident.updates.filter(audience="", corrects=None).order_by("-number").first()


def last_written(incident: Incident) -> Update | None:
    """The last update to everybody that a person wrote in parts: what is known, and what the next one starts from.

    A correction stands for what it corrects, so that of an older update does not outdate a newer one.
    """
    by_people = Q(kind=Update.Kind.UPDATE) | Q(kind=Update.Kind.CORRECTION, corrects__isnull=False)
    written = incident.updates.filter(by_people, audience="").exclude(what="")
    return written.order_by(Coalesce("corrects__number", "number").desc(), "-number").first()


def update_of(ref: str, number: int, *, by: Actor, to: Permission = Permission.VIEW_INCIDENTS) -> Update:
    """One update of a visible incident, with what it corrects and its revisions. Raises NotFound."""
    incident = get_for(ref, by=by, to=to)
    found = incident.updates.select_related("corrects", "author").filter(number=number).first()
    if found is None:
        raise NotFound(f"{incident.reference} has no update {number}.")
    found.incident = incident
    return found


def templates(by: Actor) -> QuerySet[UpdateTemplate]:
    """The desk's own wordings of updates."""
    return UpdateTemplate.objects.visible_to(by).order_by("kind", "audience")


def template(kind: str, audience: str, *, by: Actor) -> UpdateTemplate | None:
    return templates(by).filter(kind=kind, audience=audience).first()


def pending(ref: str, number: int, *, by: Actor, to: Permission = Permission.VIEW_INCIDENTS) -> PendingUpdate:
    """One update of a visible incident that waits or waited for approval. Raises NotFound."""
    incident = get_for(ref, by=by, to=to)
    found = incident.pending.select_related("asked_by", "update_sent").filter(pk=number).first()
    if found is None:
        raise NotFound("There is no such update here.")
    found.incident = incident
    return found


def pending_updates(ref: str, *, by: Actor) -> QuerySet[PendingUpdate]:
    """What waits for approval and what has waited, the newest first."""
    found = get_for(ref, by=by).pending.select_related("asked_by", "decided_by", "update_sent")
    return found.order_by("-pk")


def approval_rules(by: Actor) -> QuerySet[ApprovalRule]:
    """At which severities whose readers' updates are approved."""
    return ApprovalRule.objects.visible_to(by).order_by("pk")


def revisions(ref: str, *, by: Actor) -> QuerySet[UpdateRevision]:
    """What the updates of an incident said before their wording was changed, the oldest change first."""
    found = UpdateRevision.objects.filter(update_changed__incident=get_for(ref, by=by))
    return found.select_related("update_changed", "edited_by")


def put_off_since_written(incident: Incident) -> Update | None:
    """The last time that the next update was put off, if no person has written one to everybody since."""
    written = incident.updates.filter(kind__in=(Update.Kind.UPDATE, Update.Kind.CORRECTION), audience="")
    last = written.order_by("-number").values_list("number", flat=True).first() or 0
    moved = incident.updates.filter(kind=Update.Kind.POSTPONED, number__gt=last)
    return moved.order_by("-number").first()


def cadence_for(severity: str | None) -> tuple[int | None, str]:
    """Minutes between updates (None: on demand) and what happens when one falls due, by the admin's setting."""
    found = Cadence.objects.filter(severity=severity or "").first()
    return (found.minutes, found.when_due) if found else (DEFAULT_CADENCE, WhenDue.HOLD)


def open_incident_of(kind: str, pk: int) -> Incident | None:
    """The running incident that a piece of work already belongs to."""
    linked = Link.objects.filter(subject_kind=Incident.SUBJECT, to_kind=kind, to_id=pk).values("subject_id")
    back = Link.objects.filter(to_kind=Incident.SUBJECT, subject_kind=kind, subject_id=pk).values("to_id")
    return Incident.objects.filter(Q(pk__in=linked) | Q(pk__in=back), status__in=OPEN).first()


def staff() -> QuerySet[User]:
    """Who can take a role on an incident."""
    roles = [role for role in Role if role not in (Role.CUSTOMER, Role.INTEGRATION)]
    return User.objects.filter(is_active=True, role_grants__role__in=roles).distinct()


# --- the status pages, which have no reader -----------------------------------------------------------------
def on_status_page(since: datetime, *, internal: bool) -> list[Incident]:
    """What ran after `since`, the newest first. The public page has what hits a public application.

    What its commander keeps off is not on it. An exercise or what goes on in another incident is on neither.
    """
    found = Incident.objects.real().filter(merged_into=None)
    found = found.filter(Q(restored_at__isnull=True) | Q(restored_at__gte=since))
    if not internal:
        found = found.filter(applications__public=True, public=True).distinct()
    return list(found.prefetch_related("applications").order_by("-started_at", "-id"))


def add_told(shown: Sequence[Incident]) -> None:
    """Put on each incident, as `told`, what everybody or the outside was told, the newest first."""
    told = Update.objects.filter(audience__in=("", Audience.EXTERNAL)).order_by("-number")
    prefetch_related_objects(shown, Prefetch("updates", queryset=told, to_attr="told"))
