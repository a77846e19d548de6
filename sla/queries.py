"""Reading clocks and policies. Who may see a subject may see its clocks: the caller has checked that."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, QuerySet

from core.accounts.permissions import Permission, can, require
from core.common import clock as wall
from core.common.actor import Actor
from core.common.errors import NotFound
from sla import rules, words
from sla.models import Breach, Calendar, Cause, Clock, Goal, Interval, Policy, Rollout
from sla.models.breaches import BreachQuerySet
from sla.rules import Facts
from sla.subjects import Nearest

CAUSES_OF_DAYS = 90
_GOAL_ORDER = {goal: number for number, goal in enumerate(Goal.values)}


@dataclass(frozen=True, slots=True)
class Choice:
    """A policy, and why it was chosen: what Clock.chosen keeps."""

    policy: Policy
    record: dict[str, Any] = field(default_factory=dict)


def policies(*, active: bool | None = True) -> QuerySet[Policy]:
    """Policies in their order; active: only those in force (None: all)."""
    rows = Policy.objects.select_related("calendar", "application")
    return rows if active is None else rows.filter(active=active)


@dataclass(frozen=True, slots=True)
class Listed:
    """A policy in the list; `shadow` is the one that always wins over it, so that it is never chosen."""

    policy: Policy
    shadow: Policy | None


def listed_policies() -> list[Listed]:
    """All policies in the order in which they are looked at: the most specific first; what is off stands last."""
    rows = sorted(
        policies(active=None), key=lambda one: (not one.active, -len(rules.asks(one)), one.order, one.pk)
    )
    return [Listed(one, shadow_of(one, rows)) for one in rows]


def shadow_of(policy: Policy, others: Iterable[Policy] | None = None) -> Policy | None:
    """The policy in force for exactly the same work that comes before this one."""
    if not policy.active:
        return None
    rows = policies() if others is None else (one for one in others if one.active)
    return next((one for one in rows if one.pk != policy.pk and rules.shadows(one, policy)), None)


def rollouts_on_their_way() -> QuerySet[Rollout]:
    """Edits that have not reached every clock that was open then."""
    return Rollout.objects.filter(next_at__isnull=False).exclude(until_clock=Rollout.ALL).order_by("pk")


def extra_days(calendar: Calendar) -> list[tuple[date, str, str]]:
    """A calendar's single days in order: the day, its hours in words, the public holiday it is, or ""."""
    hours = calendar.hours()
    return [
        (day, words.spans(tuple(spans)), calendar.holiday(day)) for day, spans in sorted(hours.extra.items())
    ]


def causes_since(breaches: BreachQuerySet, now: datetime) -> list[tuple[str, int]]:
    """Why promises were missed in the last 90 days: words and how often, the most frequent first."""
    recent = breaches.filter(breached_at__gte=now - timedelta(days=CAUSES_OF_DAYS))
    counted = recent.values_list("cause").annotate(count=Count("pk")).order_by("-count", "cause")
    return [(str(Cause(cause).label) if cause else "Not explained yet", count) for cause, count in counted]


def verdicts(facts: Facts) -> list[rules.Verdict[Policy]]:
    """How every policy in force does for these facts, the winner first."""
    return rules.judge(policies(), facts)


def choice_for(facts: Facts) -> Choice | None:
    """The policy in force for these facts, the most specific, then the first in order; and why it won."""
    fitting = [verdict for verdict in verdicts(facts) if verdict.fits]
    if not fitting:
        return None
    best, *others = fitting
    lost = [[other.policy.name, other.lost] for other in others]
    record = {"facts": asdict(facts), "matched": list(best.asks), "lost": lost}
    return Choice(best.policy, record)


def policy_for(facts: Facts) -> Policy | None:
    """The policy in force for these facts."""
    return rules.choose(policies(), facts)


def get_policy(pk: int, *, by: Actor, to: Permission = Permission.VIEW_SERVICE_LEVELS) -> Policy:
    """One policy, for those who see service levels. Raises NotFound, NotAllowed."""
    found = policies(active=None).filter(pk=pk).first() if can(by, Permission.VIEW_SERVICE_LEVELS) else None
    if found is None:
        raise NotFound("There is no such policy.")
    require(by, to)
    return found


def get_calendar(slug: str, *, by: Actor, to: Permission = Permission.VIEW_SERVICE_LEVELS) -> Calendar:
    """One calendar, for those who see service levels. Raises NotFound, NotAllowed."""
    found = Calendar.objects.filter(slug=slug).first() if can(by, Permission.VIEW_SERVICE_LEVELS) else None
    if found is None:
        raise NotFound("There is no such calendar.")
    require(by, to)
    return found


def breaches_of(subject_kind: str, subject_id: int) -> BreachQuerySet:
    """What was missed on one subject. The caller has checked that the reader may see it."""
    return Breach.objects.filter(subject_kind=subject_kind, subject_id=subject_id)


