"""One ticket: its page, and one door for each verb. Every verb works as a plain form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms as django_forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from core.accounts.permissions import Permission, can
from core.accounts.web import page
from core.common.actor import Actor
from core.common.errors import NotFound, RuleBroken
from core.common.vocabulary import Activity
from core.common.web import act, way_back
from escalation import directory
from tickets import asked as asked_for
from tickets import (
    composer,
    conversation_forms,
    forms,
    operations,
    pages,
    panels,
    presence,
    queries,
    relation_forms,
    side_facts,
)
from tickets.models import Entry, Ticket
from tickets.operations import facts
from tickets.rules import Handoff
from worklog import queries as worklog

NO_CONTENT = 204
Do = Callable[[str, dict[str, Any], Actor], Any]


@dataclass(frozen=True)
class Verb:
    """A form, the operation behind it, and what the page says afterwards."""

    form: type[django_forms.Form]
    do: Do
    said: str
    to: Permission = Permission.WORK_TICKET


def _escalate(ref: str, data: dict[str, Any], by: Actor) -> Any:
    handoff = Handoff(**{name: value for name, value in data.items() if name != "from_tier"})
    return operations.escalate(ref, from_tier=data["from_tier"], handoff=handoff, by=by)


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


@require_GET
@page(Permission.VIEW_QUEUE)
def detail(request: HttpRequest, ref: str) -> HttpResponse:
    """The ticket's page; `open=VERB` shows the dialog of a verb."""
    ticket = queries.get_for(ref, by=request.actor)  # type: ignore[attr-defined]
    survivor = queries.survivor_seen(ticket, request.actor)  # type: ignore[attr-defined]
    if survivor is not None and "own" not in request.GET:
        messages.info(request, f"{ticket.reference} was merged into this ticket.")
        return redirect("tickets:detail", survivor.reference)
    asked = request.GET.get("open", "")
    may = asked in VERBS and can(request.actor, VERBS[asked].to)  # type: ignore[attr-defined]
    form = _form_for(asked, ticket, request.actor) if may else None  # type: ignore[attr-defined]
    if asked == "split" and form is not None:
        form.initial["entry"] = request.GET.get("entry", "")[:20]
    return show(request, ticket, asked if form is not None else "", form)


@require_GET
@page(Permission.VIEW_QUEUE)
def talk(request: HttpRequest, ref: str) -> HttpResponse:
    """The conversation alone, for the page to refresh itself; 204 while nothing was added."""
    ticket = queries.get_for(ref, by=request.actor)  # type: ignore[attr-defined]
    operations.poke_if_due(ticket)
    found = pages.talk(ticket, request.actor)  # type: ignore[attr-defined]
    if request.GET.get("seen") == found.digest:
        return HttpResponse(status=NO_CONTENT)
    may = can(request.actor, Permission.WORK_TICKET)  # type: ignore[attr-defined]
    context = {
        "ticket": ticket,
        "talk": found,
        "can_split": may,
        "can_work": may,
        "passed_around": queries.is_passed_around(ticket),
    }
    return render(request, "tickets/talk_live.html", context)


@require_GET
@page(Permission.VIEW_QUEUE)
@page(Permission.WORK_TICKET)
def moves(request: HttpRequest, ref: str) -> HttpResponse:
    """Where the ticket can go from its status: each way leads to the question of its verb."""
    ticket = queries.get_for(ref, by=request.actor)  # type: ignore[attr-defined]
    return render(request, "tickets/moves.html", {"ticket": ticket, "moves": MOVES[ticket.status]})


def _do(verb: Verb, ref: str, data: dict[str, Any], by: Actor) -> Any:
    """The operation; a typed reference of something that is not there is a mistake on the form, not a missing page."""
    queries.get_for(ref, by=by)
    try:
        return verb.do(ref, data, by)
    except NotFound as missing:
        raise RuleBroken(missing.sentence) from missing


def _verb_view(name: str) -> Callable[..., HttpResponse]:
    verb = VERBS[name]

    @require_POST
    @page(Permission.VIEW_QUEUE)  # customers hold some of these permissions too, and have pages of their own
    @page(verb.to)
    def view(request: HttpRequest, ref: str) -> HttpResponse:
        actor = request.actor  # type: ignore[attr-defined]

        def done(result: Any) -> HttpResponse:
            messages.success(request, verb.said)
            if isinstance(result, tuple):  # a ticket with its children, and what became of each
                result, children = result
                for child in (child for child in children if not child.done):
                    messages.warning(request, f"{child.reference} not done: {child.why}")
            at = result.reference if isinstance(result, Ticket) else ref
            return way_back(request.POST.get("back_to", "")) or redirect("tickets:detail", at)

        def again(form: django_forms.Form, status: int) -> HttpResponse:
            return show(request, queries.get_for(ref, by=actor), name, form, status)

        ticket = queries.get_for(ref, by=actor, to=verb.to) if _needs_ticket(verb) else None
        form = _bind(verb, ticket, request.POST, request.FILES)
        return act(request, form, lambda data: _do(verb, ref, data, actor), done=done, again=again)

    view.__name__ = name
    return view


