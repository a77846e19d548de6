"""Pure decisions about changes: what must be there, what BAU may not be, who approves, what comes next."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from changes import lead_time, risk
from changes.collisions import Collision, Hardness, sentences
from changes.vocabulary import ApprovalRole, FixKind, Outcome, Result, Status, Type
from core.common.errors import Conflict, Invalid, NotAllowed, RuleBroken
from core.common.vocabulary import Role, Severity
from sla.business_time import Hours

LEAD_DAYS = {Type.NORMAL: 5, Type.EMERGENCY: 0, Type.BAU: 0}
"""Business days between submission and start."""

LONGEST_WINDOW = timedelta(days=92)
MOST_LINKS, LONGEST_LINK = 50, 500
_LINK = re.compile(r"https?://[^\s\x00-\x1f<>\"'`]+")

APPROVAL_AFTER_THE_FACT = timedelta(hours=24)
"""How long the approvals of an emergency may follow after its start."""

CHASE_EVERY = timedelta(hours=12)
"""How often those who owe an approval after the fact are reminded."""

CODE_FIXES = (FixKind.HOTFIX, FixKind.PATCH, FixKind.BUG_FIX)
GRAVE = (Severity.SEV1, Severity.SEV2)


@dataclass(frozen=True)
class Facts:
    """What the rules look at; the lists are already read."""

    type: str
    title: str = ""
    description: str = ""
    need: str = ""
    fix_kind: str = ""
    touches_code: bool = False
    touches_sql: bool = False
    commit_links: Collection[str] = ()
    applications: Collection[int] = ()
    components: Collection[int] = ()
    planned_start: datetime | None = None
    planned_end: datetime | None = None
    risk: Mapping[str, Any] = field(default_factory=dict)
    implementation_plan: str = ""
    backout_plan: str = ""
    validation_plan: str = ""
    responsible: int | None = None
    incident: bool = False
    ticket_severity: str = ""


@dataclass(frozen=True, slots=True)
class BauRule:
    """A rule with a name that its refusal prints."""

    name: str
    broken: Any
    sentence: str
    field: str


BAU_RULES = (
    BauRule("BAU never touches code", lambda f: f.touches_code, "this one touches code.", "touches_code"),
    BauRule("BAU never touches SQL", lambda f: f.touches_sql, "this one touches SQL.", "touches_sql"),
    BauRule(
        "BAU has no commit", lambda f: bool(f.commit_links), "this one has a commit link.", "commit_links"
    ),
    BauRule(
        "BAU fixes no code", lambda f: f.fix_kind in CODE_FIXES, "its fix kind is a code fix.", "fix_kind"
    ),
)


def broken_bau_rules(facts: Facts) -> list[BauRule]:
    """The rules that make BAU impossible for this change; none for another type."""
    return [rule for rule in BAU_RULES if facts.type == Type.BAU and rule.broken(facts)]


def missing_parts(facts: Facts) -> dict[str, list[str]]:
    """What still has to be written before a change can be submitted: field -> sentences.

    The six parts: description and need, risk, timing, plans, responsible, plus what it changes.
    """
    errors: dict[str, list[str]] = {}
    needed = {
        "title": (facts.title, "Say in one line what changes."),
        "description": (facts.description, "Describe what will be changed."),
        "need": (facts.need, "Say why it is needed and what happens without it."),
        "implementation_plan": (facts.implementation_plan, "Write the steps, one a line."),
        "backout_plan": (facts.backout_plan, "Write how to take it back, and until when that is possible."),
        "validation_plan": (facts.validation_plan, "Write how one sees that it worked."),
        "planned_start": (facts.planned_start, "Say when it starts."),
        "planned_end": (facts.planned_end, "Say when it ends."),
        "responsible": (facts.responsible, "Name the person who is responsible."),
        "applications": (
            facts.applications or facts.components,
            "Name what is changed: an application or component.",
        ),
    }
    for name, (value, sentence) in needed.items():
        if not (value.strip() if isinstance(value, str) else value):
            errors[name] = [sentence]
    if wrong := risk_errors(facts):
        errors["risk"] = wrong
    for rule in broken_bau_rules(facts):
        errors.setdefault(rule.field, []).append(bau_sentence(rule))
    if facts.type == Type.EMERGENCY and not facts.incident and facts.ticket_severity not in GRAVE:
        errors["incident"] = [
            "An emergency change serves an incident, or a ticket of severity SEV1 or SEV2: link it."
        ]
    return errors


def bau_sentence(rule: BauRule) -> str:
    return f"{rule.name}: {rule.sentence} Make it a normal change."


def risk_errors(facts: Facts) -> list[str]:
    """What is wrong with the risk answers at submission. BAU has no risk assessment."""
    wrong = risk.problems(facts.risk)
    if facts.type != Type.BAU and not wrong and (open_questions := risk.missing(facts.risk)):
        wrong = [f"Answer the risk questions that are open: {', '.join(open_questions)}."]
    return wrong


def check_window(start: datetime | None, end: datetime | None) -> None:
    """Raise when the change would end before it starts, or last longer than three months."""
    if start is None or end is None:
        return
    if end <= start:
        raise RuleBroken("The change must end after it starts.", field="planned_end")
    if end - start > LONGEST_WINDOW:
        raise RuleBroken(
            f"A change lasts at most {LONGEST_WINDOW.days} days; cut it into parts.", field="planned_end"
        )


def check_content(values: Mapping[str, Any]) -> None:
    """Raise Invalid for content that not even a draft may have: an empty title, no link, an unknown answer."""
    errors: dict[str, list[str]] = {}
    if "title" in values and not values["title"].strip():
        errors["title"] = ["Say in one line what changes."]
    if wrong := risk.problems(values.get("risk") or {}):
        errors["risk"] = wrong
    links = values.get("commit_links") or []
    if len(links) > MOST_LINKS or any(
        len(link) > LONGEST_LINK or not _LINK.fullmatch(link) for link in links
    ):
        errors["commit_links"] = [
            "Commit links are addresses such as https://git.example/desk/commit/1f2e3d."
        ]
    if errors:
        raise Invalid(errors)


def check_complete(facts: Facts) -> None:
    """Raise Invalid, field by field, unless everything that a submission needs is there."""
    if errors := missing_parts(facts):
        raise Invalid(errors)


def check_collisions(found: Iterable[Collision], *, override_reason: str, comment: str) -> None:
    """Hard collisions need a reason for overriding them, soft ones a comment; the reason serves for both."""
    hard = [collision for collision in found if collision.hardness == Hardness.HARD]
    soft = [collision for collision in found if collision.hardness == Hardness.SOFT]
    if hard and not override_reason.strip():
        raise Conflict(
            f"{sentences(hard)} Choose another time, or give a reason for overriding this.",
            field="override_reason",
        )
    if soft and not (comment.strip() or override_reason.strip()):
        raise RuleBroken(
            f"{sentences(soft)} Say in a comment why it can go ahead.", field="collision_comment"
        )


def check_lead_time(facts: Facts, now: datetime, hours: Hours) -> None:
    """Raise, naming the earliest possible start, when there is less lead time than the type asks for."""
    days = LEAD_DAYS[Type(facts.type)]
    if facts.planned_start is None:
        return
    if not days:  # known at short notice, but not after the event
        if facts.planned_end is not None and facts.planned_end <= now:
            raise RuleBroken(
                "The planned window is over; plan one that still lies ahead.", field="planned_end"
            )
        return
    earliest = lead_time.earliest_start(now, days, hours)
    if facts.planned_start < earliest.at:
        raise RuleBroken(
            f"A {Type(facts.type).label.lower()} change needs {days} business days of lead time. "
            f"Earliest possible start: {lead_time.words(earliest, hours)} ({hours.zone}).",
            field="planned_start",
        )


def check_debts(facts: Facts, overdue: Collection[str]) -> None:
    """Raise when the team still owes approvals of emergencies: they come before its next BAU."""
    if facts.type == Type.BAU and overdue:
        raise Conflict(
            f"The approvals of {', '.join(overdue)} are overdue in the same team. Have them given first, then "
            "submit this BAU change."
        )


@dataclass(frozen=True, slots=True)
class Requirement:
    """One approval rule. Empty conditions always hold; the sentence is printed with the approval."""

    role: ApprovalRole
    why: str
    types: tuple[str, ...] = (Type.NORMAL, Type.EMERGENCY)
    risk_from: int | None = None
    lead_below: int | None = None
    """business days"""


REQUIREMENTS = (
    Requirement(ApprovalRole.SUPERVISOR, "BAU work needs one supervisor's approval.", types=(Type.BAU,)),
    Requirement(ApprovalRole.PRODUCTION_SUPPORT, "Production support holds one approval of every change."),
    Requirement(
        ApprovalRole.SUPERVISOR,
        "The lead time is shorter than 5 business days ({lead}), so a second person approves.",
        lead_below=LEAD_DAYS[Type.NORMAL],
    ),
    Requirement(
        ApprovalRole.CHANGE_BOARD,
        "The risk score is {score} of 25; from 16 on the change advisory board decides too.",
        risk_from=risk.HIGH_FROM,
    ),
)

HOLDERS: dict[str, frozenset[Role]] = {
    ApprovalRole.PRODUCTION_SUPPORT: frozenset({Role.CHANGE_MANAGER, Role.MANAGER, Role.ADMIN}),
    ApprovalRole.SUPERVISOR: frozenset({Role.MANAGER, Role.CHANGE_MANAGER, Role.ADMIN}),
    ApprovalRole.CHANGE_BOARD: frozenset({Role.CHANGE_MANAGER, Role.MANAGER, Role.ADMIN}),
}
"""Who may give which approval; one person gives one approval of a change."""


def required_approvals(facts: Facts, lead_days: int) -> list[tuple[ApprovalRole, str]]:
    """The approvals that a change needs, each with its explanation, in the order they are asked for."""
    score = risk.score(facts.risk)
    found = []
    for need in REQUIREMENTS:
        applies = (
            facts.type in need.types
            and (need.risk_from is None or (score is not None and score >= need.risk_from))
            and (need.lead_below is None or lead_days < need.lead_below)
        )
        if applies:
            found.append((need.role, need.why.format(score=score, lead=lead_days)))
    return found


def check_approver(
    *, author: int | None, responsible: int | None, actor: int | None, who_can: str, reference: str
) -> None:
    """Nobody approves their own change, neither as its author nor as the one responsible."""
    if actor is None:
        raise NotAllowed("Only a person can approve a change.")
    if actor == author:
        raise NotAllowed(f"You wrote {reference}; nobody approves their own change. {who_can} can.")
    if actor == responsible:
        raise NotAllowed(
            f"You are responsible for {reference}; nobody approves their own change. {who_can} can."
        )


def holder_of(open_roles: Collection[str], roles: Collection[Role]) -> str | None:
    """The first open approval that somebody with these roles may give."""
    return next((role for role in open_roles if not HOLDERS[role].isdisjoint(roles)), None)


# --- moves ------------------------------------------------------------------------------------------------
EDITABLE = (Status.DRAFT, Status.SUBMITTED, Status.APPROVED, Status.REJECTED, Status.SCHEDULED)
IN_FORCE = (Status.SUBMITTED, Status.APPROVED, Status.SCHEDULED, Status.IMPLEMENTING, Status.VALIDATING)
"""The statuses in which a plan occupies its window."""
UNDER_APPROVAL = (Status.SUBMITTED, Status.APPROVED, Status.SCHEDULED)
VOIDING = {
    "type": "the type", "applications": "the applications", "components": "the components", "downtime": "the downtime",
    "planned_start": "the start", "planned_end": "the end", "risk": "the risk answers", "responsible": "who does it",
    "implementation_plan": "the implementation plan", "backout_plan": "the backout plan",
    "validation_plan": "the validation plan", "touches_code": "whether it touches code",
    "touches_sql": "whether it touches SQL", "commit_links": "the commits", "fix_kind": "the fix kind",
    "description": "the description", "override_reason": "the reason for overriding a collision",
}  # fmt: skip
"""Window, plan, risk and scope: changing one of these voids the approvals given."""

MOVES: dict[str, tuple[Status, ...]] = {
    "submit": (Status.DRAFT,),
    "revise": (Status.SUBMITTED, Status.APPROVED, Status.REJECTED, Status.SCHEDULED),
    "withdraw": (Status.DRAFT, Status.SUBMITTED, Status.APPROVED, Status.REJECTED, Status.SCHEDULED),
    "approve": (Status.SUBMITTED,),
    "reject": (Status.SUBMITTED,),
    "schedule": (Status.APPROVED,),
    "start": (Status.SCHEDULED,),
    "finish": (Status.IMPLEMENTING,),
    "validate": (Status.IMPLEMENTING, Status.VALIDATING),
    "back_out": (Status.IMPLEMENTING, Status.VALIDATING),
    "close": (Status.VALIDATING,),
}
EMERGENCY_MOVES: dict[str, tuple[Status, ...]] = {
    "approve": (Status.SUBMITTED, Status.IMPLEMENTING, Status.VALIDATING, Status.CLOSED),
    "start": (Status.SUBMITTED, Status.APPROVED, Status.SCHEDULED),
}
"""An emergency may start before its approvals are given; they follow within 24 hours."""


def moves_from(verb: str, change_type: str) -> tuple[Status, ...]:
    """The statuses from which a verb is possible."""
    if change_type == Type.EMERGENCY and verb in EMERGENCY_MOVES:
        return EMERGENCY_MOVES[verb]
    return MOVES[verb]


def possible(status: str, change_type: str) -> list[str]:
    """The verbs that are possible in a status."""
    return [verb for verb in MOVES if status in moves_from(verb, change_type)]


def check_move(verb: str, status: str, change_type: str, reference: str) -> None:
    """Raise Conflict, with what is possible instead, unless the verb fits the status."""
    if status in moves_from(verb, change_type):
        return
    raise Conflict(refusal(verb, status, change_type, reference))


def refusal(verb: str, status: str, change_type: str, reference: str) -> str:
    names = [name.replace("_", " ") for name in possible(status, change_type)]
    what = f"Possible now: {', '.join(names)}." if names else "Nothing more can be done with it."
    return f"{reference} is {Status(status).label.lower()}, so you cannot {verb.replace('_', ' ')} it. {what}"


@dataclass(frozen=True, slots=True)
class Permit:
    """Whether a change may start now, and why (not)."""

    may_start: bool
    reason: str


def may_start(
    *,
    status: str,
    change_type: str,
    start: datetime | None,
    end: datetime | None,
    now: datetime,
    in_the_way: str,
) -> Permit:
    """Whether a change may start at this moment. Raises nothing: pipelines ask this."""
    if status not in moves_from("start", change_type):
        label = Status(status).label.lower()
        done = "It has started already." if status in (Status.IMPLEMENTING, Status.VALIDATING) else ""
        return Permit(False, done or f"It is {label}; only a scheduled change may start.")
    if change_type == Type.EMERGENCY:
        late = status == Status.SUBMITTED
        return Permit(
            True, "Emergency: the approvals follow within 24 hours." if late else "Emergency, approved."
        )
    if start is None or end is None:
        return Permit(False, "It has no planned window.")
    if in_the_way:
        return Permit(False, in_the_way)
    if now < start:
        return Permit(False, f"Its window opens {start:%a} {start.day} {start:%b %H:%M} UTC.")
    if now >= end:
        return Permit(
            False, f"Its window closed {end:%a} {end.day} {end:%b %H:%M} UTC: revise it with a new one."
        )
    return Permit(True, "Approved, scheduled and inside its window.")


def check_validator(*, actor: int | None, implementer: int | None, responsible: int | None) -> None:
    """A change is checked by somebody who did not carry it out."""
    if actor is None:
        raise NotAllowed("Only a person can check a change.")
    if actor in (implementer, responsible):
        raise NotAllowed(
            "You carried this change out; somebody else in production support checks that it worked."
        )


def check_outcome(outcome: str, validation: str) -> None:
    """Raise unless the outcome agrees with what was found when it was checked."""
    if outcome == Outcome.BACKED_OUT:
        raise RuleBroken("Use back out: it records the backing out and closes the change.", field="outcome")
    if outcome == Outcome.WITHDRAWN:
        raise RuleBroken("Only a change that was not carried out is withdrawn.", field="outcome")
    if not validation:
        raise Conflict("It was carried out but not checked yet: somebody else validates it first.")
    if outcome == Outcome.SUCCESSFUL and validation == Result.FAILED:
        raise RuleBroken("The check failed: back it out, or close it as failed.", field="outcome")
