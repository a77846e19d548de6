"""Reading problems and follow-up actions. `get_for` and `get_action` are the doors to single objects."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.db.models import Case, Count, IntegerField, Q, QuerySet, Value, When

from core.accounts.permissions import Permission, require
from core.audit import trail
from core.audit.models import Event
from core.common import ids
from core.common.actor import Actor
from core.common.errors import NotFound
from core.common.paging import LARGEST_INTEGER
from problems.models import ActionQuerySet, FollowUpAction, KnownError, Problem, ProblemQuerySet, Status
from problems.rules import Receivers

RELATED = (
    "application",
    "component",
    "team",
    "owner",
    "known_error__proposed_by",
    "known_error__published_by",
)
WEEKS_SHOWN = 13
PLANNED_WEEKS = 17
CARDS_A_COLUMN = 50


def get_for(ref: str, *, by: Actor, to: Permission = Permission.VIEW_PROBLEMS) -> Problem:
    """One problem. NotFound when the actor may not see it, NotAllowed when they may not do `to`."""
    number = ids.number_of(ref, Problem.PREFIX)
    problem = Problem.objects.visible_to(by).select_related(*RELATED).filter(pk=number).first()
    if problem is None:
        raise NotFound(f"There is no {ref[:40]} here.")
    require(by, to)
    return problem


def fresh(pk: int) -> Problem:
    """A problem as it is now, for whoever just wrote it."""
    return Problem.objects.select_related(*RELATED).get(pk=pk)


def get_action(ref: str | int, *, by: Actor, to: Permission = Permission.VIEW_PROBLEMS) -> FollowUpAction:
    """One follow-up action by its number. NotFound or NotAllowed as `get_for`."""
    text = str(ref)
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 20 else 0
    found = actions(by).filter(pk=number).first() if 0 < number <= LARGEST_INTEGER else None
    if found is None:
        raise NotFound("There is no such action here.")
    require(by, to)
    return found


def fresh_action(pk: int) -> FollowUpAction:
    return FollowUpAction.objects.select_related("problem", "team", "owner").get(pk=pk)


def actions(actor: Actor) -> ActionQuerySet:
    """The actions that the actor may see, with what a list shows of them."""
    return FollowUpAction.objects.visible_to(actor).select_related("problem", "team", "owner")


def actions_of(problem: Problem) -> list[FollowUpAction]:
    """The actions of one problem: the open ones by due day, then the finished."""
    found = problem.actions.select_related("team", "owner")
    return sorted(found, key=lambda action: (not action.is_open, action.due, action.pk))


def receivers(action: FollowUpAction) -> Receivers:
    """Whom an action was handed to."""
    team = action.team
    people: set[int] = set()
    if team is not None:
        people = set(team.members.values_list("pk", flat=True)) | {
            pk for pk in (team.lead_id, team.manager_id) if pk is not None
        }
    return Receivers(action.owner_id, team.name if team else "", frozenset(people))


def raised_from(kind: str, pk: int) -> Problem | None:
    """The problem that was raised from a ticket or incident, if there is one."""
    return Problem.objects.filter(raised_from_kind=kind, raised_from_id=pk).first()


def history(ref: str, *, by: Actor) -> QuerySet[Event]:
    """Everything that happened to a problem, the oldest first."""
    return trail.history(Problem.SUBJECT, get_for(ref, by=by).pk)


# --- board, list, review ----------------------------------------------------------------------------------
@dataclass(frozen=True)
class Column:
    """One status of the board: its cards, the most urgent and then the oldest first."""

    status: Status
    count: int
    cards: list[Problem]


def board(problems: ProblemQuerySet) -> list[Column]:
    """The open problems by status; at most 50 cards a column, the count tells of the rest."""
    counts = dict(
        problems.order_by().values_list("status").annotate(n=Count("pk")).exclude(status=Status.CLOSED)
    )
    shown = problems.select_related(*RELATED).annotate(
        actions_total=Count("actions", filter=~Q(actions__status="dropped")),
        actions_done=Count("actions", filter=Q(actions__status="done")),
    )
    return [
        Column(
            status,
            counts[status],
            list(shown.filter(status=status).order_by("priority", "id")[:CARDS_A_COLUMN]),
        )
        if counts.get(status)
        else Column(status, 0, [])
        for status in Status
        if status != Status.CLOSED
    ]


def due_soon(actor: Actor, today: date) -> ActionQuerySet:
    """The open actions that are late or due within seven days, the latest first."""
    return actions(actor).open().filter(due__lte=today + timedelta(days=7)).order_by("due", "id")


def agenda(actor: Actor) -> ProblemQuerySet:
    """What the weekly review goes through: every open problem by priority, then by age (DOMAIN 4)."""
    return (
        Problem.objects.visible_to(actor)
        .exclude(status=Status.CLOSED)
        .select_related(*RELATED)
        .annotate(
            rank=Case(
                *(When(priority=p, then=Value(n)) for n, p in enumerate(("P0", "P1", "P2", "P3"))),
                output_field=IntegerField(),
            ),
            open_actions=Count("actions", filter=Q(actions__finished_at__isnull=True)),
        )
        .order_by("rank", "created_at", "id")
    )


def known_errors(actor: Actor) -> QuerySet[KnownError]:
    """Known errors of the problems that the actor may see, the published first."""
    visible = Problem.objects.visible_to(actor)
    found = KnownError.objects.filter(problem__in=visible).select_related(
        "problem", "problem__owner", "proposed_by"
    )
    return found.order_by("-published_at", "-id")


# --- burn-down --------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Week:
    """Follow-up actions at the end of one week (the running one: now). `plan` leads to nothing open."""

    monday: date
    open: int
    added: int
    finished: int
    plan: int

    @property
    def number(self) -> int:
        return self.monday.isocalendar().week


def burndown(actor: Actor, now: datetime, weeks: int = WEEKS_SHOWN) -> list[Week]:
    """How many actions were open at the end of each of the last weeks, in UTC; one query."""
    monday = now.astimezone(UTC).date() - timedelta(days=now.astimezone(UTC).weekday())
    mondays = [monday - timedelta(weeks=back) for back in range(weeks - 1, -1, -1)]
    wanted: dict[str, Count] = {}
    for number, first in enumerate(mondays):
        start, end = _midnight(first), _midnight(first + timedelta(weeks=1))
        unfinished = Q(finished_at__isnull=True) | Q(finished_at__gte=end)
        wanted[f"open{number}"] = Count("pk", filter=Q(created_at__lt=end) & unfinished)
        wanted[f"added{number}"] = Count("pk", filter=Q(created_at__gte=start, created_at__lt=end))
        wanted[f"finished{number}"] = Count("pk", filter=Q(finished_at__gte=start, finished_at__lt=end))
    shown = Q(finished_at__isnull=True) | Q(finished_at__gte=_midnight(mondays[0]))
    counts = FollowUpAction.objects.visible_to(actor).filter(shown).order_by().aggregate(**wanted)
    begin = counts["open0"]
    return [
        Week(
            first,
            counts[f"open{number}"],
            counts[f"added{number}"],
            counts[f"finished{number}"],
            plan=round(begin * max(0, PLANNED_WEEKS - 1 - number) / (PLANNED_WEEKS - 1)),
        )
        for number, first in enumerate(mondays)
    ]


def weeks_ahead(weeks: list[Week]) -> list[Week]:
    """The weeks shown and those that the plan still has, for the labels of the chart."""
    first = weeks[0].monday
    return [
        weeks[number] if number < len(weeks) else Week(first + timedelta(weeks=number), 0, 0, 0, 0)
        for number in range(PLANNED_WEEKS)
    ]


def finished_since(actor: Actor, moment: datetime) -> int:
    return FollowUpAction.objects.visible_to(actor).filter(finished_at__gte=moment).count()


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=UTC)
