"""The incidents' tables, a file a subject."""

from incidents.models.impact import ImpactAssessment, ImpactInterval
from incidents.models.incident import DRILL, OPEN, Cadence, Incident, IncidentQuerySet, Status, WhenDue
from incidents.models.people import RoleHolding
from incidents.models.postmortem import Postmortem, PostmortemQuerySet
from incidents.models.promises import Promise, PromiseQuerySet
from incidents.models.relations import Answer, Merge, SuspectedChange
from incidents.models.story import TimelineEntry, Update, UpdateRevision
from incidents.models.wordings import ApprovalRule, PendingUpdate, UpdateTemplate

__all__ = [
    "DRILL",
    "OPEN",
    "Answer",
    "ApprovalRule",
    "Cadence",
    "ImpactAssessment",
    "ImpactInterval",
    "Incident",
    "IncidentQuerySet",
    "Merge",
    "PendingUpdate",
    "Postmortem",
    "PostmortemQuerySet",
    "Promise",
    "PromiseQuerySet",
    "RoleHolding",
    "Status",
    "SuspectedChange",
    "TimelineEntry",
    "Update",
    "UpdateRevision",
    "UpdateTemplate",
    "WhenDue",
]
