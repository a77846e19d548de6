"""Writing a change and bringing it before its approvers."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from catalogue.models import Application
from changes import findable, lead_time, notices, queries, risk, rules
from changes.models import Approval, Change
from changes.operations.moves import move, store, void_approvals
from changes.vocabulary import Outcome, Status
from core.accounts.permissions import Permission, require
from core.audit import trail
from core.common import clock
from core.common.actor import Actor
from core.common.errors import Conflict, RuleBroken, Stale
from problems.models import Problem
from worklog import operations as worklog

MANY = ("applications", "components")
EDITABLE_FIELDS = frozenset({
    "title", "description", "need", "type", "fix_kind", "touches_code", "touches_sql", "commit_links", "applications",
    "components", "planned_start", "planned_end", "downtime", "risk", "implementation_plan", "backout_plan",
    "validation_plan", "responsible", "incident", "ticket", "override_reason", "collision_comment",
})  # fmt: skip
COLLIDING = ("planned_start", "planned_end", "applications", "components", "responsible")


@transaction.atomic
def draft(*, by: Actor, problem: Problem | None = None, **values: Any) -> Change:
    """Write down a change, however incomplete; everything is asked for when it is submitted.

    values: the fields in EDITABLE_FIELDS. `problem` is linked as what the change fixes.
    """
    require(by, Permission.PLAN_CHANGE)
    values = _checked(values)
    many = {name: values.pop(name) for name in MANY if name in values}
    score = risk.score(values.get("risk") or {})
    change = Change(created_at=clock.now(), author_id=by.user_id, risk_score=score, **values)
    rules.check_window(change.planned_start, change.planned_end)
    change.save(force_insert=True)
    for name, objects in many.items():
        getattr(change, name).set(objects)
    findable.index(change)
    trail.record("change.drafted", on=change, by=by, after={"title": change.title, "type": change.type})
    if problem is not None:
        link_problem(change, problem, by=by)
    if change.incident is not None:
        worklog.link(change, change.incident, by=by)
    return queries.fresh(change)


def link_problem(change: Change, problem: Problem, *, by: Actor) -> None:
    """Say which problem a change fixes."""
    worklog.link(change, problem, by=by)


@transaction.atomic
def edit(ref: str, *, values: dict[str, Any], by: Actor, version: int | None = None) -> Change:
    """Change what is planned.

    Touching window, plan, risk or scope of a change under approval voids the approvals given, opens a new
    round, and tells the approvers what changed; the rules of a submission must hold again.
    Raises Stale when `version` is not the present one, Conflict once it is being carried out.
    """
    change = queries.get_for(ref, by=by, to=Permission.PLAN_CHANGE)
    if version is not None and version != change.version:
        raise Stale(f"{change.reference} was changed by somebody else.", queries.differing(change, values))
    if change.status not in rules.EDITABLE:
        raise Conflict(rules.refusal("edit", change.status, change.type, change.reference))
    before, after, changed = _differences(change, _checked(values))
    if not changed:
        return change
    again = change.status in rules.UNDER_APPROVAL and any(name in rules.VOIDING for name in changed)
    _write(
        change,
        changed,
        {"status": Status.SUBMITTED, "approved_at": None, "scheduled_at": None} if again else {},
    )
    trail.record("change.edited", on=change, by=by, before=before, after=after)
    if changed.get("incident") is not None:
        worklog.link(change, changed["incident"], by=by)
    edited = queries.fresh(change)
    rules.check_window(edited.planned_start, edited.planned_end)
    findable.index(edited)
    if again:
        _ask_again(edited, list(changed), before, after, by=by)
    return queries.fresh(change)


def _write(change: Change, changed: dict[str, Any], more: dict[str, Any]) -> None:
    plain = {name: value for name, value in changed.items() if name not in MANY}
    if "risk" in plain:
        plain["risk_score"] = risk.score(plain["risk"])
    store(change, **plain, **more)
    for name in MANY:
        if name in changed:
            getattr(change, name).set(changed[name])


def _ask_again(
    change: Change, names: list[str], before: dict[str, Any], after: dict[str, Any], *, by: Actor
) -> None:
    """Void the round, check as at submission, and open the next round. `change` is fresh."""
    facts = queries.facts_of(change)
    rules.check_complete(facts)
    if "planned_start" in names or "type" in names:
        rules.check_lead_time(facts, clock.now(), queries.lead_hours())
    if any(name in COLLIDING for name in names):
        check_collisions(
            change, override_reason=change.override_reason, collision_comment=change.collision_comment
        )
    what = ", ".join(rules.VOIDING[name] for name in names if name in rules.VOIDING)
    voided_from = void_approvals(change, why=f"Changed: {what}.", by=by)
    known_since = change.submitted_at if "planned_start" not in names else None
    store(change, approval_round=change.approval_round + 1, submitted_at=known_since or clock.now())
    _open_round(queries.fresh(change), facts)
    notices.tell_changed(queries.fresh(change), voided_from, before=before, after=after, by=by)


@transaction.atomic
def submit(ref: str, *, override_reason: str = "", collision_comment: str = "", by: Actor) -> Change:
    """Bring a draft before its approvers. The approvals that it needs are worked out and frozen here.

    Raises Invalid with a sentence for each missing part, RuleBroken for too little lead time (naming the
    earliest start), Conflict for a hard collision without a reason to override it.
    """
    change = queries.get_for(ref, by=by, to=Permission.PLAN_CHANGE)
    rules.check_move("submit", change.status, change.type, change.reference)
    now, facts = clock.now(), queries.facts_of(change)
    rules.check_complete(facts)
    rules.check_lead_time(facts, now, queries.lead_hours())
    rules.check_debts(facts, queries.debts_of(change.responsible_id, now))
    answers = {
        "override_reason": override_reason.strip() or change.override_reason,
        "collision_comment": collision_comment.strip() or change.collision_comment,
    }
    check_collisions(change, **answers)
    values = {"approval_round": change.approval_round + 1, "submitted_at": now, **answers}
    moved = move(change, "submit", Status.SUBMITTED, "submitted", by=by, values=values)
    _open_round(moved, facts)
    notices.ask_approvers(moved)
    return moved


def check_collisions(change: Change, *, override_reason: str, collision_comment: str) -> None:
    """Raise unless what is in the way has an answer.

    Changes of the same applications wait for each other here, so that two cannot pass at the same moment.
    """
    touched = {a.pk for a in change.applications.all()} | {c.application_id for c in change.components.all()}
    list(
        Application.objects.select_for_update()
        .filter(pk__in=touched)
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    rules.check_collisions(
        queries.collisions_of(change), override_reason=override_reason, comment=collision_comment
    )


def _open_round(change: Change, facts: rules.Facts) -> None:
    """Write the approvals of the round that the change has just entered, each with its explanation."""
    known, start = change.submitted_at, change.planned_start
    days = lead_time.business_days(known, start, queries.lead_hours()) if known and start else 0
    needed = rules.required_approvals(facts, days)
    Approval.objects.bulk_create(
        Approval(change=change, round=change.approval_round, place=place, role=role, why=why)
        for place, (role, why) in enumerate(needed, 1)
    )


@transaction.atomic
def revise(ref: str, *, by: Actor) -> Change:
    """Take a change back to the draft, to work on it again. Its approvals are void, the approvers told."""
    change = queries.get_for(ref, by=by, to=Permission.PLAN_CHANGE)
    asked = notices.people_asked(change)
    values: dict[str, Any] = {"approved_at": None, "scheduled_at": None}
    moved = move(change, "revise", Status.DRAFT, "revised", by=by, values=values)
    void_approvals(moved, why="Taken back to be revised.", by=by)
    notices.tell_taken_back(moved, asked, why="It is being revised.", by=by)
    return moved


@transaction.atomic
def withdraw(ref: str, *, reason: str, by: Actor) -> Change:
    """Give up a change that was not carried out; it is closed as withdrawn and counts in no rate."""
    change = queries.get_for(ref, by=by, to=Permission.PLAN_CHANGE)
    if not reason.strip():
        raise RuleBroken("Say why it is withdrawn.", field="reason")
    asked = notices.people_asked(change) if change.status in rules.UNDER_APPROVAL else []
    values = {"outcome": Outcome.WITHDRAWN, "outcome_note": reason, "closed_at": clock.now()}
    moved = move(change, "withdraw", Status.CLOSED, "withdrawn", by=by, values=values, reason=reason)
    void_approvals(moved, why="Withdrawn.", by=by)
    notices.tell_taken_back(moved, asked, why=f"It was withdrawn: {reason}", by=by)
    return moved


def _checked(values: dict[str, Any]) -> dict[str, Any]:
    """The values in the form in which they are stored. Raises for what not even a draft may hold."""
    values = dict(values)
    if unknown := values.keys() - EDITABLE_FIELDS:
        raise RuleBroken(f"These fields cannot be edited: {', '.join(sorted(unknown))}.")
    if values.get("risk"):
        values["risk"] = {
            str(key).strip().lower().replace(" ", "_"): given for key, given in values["risk"].items()
        }
    rules.check_content(values)
    if (person := values.get("responsible")) is not None and not person.is_desk_staff:
        raise RuleBroken(
            f"{person.display_name} does not work here and cannot be responsible.", field="responsible"
        )
    if "title" in values:
        values["title"] = values["title"].strip()
    return values


def _differences(
    change: Change, values: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """What an edit would change: (before, after) for the trail, and the values to write."""
    plain = {name: value for name, value in values.items() if name not in MANY}
    before, after = trail.changed(change, plain)
    changed = {name: plain[name] for name in after}
    for name in MANY:
        if name not in values:
            continue
        was = sorted(row.slug for row in getattr(change, name).all())
        new = sorted(row.slug for row in values[name])
        if was != new:
            before[name], after[name], changed[name] = was, new, values[name]
    return before, after, changed
