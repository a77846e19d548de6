"""What our events say, in one sentence each; who and when stand beside it."""

from __future__ import annotations

from core.audit.models import Event
from core.audit.words import Presenter
from escalation import tiers


def _updated(event: Event) -> str:
    parts = [
        f"{name.replace('_', ' ')}: {_short(event.before.get(name))} → {_short(new)}"
        for name, new in event.after.items()
    ]
    return "changed " + "; ".join(parts)


def _from_to(event: Event) -> str:
    """The tiers as they were called then."""
    names = (
        event.data.get("from_tier") or tiers.name(event.before["tier"]),
        event.data.get("to_tier") or tiers.name(event.after["tier"]),
    )
    return "from {} to {}".format(*names)


def _assigned(event: Event) -> str:
    to = [str(event.after[name]) for name in ("team", "assignee") if event.after.get(name)]
    return f"assigned it to {', '.join(to)}" if to else "took the assignment away"


def _parent_set(event: Event) -> str:
    return f"put it under {event.after['parent']}" if event.after["parent"] else "took it out of its parent"


def _put_back(event: Event) -> str:
    return _updated(event).replace("changed ", "took a bulk change back: ", 1)


def _short(value: object) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value or "nothing")
    return text if len(text) <= 60 else f"{text[:59]}…"


SENTENCES: dict[str, Presenter] = {
    "ticket.created": "opened it as {after[priority]}",
    "ticket.updated": _updated,
    "ticket.priority_set": "set the priority to {after[priority]}: {data[reason]}",
    "ticket.taken": "took it",
    "ticket.assigned": _assigned,
    "ticket.escalated": lambda event: f"escalated it {_from_to(event)}, {event.after['team']}",
    "ticket.handed_back": lambda event: f"handed it back {_from_to(event)}: {event.data['reason']}",
    "ticket.passed_around": "saw it passed around: {data[handoffs]} hand-offs, {data[teams]} teams",
    "ticket.communication_owner_set": "asked {after[communication_owner]} to speak with the customer",
    "ticket.replied": "replied to the customer",
    "ticket.noted": "added an internal note",
    "ticket.customer_wrote": "wrote",
    "ticket.waiting": "set it to waiting for the customer: {data[note]}",
    "ticket.held": "put it on hold ({after[hold_reason]}): {data[note]}",
    "ticket.resumed": "resumed it",
    "ticket.resolved": "resolved it: {after[resolution_code]}",
    "ticket.closed": "closed it",
    "ticket.reopened": "reopened it: {data[reason]}",
    "ticket.review_due": "reminded that it is time to look again: {data[note]}",
    "ticket.time_logged": "logged {data[minutes]} min",
    "ticket.time_deleted": "took back {before[minutes]} min",
    "custom_field.created": "added the field {after[label]}",
    "custom_field.edited": lambda event: f"changed the field: {', '.join(event.after)}",
    "ticket.timer_stopped": "stopped the timer after {data[minutes]} min",
    "ticket.linked": "linked {data[to]}",
    "ticket.unlinked": "took the link to {data[to]} away",
    "ticket.merged": "merged it into {data[other]}",
    "ticket.merged_here": "merged {data[other]} into this",
    "ticket.unmerged": "undid the merge into {data[other]}",
    "ticket.unmerged_here": "undid the merge of {data[other]}",
    "ticket.split": "made {data[to]} of a message",
    "ticket.parent_set": _parent_set,
    "ticket.followed_up": "opened {data[to]}, as this was closed too long ago",
    "ticket.person_named": "named {data[person]}, who may see it now",
    "ticket.person_unnamed": "took {data[person]} off the people who may see it",
    "ticket.put_back": _put_back,
    "recurrence.created": "set up a recurring ticket: {after[rule]}",
    "recurrence.changed": _updated,
    "recurrence.switched": lambda event: "let it go on" if event.after["active"] else "let it rest",
    "ticket.recurred": "opened it as “{data[recurrence]}” asks for",
    "ticket.watched": "watches it",
    "ticket.unwatched": "watches it no longer",
    "ticket.mentioned": "named {data[names]} in a note",
    "ticket.macro_used": "used the macro “{data[macro]}”",
    "macro.created": "made the macro “{after[name]}”",
    "macro.edited": _updated,
    "ticket.imported": "opened it on another desk as {data[number]} ({data[source]})",
    "ticket.imported_change": _updated,
    "saved_view.created": "saved the view “{after[name]}”",
    "saved_view.edited": "changed the view",
    "saved_view.deleted": "deleted the view “{before[name]}”",
}
