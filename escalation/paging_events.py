"""The events of paging in one sentence each; who and when stand beside it."""

from __future__ import annotations

from core.audit.models import Event
from core.audit.words import Presenter
from escalation.paging_rules import listed


def _notified(event: Event) -> str:
    again = f", round {event.data['round']}" if event.data.get("round", 1) > 1 else ""
    return f"paged {listed(event.data['people'])} with {event.data['page']}, step {event.data['step']}{again}"


def _nobody(event: Event) -> str:
    return f"found nobody behind {event.data['whom']} ({event.data['page']}){_told(event)}"


def _exhausted(event: Event) -> str:
    return f"ended {event.data['page']} without an answer{_told(event)}"


def _told(event: Event) -> str:
    return f"; told {listed(event.data['told'])}" if event.data.get("told") else ""


def _names(event: Event) -> str:
    return listed([name.replace("_", " ") for name in event.after]) or "nothing"


SENTENCES: dict[str, Presenter] = {
    "escalation_policy.created": "wrote the escalation policy {after[name]} of {data[team]}",
    "escalation_policy.changed": lambda event: f"changed the escalation policy: {_names(event)}",
    "paging_channel.added": "lets {data[owner]} be paged by {data[how]}",
    "paging_channel.removed": "no longer lets {data[owner]} be paged by {data[how]}",
    "paging_channel.tested": "sent a test page to {data[owner]} by {data[how]}",
    "page.started": "pages {data[team]} with {data[page]}: {data[reason]}",
    "page.notified": _notified,
    "page.nobody": _nobody,
    "page.acknowledged": "acknowledged {data[page]}",
    "page.still_on_it": "is still on it ({data[page]})",
    "page.stale_asked": "asked {data[person]} whether {data[page]} is still worked on",
    "page.went_on": "let {data[page]} go on: no word from {data[person]}",
    "page.exhausted": _exhausted,
    "page.resolved": "ended {data[page]}, as the work is done",
    "page.cancelled": "cancelled {data[page]}: {data[reason]}",
}