views = {name: _verb_view(name) for name in VERBS}


def show(
    request: HttpRequest,
    ticket: Ticket,
    asked: str = "",
    form: django_forms.Form | None = None,
    status: int = 200,
    *,
    reply: django_forms.Form | None = None,
    preview: str = "",
) -> HttpResponse:
    """The page of a ticket: `asked` is the verb whose dialog is open with `form`, `reply` what the box holds."""
    actor = request.actor  # type: ignore[attr-defined]
    last_tier = queries.tiers_to_show()
    side = pages.side(ticket, actor)
    if form is not None and not side["children"]:
        form.fields.pop("children", None)  # nothing stands below it
    context = {
        "ticket": ticket,
        "talk": pages.talk(ticket, actor),
        "steps": pages.steps(ticket, last_tier),
        "last_tier": last_tier,
        "actions": panels.actions(ticket, actor) if ticket.is_open else [],
        "passed_around": queries.is_passed_around(ticket),
        "can_work": can(actor, Permission.WORK_TICKET),
        "can_split": can(actor, Permission.WORK_TICKET),
        "asked": asked,
        "form": form,
        "reply": reply,
        "preview": preview,
        **_conversation(request, ticket, actor, reply),
        "receiving": _receiving(ticket) if asked == "escalate" and ticket.tier < last_tier else None,
        "time_form": form if asked == "time" else forms.TimeForm(),
        "timer_form": form if asked == "timer_stop" else _timer_form(side["time"]),
        "offer": side_facts.offer(request.GET, actor),
        **side,
    }
    return render(request, "tickets/ticket.html", context, status=status)


def _conversation(
    request: HttpRequest, ticket: Ticket, actor: Actor, reply: django_forms.Form | None
) -> dict[str, Any]:
    """What helps to talk: the reply box, who else is here, who watches, the macros when they are asked for."""
    if not can(actor, Permission.WORK_TICKET):
        return {}
    watchers = worklog.watchers_of(ticket)
    asks_macro = request.GET.get("open") == "macro"
    return {
        "composer": composer.of(ticket, actor, form=reply, then=request.GET.get("then", "")),
        "present": presence.here([ticket], actor).get(ticket.pk, []),
        "watchers": watchers,
        "watching": any(user.pk == actor.user_id for user in watchers),
        "macro_choice": composer.macro_choice(request.GET.get("macro", ""), ticket, actor)
        if asks_macro
        else None,
    }


def _form_for(name: str, ticket: Ticket, actor: Actor) -> django_forms.Form:
    """The form of a verb with what is known already."""
    initial: dict[str, Any] = {"from_tier": ticket.tier}
    if name == "edit":
        initial = {field: getattr(ticket, field) for field in forms.EditForm.base_fields}
        for field in ("organisation", "application", "component"):
            initial[field] = initial[field].slug if initial[field] else ""
    elif name == "escalate":
        note = ticket.entries.filter(kind=Entry.Kind.INTERNAL_NOTE).last()
        initial |= {
            "summary": ticket.subject,
            "tried": note.body if note else "",
            "reproduce": ticket.steps_to_reproduce,
        }
    elif name == "assign":
        initial = {
            "team": getattr(side_facts.proposed_for_security(ticket) or ticket.team, "slug", ""),
            "assignee": ticket.assignee.username if ticket.assignee else "",
        }
    elif name == "tags":
        offered = dict.fromkeys([*ticket.tags, *queries.tags_in_use(actor)])
        initial = {"tags": ticket.tags, "offered": list(offered)}
    elif name == "parent":
        initial = {"parent": queries.reference_of(ticket.parent_id) if ticket.parent_id else ""}
    elif name == "severity":
        initial = {"severity": ticket.severity}
    elif name == "priority":
        initial = {"priority": ticket.priority, "reason": ticket.priority_reason}
    return _bind(VERBS[name], ticket, initial=initial)


def _needs_ticket(verb: Verb) -> bool:
    return issubclass(verb.form, asked_for.TicketForm)


def _bind(verb: Verb, ticket: Ticket | None, *args: Any, **kwargs: Any) -> django_forms.Form:
    return verb.form(*args, **kwargs, **({"ticket": ticket} if _needs_ticket(verb) else {}))


def _timer_form(time: side_facts.Time | None) -> django_forms.Form | None:
    if time is None or time.since is None:
        return None
    form = forms.TimerForm(initial={"minutes": time.minutes, "activity": Activity.INVESTIGATION})
    form.fields["minutes"].widget.attrs["data-minutes-since"] = int(time.since.timestamp())
    return form


def _receiving(ticket: Ticket) -> dict[str, Any]:
    team, person = directory.receiving(
        component=ticket.component, tier=ticket.tier + 1, application=ticket.application
    )
    return {"team": team, "person": person}
