"""What the pages of changes show, read together: no markup, no writing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db.models import prefetch_related_objects

from changes import lead_time, queries, risk, rules
from changes.calendar import Week
from changes.collisions import Hardness
from changes.models import Approval, Change
from changes.vocabulary import Decision, Status, Type
from core.accounts.permissions import Permission, can
from core.audit import trail, words
from core.common import clock
from core.common.actor import Actor
from core.common.errors import RuleBroken
from incidents import queries as incidents
from problems import queries as problems
from sla.business_time import Hours
from tickets import queries as tickets
from worklog import queries as worklog

HISTORY_SHOWN = 30
APPROVALS_SHOWN = 8
COLLISIONS_SHOWN = 8


def week(shown: Week, actor: Actor) -> dict[str, Any]:
    """The week with its side column."""
    waiting = list(queries.waiting_for(actor).prefetch_related("approvals")[: APPROVALS_SHOWN + 1])
    clashing = {pair.change_ref: pair.collision for pair in shown.pairs}
    kinds = [change.type for change in shown.rows]
    return {
        "week": shown,
        "waiting": [{"change": c, "collision": clashing.get(c.reference), **_given(c)} for c in waiting],
        "clashing": shown.clashing(),
        "collisions": shown.pairs[:COLLISIONS_SHOWN],
        "overdue": list(queries.overdue_approvals(actor, clock.now())[:APPROVALS_SHOWN]),
        "collision_count": len(shown.pairs),
        "planned": len(kinds) - kinds.count(Type.EMERGENCY),
        "normal": kinds.count(Type.NORMAL),
        "bau": kinds.count(Type.BAU),
        "emergency": kinds.count(Type.EMERGENCY),
        "may_plan": can(actor, Permission.PLAN_CHANGE),
        "sunday": shown.monday + timedelta(days=6),
    }


def _given(change: Change) -> dict[str, int]:
    rows = [row for row in change.approvals.all() if row.round == change.approval_round]
    return {"given": sum(row.decision == Decision.APPROVED for row in rows), "needed": len(rows)}


def planning() -> dict[str, Any]:
    """What the form shows beside the fields: the earliest start of a normal change, and when more people decide."""
    hours = queries.lead_hours()
    earliest = lead_time.earliest_start(clock.now(), rules.LEAD_DAYS[Type.NORMAL], hours)
    return {"earliest": f"{lead_time.words(earliest, hours)} ({hours.zone})"}


def prefill(given: Mapping[str, str], actor: Actor) -> dict[str, Any]:
    """The initial values of a new change for a problem, an incident or a ticket. Raises NotFound."""
    if ref := given.get("problem"):
        problem = problems.get_for(ref, by=actor)
        return {
            "problem": problem.reference,
            "title": f"Fix {problem.title}"[:200],
            "need": problem.cause or problem.description,
            "fix_kind": problem.fix_kind,
            "applications": [problem.application.slug] if problem.application else [],
            "components": [problem.component.slug] if problem.component else [],
        }
    if ref := given.get("incident"):
        incident = incidents.get_for(ref, by=actor)
        return {
            "type": Type.EMERGENCY,
            "incident": incident.reference,
            "need": incident.summary or incident.title,
            "applications": [application.slug for application in incident.applications.all()],
        }
    if ref := given.get("ticket"):
        ticket = tickets.get_for(ref, by=actor)
        application = [ticket.application.slug] if ticket.application else []
        return {"ticket": ticket.reference, "need": ticket.subject, "applications": application}
    return {}


def detail(change: Change, actor: Actor) -> dict[str, Any]:
    """Everything on a change's page."""
    prefetch_related_objects([change], "applications", "components__application")
    facts, hours = queries.facts_of(change), queries.lead_hours()
    approvals = list(queries.approvals(change))
    collisions = queries.collisions_of(change) if change.status in rules.EDITABLE else []
    may_plan, may_approve = can(actor, Permission.PLAN_CHANGE), can(actor, Permission.APPROVE_CHANGE)
    events = trail.history(Change.SUBJECT, change.pk).order_by("-id")[:HISTORY_SHOWN]
    ticket = change.ticket
    if ticket is not None and ticket.confidential:
        ticket = type(ticket).objects.visible_to(actor).filter(pk=ticket.pk).first()
    return {
        "change": change,
        "ticket": ticket,
        "applications": list(change.applications.all()),
        "components": list(change.components.all()),
        "plans": _plans(change),
        "answers": _answers(change),
        "approvals": approvals,
        "given": sum(row.decision == Decision.APPROVED for row in approvals),
        "my_turn": _my_turn(change, approvals, actor),
        "hard": [hit for hit in collisions if hit.hardness == Hardness.HARD],
        "soft": [hit for hit in collisions if hit.hardness == Hardness.SOFT],
        "missing": _missing(facts, hours) if change.status == Status.DRAFT else [],
        "steps": _steps(change, approvals),
        "lead_days": _lead_days(change, hours),
        "lead_needed": rules.LEAD_DAYS[Type(change.type)],
        "permit": queries.permit_of(change) if change.status == Status.SCHEDULED else None,
        "links": worklog.links_of(change, actor),
        "timeline": [{"at": e.at, "strong": e.actor_label, "text": words.sentence(e)} for e in events],
        "possible": _possible(change, may_plan, may_approve),
        "may_plan": may_plan,
        "editable": may_plan and change.status in rules.EDITABLE,
    }


