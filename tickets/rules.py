"""Pure decisions about tickets: no database, no clock, no request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from core.common.errors import Conflict, Invalid, RuleBroken
from core.common.vocabulary import Area, CustomerTier, Level, Priority
from escalation.ladder import Ladder

H, M, L = Level.HIGH, Level.MEDIUM, Level.LOW
P0, P1, P2, P3 = Priority.P0, Priority.P1, Priority.P2, Priority.P3

DEFAULT_MATRIX: dict[tuple[str, str], str] = {
    (H, H): P0, (H, M): P1, (M, H): P1, (M, M): P2, (H, L): P2, (L, H): P2, (M, L): P3, (L, M): P3, (L, L): P3,
}  # fmt: skip

MOVES: dict[str, tuple[str, ...]] = {
    "new": ("open", "waiting", "on_hold", "resolved"),
    "open": ("waiting", "on_hold", "resolved"),
    "waiting": ("open", "on_hold", "resolved"),
    "on_hold": ("open", "waiting", "resolved"),
    "resolved": ("closed", "open"),
    "closed": ("open",),
}
VERBS = {
    "open": "resumed",
    "waiting": "set to waiting",
    "on_hold": "put on hold",
    "resolved": "resolved",
    "closed": "closed",
}
STATUS_WORDS = {
    "new": "new", "open": "open", "waiting": "waiting for the customer", "on_hold": "on hold", "resolved": "resolved",
    "closed": "closed",
}  # fmt: skip

# How a ticket goes on when a reply is sent, as the composer offers it.
THEN = (
    ("", "keep its status"),
    ("waiting", "waiting for the customer"),
    ("resolved:fixed", "resolved, fixed"),
    ("resolved:workaround", "resolved, with a workaround"),
    ("resolved:configuration", "resolved, configuration"),
    ("resolved:known_error", "resolved, known error"),
    ("resolved:user_error", "resolved, user error"),
    ("resolved:not_reproducible", "resolved, not reproducible"),
    ("resolved:no_fault", "resolved, no fault found"),
)

REOPEN_CLOSED_WITHIN = timedelta(days=14)
PASSED_AROUND_HANDOFFS = 3
PASSED_AROUND_TEAMS = 3

CUSTOMER_RANKS = {CustomerTier.STRATEGIC: 0, CustomerTier.KEY: 1, CustomerTier.STANDARD: 2}
NO_CUSTOMER = 3

BANDS = ("overdue", "next_hour", "today", "later", "paused")
BAND_WORDS = {
    "overdue": "Overdue", "next_hour": "Next hour", "today": "Today", "later": "Later", "paused": "Clock paused",
}  # fmt: skip


@dataclass(frozen=True)
class Handoff:
    """What the next tier needs to know."""

    summary: str
    business_impact: str
    tried: str
    reproduce: str = ""
    needed: str = ""
    evidence: str = ""
    no_sop: bool = False
    sop: str = ""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def priority_for(matrix: Mapping[tuple[str, str], str], impact: str, urgency: str) -> str:
    """The priority of an impact and an urgency: the desk's own cell where there is one, else the default."""
    return matrix.get((impact, urgency)) or DEFAULT_MATRIX[impact, urgency]


def customer_rank(tier: str | None) -> int:
    """0 for a strategic customer, 1 key, 2 standard, 3 for work that no customer asked for."""
    return CUSTOMER_RANKS[CustomerTier(tier)] if tier else NO_CUSTOMER


def areas_with(areas: Iterable[str], *, risk: str) -> list[str]:
    """A risk belongs to security, whatever else it is (DOMAIN.md section 2)."""
    found = list(areas)
    return [*found, Area.SECURITY.value] if risk.strip() and Area.SECURITY not in found else found


def check_move(reference: str, status: str, to: str) -> None:
    """Raise Conflict, saying what is possible, unless the status may follow."""
    if to in MOVES[status]:
        return
    possible = ", ".join(VERBS[move] for move in MOVES[status])
    raise Conflict(
        f"{reference} is {STATUS_WORDS[status]} and cannot be {VERBS[to]}. It can be {possible}."
        if status not in ("resolved", "closed")
        else f"{reference} is {STATUS_WORDS[status]} and cannot be {VERBS[to]}. Reopen it first."
    )


def may_reopen(status: str, closed_at: datetime | None, now: datetime) -> bool:
    """False for what was closed more than 14 days ago: a customer's message on it opens a new, linked ticket."""
    return status != "closed" or closed_at is None or now - closed_at <= REOPEN_CLOSED_WITHIN


def check_reopen(reference: str, status: str, closed_at: datetime | None, now: datetime) -> None:
    """Resolved tickets reopen at any time, closed ones within 14 days."""
    if status not in ("resolved", "closed"):
        raise Conflict(
            f"{reference} is {STATUS_WORDS[status]}; only resolved or closed tickets are reopened."
        )
    if not may_reopen(status, closed_at, now):
        raise Conflict(f"{reference} was closed more than 14 days ago. Open a new ticket and link it.")


