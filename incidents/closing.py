"""What an incident still needs before it can be closed, and where one does it."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse

from incidents import follow_up
from incidents.models import Incident, Postmortem, Status
from incidents.postmortem_rules import is_outdated, is_owed


@dataclass(frozen=True)
class Missing:
    """One thing; `place` names the address of its page, `label` the link to it."""

    sentence: str
    label: str
    place: str


def missing(incident: Incident) -> list[Missing]:
    """What DOMAIN 3 asks for and is not there. Nothing for an exercise, which costs nobody anything."""
    if incident.drill or incident.status != Status.RESTORED:
        return []
    found = _impact(incident)
    if is_owed(incident):
        found += _postmortem(incident)
    return found


def _impact(incident: Incident) -> list[Missing]:
    last = incident.assessments.order_by("-number").first()
    place = reverse("incidents:impact", args=[incident.reference])
    if last is None:
        return [Missing("its impact on availability is not assessed", "Assess the impact", place)]
    if not last.fits(incident):
        sentence = "its impact was assessed for another time than the incident took; assess it again"
        return [Missing(sentence, "Assess the impact again", place)]
    return []


def _postmortem(incident: Incident) -> list[Missing]:
    found = Postmortem.objects.filter(incident=incident).first()
    place = reverse("incidents:postmortem", args=[incident.reference])
    if found is None or found.status == Postmortem.Status.OWED:
        return [Missing("its post-mortem is not begun", "Begin the post-mortem", place)]
    if found.status == Postmortem.Status.DRAFT:
        return [Missing("its post-mortem is not published", "Publish the post-mortem", place)]
    if is_outdated(found, incident):
        sentence = "its post-mortem was published before the service failed again; publish it anew"
        return [Missing(sentence, "Publish the post-mortem again", place)]
    if found.is_published and not found.no_actions_reason and not follow_up.count(incident):
        sentence = "its post-mortem has no follow-up action, and no reason why none is needed"
        return [Missing(sentence, "Add a follow-up action, or say why none", f"{place}#actions")]
    return []
