"""The verbs of a ticket as its page knows them: the form of each, the operation behind it, what is known already."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms as django_forms
from django.db.models import F

from core.accounts.permissions import Permission
from core.common.actor import Actor
from tickets import asked as asked_for
from tickets import conversation_forms, forms, operations, queries, relation_forms, service_levels, side_facts
from tickets.models import Entry, Ticket
from tickets.operations import facts
from tickets.rules import Handoff

MOST_NOTES = 3  # of the last ones, in what was tried
Do = Callable[[str, dict[str, Any], Actor], Any]


@dataclass(frozen=True)
class Verb:
    """A form, the operation behind it, and what the page says afterwards."""

    form: type[django_forms.Form]
    do: Do
    said: str
    to: Permission = Permission.WORK_TICKET


def _escalate(ref: str, data: dict[str, Any], by: Actor) -> Any:
    to = {name: data.pop(name) for name in ("from_tier", "team", "files")}
    return operations.escalate(ref, handoff=Handoff(**data), **to, by=by)


def _edit(ref: str, data: dict[str, Any], by: Actor) -> Any:
    values = {name: value for name, value in data.items() if name in facts.EDITABLE}
    return operations.edit(ref, values=values, if_version=data["version"], by=by)


def _resolve(ref: str, data: dict[str, Any], by: Actor) -> Any:
    facts = {name: value for name, value in data.items() if name != "children"}
    if data["children"]:
        return operations.resolve_family(ref, **facts, by=by)
    return operations.resolve(ref, **facts, by=by)


def _close(ref: str, data: dict[str, Any], by: Actor) -> Any:
    return (operations.close_family if data["children"] else operations.close)(ref, by=by)


VERBS: dict[str, Verb] = {
    "watch": Verb(
        forms.TakeForm, lambda ref, data, by: operations.watch(ref, by=by), "You hear of what happens here."
    ),
    "unwatch": Verb(
        forms.TakeForm, lambda ref, data, by: operations.unwatch(ref, by=by), "You hear of it no longer."
    ),
    "tags": Verb(
        conversation_forms.TagsForm,
        lambda ref, data, by: operations.edit(ref, values={"tags": data["tags"]}, by=by),
        "Tags saved.",
    ),
    "take": Verb(forms.TakeForm, lambda ref, data, by: operations.take(ref, by=by), "It is yours."),
    "assign": Verb(
        forms.AssignForm, lambda ref, data, by: operations.assign(ref, **data, by=by), "Assigned."
    ),
    "speaker": Verb(
        relation_forms.NameForm,
        lambda ref, data, by: operations.set_communication_owner(ref, **data, by=by),
        "They speak with the customer from now on.",
    ),
    "escalate": Verb(forms.EscalateForm, _escalate, "Escalated.", Permission.ESCALATE),
    "hand_back": Verb(
        forms.HandBackForm,
        lambda ref, data, by: operations.hand_back(ref, **data, by=by),
        "Handed back.",
        Permission.ESCALATE,
    ),
    "wait": Verb(
        forms.WaitForm,
        lambda ref, data, by: operations.wait(ref, **data, by=by),
        "Waiting for the customer. Clock paused.",
    ),
    "hold": Verb(forms.HoldForm, lambda ref, data, by: operations.hold(ref, **data, by=by), "On hold."),
    "resume": Verb(forms.TakeForm, lambda ref, data, by: operations.resume(ref, by=by), "Work goes on."),
    "resolve": Verb(
        relation_forms.ResolveFamilyForm,
        _resolve,
        "Resolved. The customer is told.",
        Permission.RESOLVE_TICKET,
    ),
    "close": Verb(
        relation_forms.CloseForm,
        _close,
        "Closed.",
        Permission.RESOLVE_TICKET,
    ),
    "reopen": Verb(
        forms.ReopenForm,
        lambda ref, data, by: operations.reopen(ref, **data, by=by),
        "Open again.",
        Permission.REOPEN_TICKET,
    ),
    "priority": Verb(
        forms.PriorityForm, lambda ref, data, by: operations.set_priority(ref, **data, by=by), "Priority set."
    ),
    "severity": Verb(
        forms.SeverityForm,
        lambda ref, data, by: operations.edit(ref, values={"severity": data["severity"]}, by=by),
        "Severity set.",
    ),
    "time": Verb(
        forms.TimeForm,
        lambda ref, data, by: operations.log_time(ref, **data, by=by),
        "Time logged.",
        Permission.LOG_TIME,
    ),
    "link": Verb(forms.LinkForm, lambda ref, data, by: operations.link(ref, **data, by=by), "Linked."),
    "unlink": Verb(
        relation_forms.UnlinkForm,
        lambda ref, data, by: operations.unlink(ref, **data, by=by),
        "Link removed.",
    ),
    "merge": Verb(
        relation_forms.MergeForm, lambda ref, data, by: operations.merge(ref, **data, by=by), "Merged."
    ),
    "undo_merge": Verb(
        forms.TakeForm, lambda ref, data, by: operations.undo_merge(ref, by=by), "The merge is undone."
    ),
    "split": Verb(
        relation_forms.SplitForm,
        lambda ref, data, by: operations.split(ref, **data, by=by),
        "This is a ticket of its own now.",
    ),
    "parent": Verb(
        relation_forms.ParentForm, lambda ref, data, by: operations.set_parent(ref, **data, by=by), "Saved."
    ),
    "name": Verb(
        relation_forms.NameForm,
        lambda ref, data, by: operations.name_person(ref, **data, by=by),
        "They may see it now.",
    ),
    "unname": Verb(
        relation_forms.UnnameForm,
        lambda ref, data, by: operations.unname_person(ref, **data, by=by),
        "They see it no longer.",
    ),
    "edit": Verb(forms.EditForm, _edit, "Saved."),
    "timer_stop": Verb(
        forms.TimerForm,
        lambda ref, data, by: operations.stop_timer(ref, **data, by=by),
        "Time logged.",
        Permission.LOG_TIME,
    ),
    "timer_discard": Verb(
        forms.TakeForm,
        lambda ref, data, by: operations.discard_timer(ref, by=by),
        "The timer is gone, nothing was logged.",
        Permission.LOG_TIME,
    ),
    "time_delete": Verb(
        forms.EntryForm,
        lambda ref, data, by: operations.delete_time(ref, **data, by=by),
        "Taken back.",
        Permission.LOG_TIME,
    ),
    "environment": Verb(
        asked_for.EnvironmentForm,
        lambda ref, data, by: operations.answer_environment(ref, answers=data["environment"], by=by),
        "Kept for this customer.",
    ),
}


# From a status: (verb, what it does, whether it asks first).
_WORKING = [
    ("wait", "Wait for the customer", True),
    ("hold", "Put on hold", True),
    ("resolve", "Resolve", True),
]
_PAUSED = [("resume", "Resume work", False), ("resolve", "Resolve", True)]
MOVES: dict[str, list[tuple[str, str, bool]]] = {
    "new": _WORKING,
    "open": _WORKING,
    "waiting": _PAUSED,
    "on_hold": _PAUSED,
    "resolved": [("reopen", "Reopen", True), ("close", "Close", True)],
    "closed": [("reopen", "Reopen", True)],
}


def form_for(name: str, ticket: Ticket, actor: Actor) -> django_forms.Form:
    """The form of a verb with what is known already."""
    known = KNOWN[name](ticket, actor) if name in KNOWN else {}
    return bind(VERBS[name], ticket, initial={"from_tier": ticket.tier, **known})


def needs_ticket(verb: Verb) -> bool:
    return issubclass(verb.form, asked_for.TicketForm)


def bind(verb: Verb, ticket: Ticket | None, *args: Any, **kwargs: Any) -> django_forms.Form:
    """The form of a verb, bound or not; some ask about the ticket that they are for."""
    if needs_ticket(verb):
        kwargs["ticket"] = ticket
    return verb.form(*args, **kwargs)


def _known_facts(ticket: Ticket, actor: Actor) -> dict[str, Any]:
    known = {field: getattr(ticket, field) for field in forms.EditForm.base_fields}
    for field in ("organisation", "application", "component"):
        known[field] = known[field].slug if known[field] else ""
    return known


def _known_of_hand_off(ticket: Ticket, actor: Actor) -> dict[str, Any]:
    """What was said before: the last hand-off up, the SOP runs and the internal notes since."""
    before = ticket.handoffs.filter(to_tier__gt=F("from_tier")).last()
    since = {"at__gt": before.at} if before else {}
    runs = [f"{run.sop}: {run.outcome}" for run in ticket.sop_runs.filter(**since)]
    notes = ticket.entries.filter(kind=Entry.Kind.INTERNAL_NOTE)
    notes = notes.filter(created_at__gt=before.at) if before else notes
    written = [note.body for note in notes.order_by("-created_at", "-id")[:MOST_NOTES]]
    return {
        "summary": before.summary if before else ticket.subject,
        "business_impact": before.business_impact if before else "",
        "tried": "\n\n".join([*([before.tried] if before else []), *runs, *reversed(written)]),
        "reproduce": ticket.steps_to_reproduce or (before.reproduce if before else ""),
        "evidence": before.evidence if before else "",
    }


def _who_has_it(ticket: Ticket, actor: Actor) -> dict[str, Any]:
    return {
        "team": getattr(side_facts.proposed_for_security(ticket) or ticket.team, "slug", ""),
        "assignee": ticket.assignee.username if ticket.assignee else "",
    }


def _tags(ticket: Ticket, actor: Actor) -> dict[str, Any]:
    offered = dict.fromkeys([*ticket.tags, *queries.tags_in_use(actor)])
    return {"tags": ticket.tags, "offered": list(offered)}


KNOWN: dict[str, Callable[[Ticket, Actor], dict[str, Any]]] = {
    "edit": _known_facts,
    "escalate": _known_of_hand_off,
    "assign": _who_has_it,
    "tags": _tags,
    "speaker": lambda ticket, actor: {
        "person": ticket.communication_owner.username if ticket.communication_owner else ""
    },
    "parent": lambda ticket, actor: {
        "parent": queries.reference_of(ticket.parent_id) if ticket.parent_id else ""
    },
    "severity": lambda ticket, actor: {"severity": ticket.severity},
    "priority": lambda ticket, actor: {"priority": ticket.priority, "reason": ticket.priority_reason},
    "resolve": lambda ticket, actor: {"missed": service_levels.asks_for_cause(ticket)},
}
