"""Follow-up actions as the post-mortem of an incident shows and adds them: those of the problems it is linked to."""

from __future__ import annotations

from datetime import date

from django.db.models import Q
from django.urls import reverse

from core.accounts.models import User
from core.accounts.permissions import Permission, can
from core.common.actor import Actor
from core.common.errors import NotAllowed
from incidents import follow_up as from_incidents
from incidents import queries as incidents
from incidents.models import Incident
from problems import follow_up, operations
from problems.models import ActionQuerySet, ActionStatus, FollowUpAction, Problem, Status


def register() -> None:
    """Called from AppConfig.ready()."""
    from_incidents.register(from_incidents.Keeper(count=count, listed=listed, add=add))


def _problems(incident: Incident) -> Q:
    raised = Q(raised_from_kind=Incident.SUBJECT, raised_from_id=incident.pk)
    return incidents.linked_to(incident, Problem.SUBJECT) | raised


def _actions(incident: Incident) -> ActionQuerySet:
    found = FollowUpAction.objects.filter(problem__in=Problem.objects.filter(_problems(incident)))
    return found.exclude(status=ActionStatus.DROPPED)


def count(incident: Incident) -> int:
    """Those that were not dropped, whoever asks."""
    return _actions(incident).count()


def listed(incident: Incident, actor: Actor) -> list[from_incidents.Action]:
    found = _actions(incident).visible_to(actor).select_related("problem", "team", "owner")
    return [
        from_incidents.Action(
            title=action.title,
            receiver=action.receiver,
            due=action.due,
            status=action.get_status_display(),
            url=reverse("problems:detail", args=[action.problem.reference]),
        )
        for action in found.order_by("due", "id")
    ]


def add(incident: Incident, title: str, due: date, owner: User | None, by: Actor) -> None:
    """Hand out an action by the problem behind the incident, which is raised where there is none that is open."""
    if not can(by, Permission.VIEW_PROBLEMS):
        raise NotAllowed("You may not see problems, which keep the follow-up actions.")
    found = Problem.objects.visible_to(by).filter(_problems(incident)).exclude(status=Status.CLOSED)
    problem = found.order_by("pk").first() or operations.raise_problem(incident.reference, by=by)
    follow_up.add_action(problem.reference, title=title, due=due, owner=owner, by=by)
