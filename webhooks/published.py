"""What the desk tells other programs, by published names; the names of its own trail may change, these do not.

One table from our events to theirs. What stands in no row leaves the desk by no webhook: notes, mentions, time, who
watches. Of what an event holds only the fields named here go out, never a text that somebody typed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

TEST = "webhook.test"
LONGEST_VALUE = 200


@dataclass(frozen=True, slots=True)
class Published:
    """One name. sources: the events of our trail it stands for; planned: what will send it, where nothing does yet."""

    name: str
    says: str
    sources: tuple[str, ...] = ()
    planned: str = ""

    @property
    def kind(self) -> str:
        return self.name.partition(".")[0]


def _ticket(*tails: str) -> tuple[str, ...]:
    return tuple(f"ticket.{tail}" for tail in tails)


PUBLISHED: tuple[Published, ...] = (
    Published("ticket.created", "A ticket exists", _ticket("created")),
    Published("ticket.escalated", "A ticket went to the next tier", _ticket("escalated")),
    Published(
        "ticket.updated", "Anything else that its requester or the queue can see of a ticket",
        _ticket(
            "updated", "taken", "assigned", "handed_back", "waiting", "held", "resumed", "resolved", "closed",
            "reopened", "priority_set", "communication_owner_set", "replied", "customer_wrote", "merged", "merged_here",
            "unmerged", "unmerged_here", "parent_set", "split",
        ),
    ),
    Published("sla.reminder", "A service level is in danger", ("sla.reminder",)),
    Published("sla.breached", "A service level is missed", ("sla.breached",)),
    Published("incident.declared", "An incident is declared", ("incident.declared",)),
    Published(
        "incident.updated",
        "An update went out or was corrected, or status, severity, roles, impact or post-mortem changed",
        (
            "incident.updated", "incident.acknowledged", "incident.status_changed", "incident.edited",
            "incident.roles_assigned", "incident.role_handed_over", "incident.cadence_changed", "incident.snoozed",
            "incident.reopened", "incident.merged", "incident.merged_here", "incident.unmerged",
            "incident.unmerged_here", "incident.parent_set", "incident.closed", "incident.update_corrected",
            "incident.update_edited", "incident.impact_assessed", "incident.postmortem_published",
        ),
    ),
    Published("incident.restored", "The service works again", ("incident.restored",)),
    Published("problem.opened", "A problem is raised", ("problem.opened",)),
    Published("problem.updated", "The facts of a problem changed", ("problem.edited", "problem.investigated")),
    Published("problem.cause_known", "Its root cause is stated", ("problem.root_cause_stated",)),
    Published("problem.fix_planned", "Its fix is planned", ("problem.fix_planned",)),
    Published(
        "problem.known_error_published", "A known error is published",
        ("problem.known_error_published", "problem.known_error_corrected"),
    ),
    Published("problem.resolved", "A problem is resolved", ("problem.resolved",)),
    Published("problem.closed", "A problem is closed", ("problem.closed",)),
    Published("problem.reopened", "A problem is open again", ("problem.reopened",)),
    Published("change.drafted", "A change is drafted", ("change.drafted",)),
    Published("change.updated", "The plan of a change is edited", ("change.edited", "change.revised")),
    Published("change.submitted", "A change waits for approval", ("change.submitted",)),
    Published("change.approved", "A change is approved", ("change.approved",)),
    Published("change.rejected", "A change is rejected", ("change.rejected",)),
    Published("change.scheduled", "A change has its time", ("change.scheduled",)),
    Published("change.started", "Work on a change starts", ("change.started",)),
    Published("change.finished", "Work on a change is done", ("change.finished",)),
    Published("change.validated", "A change is validated", ("change.validated",)),
    Published("change.backed_out", "A change is taken back", ("change.backed_out",)),
    Published("change.closed", "A change is closed", ("change.closed",)),
    Published("change.withdrawn", "A change is withdrawn", ("change.withdrawn",)),
    Published("alert.fired", "An alert fires", planned="the monitoring room"),
    Published("alert.acknowledged", "Somebody is on an alert", planned="the monitoring room"),
    Published("alert.resolved", "An alert is over", planned="the monitoring room"),
)  # fmt: skip

NAMES: dict[str, Published] = {row.name: row for row in PUBLISHED}
KINDS: tuple[str, ...] = tuple(dict.fromkeys(row.kind for row in PUBLISHED))
WILDCARDS: tuple[str, ...] = tuple(f"{kind}.*" for kind in KINDS)
SOURCES: dict[str, str] = {source: row.name for row in PUBLISHED for source in row.sources}

# The fields of `before` and `after` that go out, by kind of object. A sentence that somebody typed is none of them.
FIELDS: dict[str, tuple[str, ...]] = {
    "ticket": (
        "status", "priority", "severity", "impact", "urgency", "kind", "tier", "team", "assignee", "hold_reason",
        "resolution_code", "application", "component", "organisation", "exposure", "communication_owner", "parent",
    ),
    "incident": (
        "status", "severity", "restored_at", "started_at", "commander", "communications_lead", "scribe",
        "cadence_minutes", "parent",
    ),
    "problem": ("status", "team", "owner", "fix_kind", "application"),
    "change": ("status", "type", "planned_start", "planned_end", "outcome", "risk_level", "risk_score", "responsible"),
}  # fmt: skip
# Beside them, from the event's own data: the number of an update, the other ticket of a merge.
EXTRA: tuple[str, ...] = ("number", "other", "breached_at")
# Of all these, what names another piece of work, which the owner may not see.
REFERENCES: frozenset[str] = frozenset({"parent", "other"})
Seen = Callable[[str], bool]
API: dict[str, str] = {
    "ticket": "tickets",
    "incident": "incidents",
    "problem": "problems",
    "change": "changes",
}


def wants(chosen: list[str], name: str) -> bool:
    """Whether one of the chosen names, or the wildcard of its kind, covers a published name."""
    return name in chosen or f"{name.partition('.')[0]}.*" in chosen


def changes(kind: str, before: Mapping[str, Any], after: Mapping[str, Any], seen: Seen) -> dict[str, Any]:
    """The public fields that changed: {field: {"before", "after"}}; null for work that is not `seen`."""
    return {
        name: {"before": _told(name, before.get(name), seen), "after": _told(name, after.get(name), seen)}
        for name in FIELDS.get(kind, ())
        if name in before or name in after
    }


def more(data: Mapping[str, Any], seen: Seen) -> dict[str, Any]:
    """What else an event says that is public; null for work that is not `seen`."""
    found = {name: _told(name, data[name], seen) for name in EXTRA if data.get(name) is not None}
    goals = [
        {"goal": row.get("goal"), "target_minutes": row.get("target_minutes")}
        for row in data.get("clocks", [])
        if isinstance(row, dict)
    ]
    return {**found, "goals": goals} if goals else found


def _told(name: str, value: Any, seen: Seen) -> Any:
    return None if name in REFERENCES and value and not seen(str(value)) else plain(value)


def plain(value: Any) -> Any:
    """A number, a flag, or a short text; nothing else goes out."""
    if value is None or isinstance(value, bool | int | float):
        return value
    return str(value)[:LONGEST_VALUE]