def _possible(change: Change, may_plan: bool, may_approve: bool) -> list[str]:
    """The verbs whose buttons this reader gets."""
    deciding = ("approve", "reject")
    verbs = rules.possible(change.status, change.type)
    if change.approval_due_at is None and change.status != Status.SUBMITTED:
        verbs = [verb for verb in verbs if verb not in deciding]
    return [verb for verb in verbs if (may_approve if verb in deciding else may_plan)]


def _my_turn(change: Change, approvals: list[Approval], actor: Actor) -> int | None:
    """The approval that waits for this reader, by its number."""
    waiting = [row for row in approvals if row.decision == Decision.PENDING]
    decided = any(row.approver_id == actor.user_id for row in approvals)
    if decided or actor.user_id in (None, change.author_id, change.responsible_id):
        return None
    role = rules.holder_of([row.role for row in waiting], actor.roles)
    return next((row.pk for row in waiting if row.role == role), None)


def _plans(change: Change) -> list[dict[str, Any]]:
    texts = {
        "Steps": change.implementation_plan,
        "Back out": change.backout_plan,
        "Check it worked": change.validation_plan,
    }
    return [
        {"name": name, "steps": [line.strip() for line in text.splitlines() if line.strip()]}
        for name, text in texts.items()
    ]


def _answers(change: Change) -> list[dict[str, str | int]]:
    """The risk questions that are answered, in words."""
    given = [(question, risk.points(change.risk.get(question.key))) for question in risk.QUESTIONS]
    return [
        {"question": question.text, "answer": question.answers[points - 1], "points": points}
        for question, points in given
        if points
    ]


def _missing(facts: rules.Facts, hours: Hours) -> list[str]:
    """What keeps a draft from being submitted, as sentences."""
    found = [sentence for sentences in rules.missing_parts(facts).values() for sentence in sentences]
    try:
        rules.check_lead_time(facts, clock.now(), hours)
    except RuleBroken as short:
        found.append(short.sentence)
    return found


def _lead_days(change: Change, hours: Hours) -> int | None:
    if change.planned_start is None:
        return None
    since = change.submitted_at or clock.now()
    return lead_time.business_days(since, change.planned_start, hours)


STAGES = (
    ("Drafted", (Status.DRAFT,), "created_at"),
    ("Approval", (Status.SUBMITTED, Status.REJECTED), "submitted_at"),
    ("Scheduled", (Status.APPROVED, Status.SCHEDULED), "scheduled_at"),
    ("Carried out", (Status.IMPLEMENTING,), "started_at"),
    ("Checked", (Status.VALIDATING,), "validated_at"),
    ("Closed", (Status.CLOSED,), "closed_at"),
)


def _steps(change: Change, approvals: list[Approval]) -> list[dict[str, Any]]:
    """The stage bar: a bar for each stage, with its day, or how many approvals are given."""
    place = next(number for number, (_, statuses, _) in enumerate(STAGES) if change.status in statuses)
    steps = []
    for number, (name, statuses, field) in enumerate(STAGES):
        at = getattr(change, field)
        note = f"{at.day} {at:%b}" if at is not None and number <= place else ""
        if number == place and change.status == Status.SUBMITTED:
            note = f"{sum(row.decision == Decision.APPROVED for row in approvals)} of {len(approvals)}"
        if change.status == Status.REJECTED and Status.REJECTED in statuses:
            name = "Rejected"
        closed = change.status == Status.CLOSED
        reached = number < place or (closed and number == place)
        skipped = closed and at is None
        steps.append(
            {
                "name": name,
                "note": note,
                "state": "" if skipped else "done" if reached else "now" if number == place else "",
            }
        )
    return steps