def check_escalation(
    reference: str, tier: int, from_tier: int, handoff: Handoff, *, sop_runs: int, ladder: Ladder
) -> None:
    """Refuse a hand-off that is late, beyond the last tier, or says too little."""
    if tier != from_tier:
        raise Conflict(_left(reference, tier, from_tier, ladder))
    if tier >= ladder.last:
        raise Conflict(f"{reference} is at {ladder.name(tier)}, the last tier. There is no tier above it.")
    wanted = {
        "summary": "Say in plain words what is wrong.",
        "business_impact": "Say what the customer cannot do.",
        "tried": "Say what was tried and what came of it.",
    }
    missing = {name: [text] for name, text in wanted.items() if not getattr(handoff, name).strip()}
    if not handoff.no_sop and not handoff.sop.strip() and not sop_runs:
        missing["no_sop"] = ["Name the SOP that was followed, or tick that no SOP exists."]
    if missing:
        raise Invalid(missing)


def check_hand_back(
    reference: str, tier: int, from_tier: int, reason: str, next_step: str, *, ladder: Ladder
) -> None:
    """Refuse a hand-back that is late, below the first tier, or does not say why and what next."""
    if tier != from_tier:
        raise Conflict(_left(reference, tier, from_tier, ladder))
    if tier <= 1:
        raise Conflict(f"{reference} is at {ladder.name(tier)}; there is no tier below it.")
    missing = {}
    if not reason.strip():
        missing["reason"] = ["Say why it goes back."]
    if not next_step.strip():
        missing["next"] = ["Say what to do next."]
    if missing:
        raise Invalid(missing)


def _left(reference: str, tier: int, from_tier: int, ladder: Ladder) -> str:
    return f"{reference} already left {ladder.name(from_tier)}; it is at {ladder.name(tier)} now."


def check_resolution(code: str, note: str, *, breached: bool, breach_cause: str) -> None:
    """A resolution says how and, where a promise was broken, why."""
    wrong: dict[str, list[str]] = {}
    if not code:
        wrong["code"] = ["Choose how it was resolved."]
    if not note.strip() and code not in ("spam", "duplicate"):
        wrong["note"] = ["Say what solved it; the customer reads this."]
    if breached and not breach_cause.strip():
        wrong["breach_cause"] = ["A service level was missed on this ticket: say what caused it."]
    if wrong:
        raise Invalid(wrong)


def passed_around(handoffs: int, teams: int) -> bool:
    """Handed on more than 3 times, or across more than 3 teams."""
    return handoffs > PASSED_AROUND_HANDOFFS or teams > PASSED_AROUND_TEAMS


def end_of_today(now: datetime) -> datetime:
    """Where the band "today" ends: twelve hours ahead, the same for every reader wherever they sit."""
    return now + timedelta(hours=12)


def band_of(due_at: datetime | None, now: datetime) -> str:
    if due_at is None:
        return "paused"
    if due_at <= now:
        return "overdue"
    if due_at <= now + timedelta(hours=1):
        return "next_hour"
    return "today" if due_at <= end_of_today(now) else "later"


def effective_rank(rank: int, busy: bool) -> int:
    """One step higher while the customer is in a busy window."""
    return max(rank - 1, 0) if busy and rank < NO_CUSTOMER else rank


def rank_reason(due_at: datetime | None, now: datetime, priority: str, rank: int, busy: bool) -> str:
    """Why a ticket stands where it stands, in the order in which the queue compares."""
    customer = {0: "strategic customer", 1: "key customer", 2: "standard customer"}.get(rank, "no customer")
    parts = [BAND_WORDS[band_of(due_at, now)], priority, customer + (" in a busy window" if busy else "")]
    return ", ".join(parts)


def check_texts(fields: Mapping[str, str], required: Iterable[str] = ()) -> None:
    """Texts are at most 64 KB, carry no NUL, and the required ones are not empty."""
    wrong: dict[str, list[str]] = {}
    for name, text in fields.items():
        if "\x00" in text:
            wrong[name] = ["This text contains a NUL character."]
        elif len(text.encode("utf-8", "replace")) > 64 * 1024:
            wrong[name] = ["This text is longer than 64 KB."]
        elif name in required and not text.strip():
            wrong[name] = ["This is required."]
    if wrong:
        raise Invalid(wrong)


def check_priority_override(priority: str, reason: str) -> None:
    if priority not in Priority.values:
        raise RuleBroken("Priority is P0, P1, P2 or P3.", field="priority")
    if not reason.strip():
        raise RuleBroken("Say why the priority differs from impact and urgency.", field="reason")
