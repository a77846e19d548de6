"""The problems' endpoints: one action per verb."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from core.accounts.api import DeskViewSet, listing, reading, verb
from core.accounts.permissions import Permission
from core.audit.api import EventOut
from core.audit.models import Event
from core.common import clock
from core.common.actor import Actor
from core.common.paging import MOST
from problems import follow_up, operations, queries, shapes
from problems.filters import ActionFilter, ProblemFilter
from problems.models import FollowUpAction, Problem

Data = dict[str, Any]


class ProblemViewSet(DeskViewSet):
    """Problems: why it happened, and what is done so that it does not happen again."""

    model = Problem
    view_permission = Permission.VIEW_PROBLEMS
    serializer_class = shapes.ProblemOut
    create_form = patch_form = shapes.ProblemEdit
    filterset_class = ProblemFilter
    ordering_fields = {
        "created_at": "created_at",
        "updated_at": "updated_at",
        "priority": "priority",
        "title": "title",
        "reference": "pk",
    }
    related = queries.RELATED
    action_fields = {
        "status": "investigate, root_cause, plan_fix, resolve, close or reopen",
        "root_cause": "root_cause",
        "known_error": "propose_known_error or publish_known_error",
        "fix_kind": "plan_fix",
        "changes": "plan_fix",
    }

    def find(self, ref: str, by: Actor) -> Problem:
        return queries.get_for(ref, by=by)

    def do_create(self, data: Data, by: Actor) -> Problem:
        return operations.open_problem(**data, by=by)

    def do_patch(self, ref: str, data: Data, version: int | None, by: Actor) -> Problem:
        return operations.edit(ref, changes=data, version=version, by=by)

    @verb()
    def investigate(self, ref: str, data: Data, by: Actor) -> Problem:
        """Start looking for the cause."""
        return operations.investigate(ref, by=by)

    @verb(shapes.RootCauseIn)
    def root_cause(self, ref: str, data: Data, by: Actor) -> Problem:
        """State the root cause, with up to five whys, or correct it."""
        return operations.set_root_cause(ref, **data, by=by)

    @verb(shapes.ProposedIn)
    def propose_known_error(self, ref: str, data: Data, by: Actor) -> Problem:
        """Write down what people see and what helps, for somebody else to publish."""
        return operations.propose_known_error(ref, **data, by=by)

    @verb(shapes.KnownErrorIn)
    def publish_known_error(self, ref: str, data: Data, by: Actor) -> Problem:
        """Publish what another person wrote, with corrections. Needs a workaround, not a cause."""
        return operations.publish_known_error(ref, **data, by=by)

    @verb(shapes.FixIn)
    def plan_fix(self, ref: str, data: Data, by: Actor) -> Problem:
        """Choose the kind of fix and link the changes that carry it."""
        return operations.plan_fix(ref, **data, by=by)

    @verb()
    def resolve(self, ref: str, data: Data, by: Actor) -> Problem:
        """The fix is in. Needs the root cause."""
        return operations.resolve(ref, by=by)

    @verb()
    def close(self, ref: str, data: Data, by: Actor) -> Problem:
        """Close it. Needs every follow-up action done, or dropped with a reason."""
        return operations.close(ref, by=by)

    @verb(shapes.ReasonIn)
    def reopen(self, ref: str, data: Data, by: Actor) -> Problem:
        """It happened again: back to finding the cause."""
        return operations.reopen(ref, **data, by=by)

    @verb(shapes.ActionEdit, entry=shapes.ActionOut)
    def add_action(self, ref: str, data: Data, by: Actor) -> FollowUpAction:
        """Hand out a follow-up action; its team or owner must accept it."""
        return follow_up.add_action(ref, **data, by=by)

    @listing(shapes.ActionOut)
    def actions(self, ref: str, by: Actor) -> QuerySet[FollowUpAction]:
        """The follow-up actions of a problem."""
        return queries.actions(by).filter(problem=queries.get_for(ref, by=by))

    @listing(EventOut)
    def history(self, ref: str, by: Actor) -> QuerySet[Event]:
        """Everything that happened to a problem, the oldest first."""
        return queries.history(ref, by=by)

    @reading(shapes.AgendaItemOut, many=True, detail=False)
    def agenda(self, by: Actor) -> list[Problem]:
        """What the weekly review goes through: open problems by priority, then age; at most 200."""
        return list(queries.agenda(by)[:MOST])

    @reading(shapes.WeekOut, many=True, detail=False)
    def burndown(self, by: Actor) -> list[queries.Week]:
        """Open follow-up actions at the end of each of the last 13 weeks."""
        return queries.burndown(by, clock.now())


class ActionViewSet(DeskViewSet):
    """Follow-up actions: what somebody promised to do by a day, chased until done or dropped."""

    model = FollowUpAction
    view_permission = Permission.VIEW_PROBLEMS
    serializer_class = shapes.ActionOut
    patch_form = shapes.ActionEdit
    filterset_class = ActionFilter
    ordering_fields = {"due": "due", "created_at": "created_at", "priority": "priority"}
    ordering = "due"
    related = ("problem", "team", "owner")
    action_fields = {"status": "accept, start, done or drop", "drop_reason": "drop"}
    named_by = "pk"

    def find(self, ref: str, by: Actor) -> FollowUpAction:
        return queries.get_action(ref, by=by)

    def do_patch(self, ref: str, data: Data, version: int | None, by: Actor) -> FollowUpAction:
        return follow_up.edit_action(ref, changes=data, version=version, by=by)

    @verb()
    def accept(self, ref: str, data: Data, by: Actor) -> FollowUpAction:
        """The receiving team or owner says yes."""
        return follow_up.accept_action(ref, by=by)

    @verb()
    def start(self, ref: str, data: Data, by: Actor) -> FollowUpAction:
        """Work on it has begun."""
        return follow_up.start_action(ref, by=by)

    @verb()
    def done(self, ref: str, data: Data, by: Actor) -> FollowUpAction:
        """It is done; no more reminders."""
        return follow_up.finish_action(ref, by=by)

    @verb(shapes.ReasonIn)
    def drop(self, ref: str, data: Data, by: Actor) -> FollowUpAction:
        """Give it up, with the reason."""
        return follow_up.drop_action(ref, **data, by=by)


class OriginViewSet(DeskViewSet):
    """The problem behind a ticket or an incident."""

    list_route = False
    view_permission = Permission.VIEW_PROBLEMS
    serializer_class = shapes.ProblemOut

    @verb(shapes.RaiseIn)
    def raise_problem(self, ref: str, data: Data, by: Actor) -> Problem:
        """Open a problem and link the two; answers the problem. Each ticket or incident raises one."""
        return operations.raise_problem(ref, **data, by=by)


class TicketOriginViewSet(OriginViewSet):
    """The problem behind a ticket."""


class IncidentOriginViewSet(OriginViewSet):
    """The problem behind an incident."""


ROUTES = [
    ("problems", ProblemViewSet),
    ("actions", ActionViewSet),
    ("tickets", TicketOriginViewSet),
    ("incidents", IncidentOriginViewSet),
]