def get_breach(pk: int, *, by: Actor, to: Permission = Permission.WORK_TICKET) -> Breach:
    """One missed promise, for those who work on its subject: why it was missed is said among us.

    Raises NotFound, NotAllowed.
    """
    rows = Breach.objects.visible_to(by).select_related("clock__calendar", "owner")
    found = rows.filter(pk=pk).first() if can(by, Permission.VIEW_SERVICE_LEVELS) else None
    if found is None:
        raise NotFound("There is no such breach.")
    require(by, to)
    return found


def open_clocks(subject_kind: str) -> QuerySet[Clock]:
    """The clocks of a kind of subject that run or stand still."""
    rows = Clock.objects.filter(subject_kind=subject_kind, state__in=Clock.OPEN)
    return rows.select_related("calendar").order_by("pk")


def open_ids(subject_kind: str, subject_id: int) -> set[int]:
    """The clocks of a subject that run or stand still."""
    return set(open_clocks(subject_kind).filter(subject_id=subject_id).values_list("pk", flat=True))


def responses_among(clocks: Iterable[int]) -> list[int]:
    """Of these clocks, those of a response, the oldest first."""
    goals = (Goal.FIRST_RESPONSE, Goal.NEXT_RESPONSE)
    return list(
        Clock.objects.filter(pk__in=clocks, goal__in=goals).order_by("pk").values_list("pk", flat=True)
    )


def concerned(rollout: Rollout) -> QuerySet[Clock]:
    """The clocks that an edit may still have to move."""
    if rollout.calendar is None:
        return Clock.objects.filter(state__in=Clock.OPEN, pk__lte=rollout.until_clock)
    return Clock.objects.filter(
        state=Clock.State.RUNNING, calendar=rollout.calendar, calendar_version__lt=rollout.calendar.version
    )


def of_subject(subject_kind: str, subject_id: int) -> QuerySet[Clock]:
    """All clocks of a subject, ended ones too, the oldest first."""
    return Clock.objects.filter(subject_kind=subject_kind, subject_id=subject_id).order_by("id")


def nearest(subject_kind: str, subject_id: int) -> Nearest:
    """What the subject keeps about its clocks: the running one due first, and its first breach ever."""
    rows = list(of_subject(subject_kind, subject_id).values_list("state", "due_at", "goal", "breached_at"))
    running = [(due_at, goal) for state, due_at, goal, _ in rows if state == Clock.State.RUNNING and due_at]
    due_at, goal = min(running, default=(None, ""))
    return Nearest(due_at, goal, min((breach for *_, breach in rows if breach), default=None))


def last_ended(subject_kind: str, subject_id: int, goal: str) -> Clock | None:
    """The clock of this goal that was met or cancelled last."""
    ended = of_subject(subject_kind, subject_id).filter(goal=goal).exclude(state__in=Clock.OPEN)
    return ended.select_related("calendar").last()


def clocks_of(
    subject_kind: str, subject_id: int, now: datetime | None = None, *, ledger: bool = True
) -> list[dict[str, Any]]:
    """The clocks of a subject in the shape of the API: open ones first, then by goal, the newest first.

    Minutes are whole minutes of business time; `remaining_minutes` is negative once overdue. Without `ledger` the
    rows that explain them are left out, for a query less.
    """
    moment = now or wall.now()
    clocks = of_subject(subject_kind, subject_id).select_related("calendar")
    clocks = clocks.prefetch_related("ledger") if ledger else clocks
    ordered = sorted(clocks, key=lambda c: (c.state not in Clock.OPEN, _GOAL_ORDER[c.goal], -c.pk))
    return [as_json(clock, moment, ledger=ledger) for clock in ordered]


def as_json(clock: Clock, now: datetime, *, ledger: bool = True) -> dict[str, Any]:
    """One clock in the shape of the API."""
    elapsed = clock.elapsed_at(now)
    return {
        "id": clock.pk,
        "goal": clock.goal,
        "state": clock.state,
        "target_minutes": clock.target_minutes,
        "elapsed_minutes": elapsed // 60,
        "remaining_minutes": (clock.target_seconds - elapsed) // 60,
        "started_at": clock.started_at,
        "due_at": clock.due_at,
        "breached_at": clock.breached_at,
        "met_at": clock.met_at,
        "paused_at": clock.paused_at,
        "policy": clock.policy_name,
        "calendar": clock.calendar.name,
        "percent": min(100, elapsed * 100 // max(clock.target_seconds, 1)),
        "ledger": [
            {
                "from": row.from_at,
                "to": row.to_at,
                "counted": row.counted,
                "why": row.why,
                "minutes": _minutes(clock, row, now),
                "calendar_version": row.calendar_version,
            }
            for row in (clock.ledger.all() if ledger else ())
        ],
    }


def _minutes(clock: Clock, row: Interval, now: datetime) -> int:
    if not row.counted:
        return 0
    if row.seconds is not None:
        return row.seconds // 60
    return clock.hours().between(row.from_at, now) // 60
