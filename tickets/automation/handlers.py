"""From the trail to the rules: after the commit, once per event, in a transaction together with the mark."""

from __future__ import annotations

from core.audit import delivery
from core.audit.models import Event
from core.timers.sweeps import Sweep
from tickets.automation import running
from tickets.automation.events import LISTENS
from tickets.models import AutomationRule


@delivery.handler(*LISTENS)
def run_rules(event: Event) -> None:
    running.on_event(event)


TIME_RULES = Sweep(
    name=running.SWEEP,
    due=lambda now: AutomationRule.objects.filter(next_at__lte=now).order_by("next_at", "position"),
    field="next_at",
    act=running.look,
)
