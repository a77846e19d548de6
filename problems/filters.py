"""One definition for the pages' lists and the API's."""

from __future__ import annotations

from catalogue.models import Application, Component
from core.accounts.models import User
from core.common.filters import (
    AfterFilter,
    BeforeFilter,
    CommaChoiceFilter,
    CommaRefFilter,
    FlagFilter,
    SearchFilter,
    StrictFilterSet,
)
from core.common.vocabulary import Priority
from escalation.models import Team
from problems.models import ActionStatus, FixKind, FollowUpAction, Problem, Source, Status


class ProblemFilter(StrictFilterSet):
    status = CommaChoiceFilter(choices=Status.choices)
    source = CommaChoiceFilter(choices=Source.choices)
    priority = CommaChoiceFilter(choices=Priority.choices)
    fix_kind = CommaChoiceFilter(choices=FixKind.choices, nullable=True)
    application = CommaRefFilter(Application, "slug", nullable=True)
    component = CommaRefFilter(Component, "slug", nullable=True)
    team = CommaRefFilter(Team, "slug", nullable=True)
    owner = CommaRefFilter(User, "username", nullable=True)
    created_after = AfterFilter("created_at")
    created_before = BeforeFilter("created_at")
    search = SearchFilter("title", "description", "cause")

    class Meta:
        model = Problem
        fields: list[str] = []


class ActionFilter(StrictFilterSet):
    status = CommaChoiceFilter(choices=ActionStatus.choices)
    priority = CommaChoiceFilter(choices=Priority.choices)
    team = CommaRefFilter(Team, "slug", nullable=True)
    owner = CommaRefFilter(User, "username", nullable=True)
    problem = CommaRefFilter(Problem, "reference")
    open = FlagFilter("finished_at", lookup_expr="isnull")
    due_after = AfterFilter("due")
    due_before = BeforeFilter("due")
    search = SearchFilter("title")

    class Meta:
        model = FollowUpAction
        fields: list[str] = []
