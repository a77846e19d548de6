"""Our events in one sentence each; who and when stand beside it."""

from __future__ import annotations

from core.audit.models import Event
from core.audit.words import Presenter
from sla import causes
from sla.models import Goal


def _goals(event: Event) -> str:
    return " and ".join(str(Goal(clock["goal"]).label).lower() for clock in event.data["clocks"])


def _because(event: Event) -> str:
    return f": {event.data['why']}" if event.data.get("why") else ""


def _explained(event: Event) -> str:
    return (
        f"said why the service level was missed: {causes.in_words(event.data['cause'], event.data['note'])}"
    )


SENTENCES: dict[str, Presenter] = {
    "sla.started": lambda event: f"started the clock of {_goals(event)}",
    "sla.met": lambda event: f"kept the promise of {_goals(event)}",
    "sla.cancelled": lambda event: f"cancelled the clock of {_goals(event)}{_because(event)}",
    "sla.retargeted": lambda event: f"set a new target for {_goals(event)}{_because(event)}",
    "sla.paused": lambda event: f"paused the clock of {_goals(event)}{_because(event)}",
    "sla.resumed": lambda event: f"let the clock of {_goals(event)} run on{_because(event)}",
    "sla.reminder": lambda event: f"reminded of {_goals(event)}",
    "sla.breached": lambda event: f"missed the target of {_goals(event)}",
    "sla.explained": _explained,
    "calendar.created": "entered the calendar {after[name]}",
    "calendar.changed": "changed the calendar; {data[clocks]} running clocks follow it",
    "policy.created": "entered the policy",
    "policy.changed": "changed the policy",
}
