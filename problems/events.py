"""Our events in one line each; who and when stand beside it."""

from __future__ import annotations

from core.audit.models import Event
from core.audit.words import Presenter


def _edited(event: Event) -> str:
    names = [name.replace("_", " ") for name in event.after]
    return f"changed {', '.join(names) or 'nothing'}"


def _planned(event: Event) -> str:
    changes = event.data.get("changes") or []
    kind = event.after.get("fix_kind", "the same kind of fix").replace("_", " ")
    return f"planned the fix: {kind}{' by ' + ', '.join(changes) if changes else ''}"


SENTENCES: dict[str, Presenter] = {
    "problem.opened": "opened the problem",
    "problem.edited": _edited,
    "problem.investigated": "started to look for the cause",
    "problem.root_cause_stated": "stated the root cause",
    "problem.fix_planned": _planned,
    "problem.resolved": "resolved it; the fix is being watched",
    "problem.closed": "closed the problem",
    "problem.reopened": "reopened it: {data[reason]}",
    "problem.known_error_proposed": "proposed a known error",
    "problem.known_error_published": "published the known error",
    "problem.known_error_corrected": "corrected the known error",
    "problem.action_added": "added the action “{data[title]}”",
    "problem.action_edited": "changed the action “{data[title]}”",
    "problem.action_handed": "handed on the action “{data[title]}”",
    "problem.action_accepted": "accepted the action “{data[title]}”",
    "problem.action_started": "started the action “{data[title]}”",
    "problem.action_done": "finished the action “{data[title]}”",
    "problem.action_dropped": "dropped the action “{data[title]}”: {data[reason]}",
    "problem.linked": "linked {data[to]}",
    "problem.unlinked": "took the link to {data[to]} away",
    "problem.watched": "watches it",
    "problem.unwatched": "watches it no longer",
    "problem.mentioned": "named {data[names]} in a note",
    "problem.time_logged": "logged {data[minutes]} min",
    "problem.time_deleted": "took back {before[minutes]} min",
}
