"""Between incidents and the people who are called about them."""

from __future__ import annotations

from django.db.models import Q

from core.accounts.models import User
from core.audit.models import Event
from core.common.actor import Actor, system
from escalation import operations as escalation
from escalation.models import EscalationPolicy, Team
from escalation.page_subjects import SubjectInfo
from escalation.reaching import Reached, Way
from incidents.models import Incident, Update


def owner(incident: Incident) -> Team | None:
    """Whose it is, to page without naming a team: who owns what is broken, the lowest tier first."""
    return Team.objects.filter(_owns(incident), active=True).order_by("is_vendor", "tier", "name").first()


def declared(event: Event) -> None:
    """Page the commander on duty, or whoever asked to be called about incidents; once for each declaration."""
    incident = Incident.objects.get(pk=event.subject_id)
    if incident.drill:
        return  # who exercises being called calls by hand; the page says that it is an exercise
    _page(incident, "An incident was declared.", f"incident.declared:{event.pk}", system())


def undelivered(incident: Incident, update: Update, *, by: Actor) -> None:
    """Page as for a declaration: stakeholders hear nothing. Whoever is on it already is not paged again."""
    if incident.drill:
        return
    reason = f"Update {update.number} does not go out: the server takes no messages."
    _page(incident, reason, f"incident.undelivered:{incident.pk}:{update.number}", by)


def ways(person: User) -> list[Way]:
    """All the ways by which somebody is paged."""
    return Reached(person, None, "commands it").ways


def _page(incident: Incident, reason: str, key: str, by: Actor) -> None:
    policies = EscalationPolicy.objects.filter(active=True, team__active=True)
    any_of_them = policies.filter(on_incident=EscalationPolicy.OnIncident.ANY)
    owners = Team.objects.filter(_owns(incident), active=True)
    owned = policies.filter(on_incident=EscalationPolicy.OnIncident.OWNED, team__in=owners)
    for policy in (any_of_them | owned).distinct().order_by("pk"):
        escalation.page_once(
            policy,
            about_kind=Incident.SUBJECT,
            about_id=incident.pk,
            reason=reason,
            key=f"{key}:{policy.pk}",
            by=by,
        )


def finished(event: Event) -> None:
    """The service is restored: nobody is called about it any more."""
    escalation.subject_finished(Incident.SUBJECT, event.subject_id, by=system())


def _owns(incident: Incident) -> Q:
    """Teams of its components, or of its applications where no component is named."""
    components = incident.components.values("pk")
    if components:
        return Q(components__in=components)
    return Q(components__application__in=incident.applications.values("pk"))


SUBJECT_INFO = SubjectInfo(
    model=Incident,
    prefix=Incident.PREFIX,
    visible_to=Incident.objects.visible_to,
    is_open=lambda incident: incident.is_open,
    label=lambda incident: incident.shown_title,
    path=lambda incident: f"/incidents/{incident.reference}/",
    team=owner,
)
