"""Opening a ticket and changing its facts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from catalogue.models import Application, Component
from core.accounts.permissions import Permission, can
from core.audit import trail
from core.common import clock, markdown
from core.common.actor import Actor, Door
from core.common.errors import Conflict, Invalid, NotAllowed, RuleBroken, Stale
from core.common.vocabulary import Area, Channel, Exposure, Level, Severity, TicketKind
from customers.models import Contact, Organisation
from customers.queries import contact_of
from escalation import directory
from escalation.models import Team
from tickets import custom_fields, queries, rules, searching, service_levels
from tickets.models import Ticket
from tickets.operations.environment import differences, kept
from tickets.operations.shared import update
from worklog import operations as worklog
from worklog import subjects
from worklog.models import Link, TimeEntry

TEXTS = ("subject", "description", "steps_to_reproduce", "risk", "affected_version")
EDITABLE = (
    "subject", "description", "kind", "exposure", "areas", "impact", "urgency", "severity", "organisation",
    "requester", "application", "component", "environment", "steps_to_reproduce", "affected_version", "risk", "tags",
    "confidential", "custom",
)  # fmt: skip
BY_KEY = ("custom", "environment")  # fields that hold values by key; the trail names each
CLOCK_FACTS = {"priority", "organisation", "kind", "application"}
CHOICES = {
    "kind": TicketKind,
    "exposure": Exposure,
    "impact": Level,
    "urgency": Level,
    "severity": Severity,
    "channel": Channel,
}
MOST_TAGS = 20


@transaction.atomic
def create(
    *,
    subject: str,
    by: Actor,
    description: str = "",
    kind: str = TicketKind.ISSUE,
    channel: str | None = None,
    exposure: str = Exposure.CUSTOMER_FACING,
    areas: Iterable[str] = (),
    impact: str = Level.MEDIUM,
    urgency: str = Level.MEDIUM,
    severity: str = "",
    requester: Contact | None = None,
    organisation: Organisation | None = None,
    application: Application | None = None,
    component: Component | None = None,
    team: Team | None = None,
    environment: dict[str, Any] | None = None,
    steps_to_reproduce: str = "",
    affected_version: str = "",
    risk: str = "",
    tags: Iterable[str] = (),
    confidential: bool = False,
    external_id: str = "",
    custom: Mapping[str, Any] | None = None,
    files: list[UploadedFile] | None = None,
) -> Ticket:
    """Open a ticket: priority from the matrix, team from the directory, clocks from the policy.

    A customer opens it for themselves, whatever requester is given. Raises Invalid for wrong fields.
    """
    if not can(by, Permission.CREATE_TICKET):
        raise NotAllowed("You may not create tickets.")
    if by.is_customer:
        requester = contact_of(by.user_id)
        if requester is None:
            raise NotAllowed("Your account belongs to no customer yet. Ask the service desk to connect it.")
        organisation = requester.organisation
    organisation = organisation or (requester.organisation if requester else None)
    values: dict[str, Any] = {
        "subject": subject.strip(), "description": description, "kind": kind,
        "channel": channel or (Channel.API if by.door == Door.API else Channel.WEB), "exposure": exposure,
        "areas": rules.areas_with(areas, risk=risk), "impact": impact, "urgency": urgency, "severity": severity,
        "steps_to_reproduce": steps_to_reproduce, "affected_version": affected_version, "risk": risk,
        "tags": list(tags), "confidential": confidential, "environment": environment or {},
        "requester": requester, "organisation": organisation, "application": application, "component": component,
    }  # fmt: skip
    _check(values)
    _check_pairs(values)
    if component is not None and application is None:
        values["application"] = component.application
    values["custom"] = custom_fields.checked(
        custom or {},
        custom_fields.of(kind, values["application"]),
        before={},
        asked=custom_fields.must_be_filled(by),
    )
    values["environment"] = kept(organisation, values["application"], values["environment"], by=by)
    if team is None:
        team = directory.team_for(
            component=component, tier=1, application=values["application"], areas=values["areas"]
        )
    now = clock.now()
    ticket = Ticket.objects.create(
        **values,
        description_html=markdown.render(description),
        priority=rules.priority_for(queries.matrix(), impact, urgency),
        team=team,
        customer_rank=rules.customer_rank(organisation.tier if organisation else None),
        external_id=external_id,
        created_at=now,
        updated_at=now,
    )
    if files:
        worklog.attach(ticket, files, public=True, by=by)
    _keep_in_sight(ticket, by)
    service_levels.start(ticket, at=now, by=by)
    searching.put_new(ticket)
    trail.record(
        "ticket.created", on=ticket, by=by, after={"subject": ticket.subject, "priority": ticket.priority}
    )
    return queries.fresh(ticket)


@transaction.atomic
def edit(ref: str, *, values: dict[str, Any], by: Actor, if_version: int | None = None) -> Ticket:
    """Change facts of a ticket. Raises Stale with the differing fields when `if_version` is not the present one.

    Status, tier, team, assignee and priority have verbs of their own.
    """
    ticket = queries.get_for(ref, by=by, to=Permission.WORK_TICKET)
    unknown = [name for name in values if name not in EDITABLE]
    if unknown:
        raise Invalid({name: ["This cannot be edited."] for name in unknown})
    if if_version is not None and if_version != ticket.version:
        raise Stale(f"{ticket.reference} was changed by somebody else.", queries.differing(ticket, values))
    values = {**values, "subject": values["subject"].strip()} if "subject" in values else dict(values)
    _check(values)
    _check_pairs({"application": ticket.application, "component": ticket.component, **values})
    _complete(ticket, values, by)
    before, after = trail.changed(ticket, values)
    if not after:
        return ticket
    changes = {name: values[name] for name in after}
    changes.update(_derived(ticket, changes))
    if "priority" in changes and changes["priority"] != ticket.priority:
        before["priority"], after["priority"] = ticket.priority, changes["priority"]
    now = clock.now()
    update(ticket, {"version": ticket.version}, now, **changes)
    ticket = queries.fresh(ticket)
    if "confidential" in changes:
        _keep_in_sight(ticket, by)
    if CLOCK_FACTS & set(changes):
        service_levels.retarget(ticket, at=now, by=by, why="facts of the ticket changed")
    searching.put(ticket)
    for name in set(BY_KEY) & set(after):
        inner_before, inner_after = differences(name, before.pop(name), after.pop(name))
        before |= inner_before
        after |= inner_after
    trail.record("ticket.updated", on=ticket, by=by, before=before, after=after)
    return queries.fresh(ticket)


@transaction.atomic
def tag(ref: str, *, add: Iterable[str] = (), remove: Iterable[str] = (), by: Actor) -> Ticket:
    """Add tags and take tags away; the others stay. Raises Conflict when somebody changed the ticket meanwhile."""
    more, less = ([name.strip() for name in names] for names in (add, remove))
    if not [*more, *less]:
        raise Invalid({"add": ["Name a tag to add or to remove."]})
    ticket = queries.get_for(ref, by=by, to=Permission.WORK_TICKET)
    kept = [name for name in ticket.tags if name not in less]
    tags = list(dict.fromkeys([*kept, *more]))
    try:
        return edit(ref, values={"tags": tags}, by=by, if_version=ticket.version)
    except Stale as stale:
        raise Conflict(f"{ticket.reference} was changed a moment ago. Send it again.") from stale


@transaction.atomic
def set_priority(ref: str, *, priority: str, reason: str, by: Actor) -> Ticket:
    """Override what the matrix says, with a reason; open clocks keep their elapsed time."""
    ticket = queries.get_for(ref, by=by, to=Permission.WORK_TICKET)
    rules.check_priority_override(priority, reason)
    if priority == ticket.priority:
        raise Conflict(f"{ticket.reference} is {priority} already.")
    now = clock.now()
    update(ticket, {"priority": ticket.priority}, now, priority=priority, priority_reason=reason)
    ticket = queries.fresh(ticket)
    service_levels.retarget(ticket, at=now, by=by, why=f"priority set to {priority}")
    trail.record(
        "ticket.priority_set", on=ticket, by=by, before={"priority": ticket.priority}, after={"priority": priority},
        reason=reason,
    )  # fmt: skip
    return queries.fresh(ticket)


@transaction.atomic
def log_time(ref: str, *, minutes: int, activity: str, note: str = "", by: Actor) -> TimeEntry:
    """Record minutes of work on a ticket."""
    ticket = queries.get_for(ref, by=by, to=Permission.LOG_TIME)
    rules.check_texts({"note": note})
    return worklog.log_time(ticket, minutes=minutes, activity=activity, note=note, by=by)


@transaction.atomic
def link(ref: str, *, to: str, kind: str = Link.Kind.RELATES, by: Actor) -> Ticket:
    """Link a ticket to any other work that the actor sees."""
    ticket = queries.get_for(ref, by=by, to=Permission.WORK_TICKET)
    if kind not in Link.Kind.values:
        raise RuleBroken(f"A link is one of: {', '.join(Link.Kind.values)}.", field="kind")
    worklog.link(ticket, subjects.find(to, by), kind=kind, by=by)
    return ticket


def _keep_in_sight(ticket: Ticket, by: Actor) -> None:
    """Who makes a ticket confidential is the first of those who may see it."""
    if ticket.confidential and by.user_id is not None and by.is_staff:
        worklog.watch(ticket, by=by)


def _check(values: dict[str, Any]) -> None:
    texts = {name: values[name] for name in TEXTS if name in values}
    rules.check_texts(texts, required=("subject",))
    wrong: dict[str, list[str]] = {}
    if len(values.get("subject", "")) > 250:
        wrong["subject"] = ["The subject is at most 250 characters; put the rest into the description."]
    for name, choices in CHOICES.items():
        if values.get(name) and values[name] not in choices.values:
            wrong[name] = [f"Choose one of: {', '.join(choices.values)}."]
    if set(values.get("areas", ())) - set(Area.values):
        wrong["areas"] = [f"Choose from: {', '.join(Area.values)}."]
    tags = values.get("tags", ())
    if len(tags) > MOST_TAGS or any(not str(tag).strip() or len(str(tag)) > 40 for tag in tags):
        wrong["tags"] = [f"At most {MOST_TAGS} tags of 1 to 40 characters."]
    if wrong:
        raise Invalid(wrong)


def _complete(ticket: Ticket, values: dict[str, Any], by: Actor) -> None:
    """Fill in what an edit says only in part: values by key, and the area that a first risk brings with it."""
    application = values.get("application", ticket.application)
    if "custom" in values:
        fields = custom_fields.of(values.get("kind", ticket.kind), application)
        values["custom"] = custom_fields.checked(values["custom"], fields, before=ticket.custom)
    if "environment" in values:
        organisation = values.get("organisation", ticket.organisation)
        values["environment"] = kept(organisation, application, values["environment"], by=by)
    if values.get("risk", "").strip() and not ticket.risk.strip():
        values["areas"] = rules.areas_with(values.get("areas", ticket.areas), risk=values["risk"])


def _check_pairs(values: dict[str, Any]) -> None:
    component, application = values.get("component"), values.get("application")
    if component is not None and application is not None and component.application_id != application.pk:
        raise Invalid({"component": [f"{component.name} is no component of {application.name}."]})


def _derived(ticket: Ticket, changes: dict[str, Any]) -> dict[str, Any]:
    """What follows from the changed facts: HTML, priority, the customer's place in the queue."""
    derived: dict[str, Any] = {}
    if "description" in changes:
        derived["description_html"] = markdown.render(changes["description"])
    if {"impact", "urgency"} & set(changes) and not ticket.priority_reason:
        derived["priority"] = rules.priority_for(
            queries.matrix(), changes.get("impact", ticket.impact), changes.get("urgency", ticket.urgency)
        )
    if "organisation" in changes:
        organisation = changes["organisation"]
        derived["customer_rank"] = rules.customer_rank(organisation.tier if organisation else None)
    return derived
