"""Messages about follow-up actions, into the outbox."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse

from core.outbox import queue
from core.outbox.models import Lane
from problems.models import FollowUpAction
from problems.rules import Reminder

REMINDER = "problem.action_reminder"
HANDED = "problem.action_handed"


def remind(action: FollowUpAction, slot: Reminder, now: datetime) -> None:
    """One reminder for the owner (or who stands in for one) and, in later weeks, the manager."""
    people = [_owner_address(action)]
    if slot.tells_manager:
        people.append(_manager_address(action))
    words = _distance(action.due, now.astimezone(ZoneInfo(action.zone)).date())
    for address in dict.fromkeys(filter(None, people)):
        key = f"{reminder_key(action)}{slot.name}:{address}"
        _put(action, "action_reminder", REMINDER, address, key, {"when": words})


def handed(action: FollowUpAction, event_id: int, actor_id: int | None) -> None:
    """Tell who receives an action, unless they gave it to themselves."""
    if action.owner_id is not None and action.owner_id == actor_id:
        return
    address = _owner_address(action)
    if address:
        _put(action, "action_handed", HANDED, address, f"action:{action.pk}:handed:{event_id}:{address}", {})


def reminder_key(action: FollowUpAction) -> str:
    """How the dedup keys of an action's reminders begin; another day makes them others."""
    return f"action:{action.pk}:due:{action.due.isoformat()}:"


def _put(action: FollowUpAction, template: str, topic: str, to: str, key: str, more: dict[str, str]) -> None:
    problem = action.problem
    context = {
        "action": action,
        "problem": problem,
        "due": f"{action.due:%a} {action.due.day} {action.due:%b %Y}",
        "url": settings.BASE_URL + reverse("problems:detail", args=[problem.reference]),
        **more,
    }
    queue.put(
        lane=Lane.DIGEST,
        topic=topic,
        to=to,
        subject=render_to_string(f"email/{template}.subject", context),
        text=render_to_string(f"email/{template}.txt", context),
        about=action,
        dedup_key=key,
    )


def _owner_address(action: FollowUpAction) -> str:
    """The owner; where there is none, the team, its lead, or the problem's owner."""
    team, lead = action.team, action.team.lead if action.team else None
    candidates = [action.owner, team if action.owner is None else None, lead, action.problem.owner]
    return next((found.email for found in candidates if found is not None and found.email), "")


def _manager_address(action: FollowUpAction) -> str:
    """The manager of the action's team, else of a team that its owner works in."""
    team = action.team
    if team is None and action.owner is not None:
        team = action.owner.teams.exclude(manager=None).first()
    return team.manager.email if team is not None and team.manager is not None else ""


def _distance(due: date, today: date) -> str:
    days = (due - today).days
    if days == 0:
        return "due today"
    count = "1 day" if abs(days) == 1 else f"{abs(days)} days"
    return f"due in {count}" if days > 0 else f"{count} late"
