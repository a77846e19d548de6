"""Our events in one line each; who and when stand beside it."""

from __future__ import annotations

from collections.abc import Callable

from core.audit.models import Event
from core.audit.words import Presenter


def _edited(event: Event) -> str:
    names = [name.replace("_", " ") for name in event.after]
    return f"changed {', '.join(names) or 'nothing'}"


def _with(text: str, name: str) -> Callable[[Event], str]:
    """A sentence that ends in one of the event's words, when it has it."""

    def sentence(event: Event) -> str:
        said = str(event.data.get(name) or "").replace("_", " ")
        return f"{text}: {said}" if said else text

    return sentence


def _approved(event: Event) -> str:
    role = str(event.data.get("role", "")).replace("_", " ")
    note = f": {event.data['note']}" if event.data.get("note") else ""
    last = "; all approvals are given" if event.name == "change.approved" else ""
    return f"approved it for {role}{last}{note}"


SENTENCES: dict[str, Presenter] = {
    "change.drafted": "wrote the draft",
    "change.edited": _edited,
    "change.submitted": "submitted it for approval",
    "change.approvals_voided": _with("made the approvals void", "why"),
    "change.revised": "took it back to revise it",
    "change.withdrawn": _with("withdrew it", "reason"),
    "change.approval_given": _approved,
    "change.approved": _approved,
    "change.rejected": _with("rejected it", "note"),
    "change.approval_chased": "reminded those who still owe an approval",
    "change.scheduled": "scheduled it",
    "change.started": "started the work",
    "change.finished": _with("finished the work", "note"),
    "change.validated": _with("checked it", "result"),
    "change.backed_out": _with("backed it out", "note"),
    "change.closed": _with("closed it", "outcome"),
    "change.linked": _with("linked it", "to"),
    "change.unlinked": "took the link to {data[to]} away",
    "change.watched": "watches it",
    "change.unwatched": "watches it no longer",
    "change.mentioned": "named {data[names]} in a note",
    "change.time_logged": "logged {data[minutes]} min",
    "change.time_deleted": "took back {before[minutes]} min",
}
