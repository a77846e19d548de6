"""The page of one ticket: everything that stands on it, with a dialog open where one was asked for."""

from __future__ import annotations

from typing import Any

from django import forms as django_forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from core.accounts.permissions import Permission, can
from core.common import clock
from core.common.actor import Actor
from core.common.vocabulary import Activity
from escalation import directory, tiers
from tickets import composer, forms, page_marks, pages, panels, presence, side_facts, stints
from tickets.models import Ticket
from worklog import queries as worklog

BESIDE = {"time": "time_form", "timer_stop": "timer_form"}  # verbs whose forms stand in the side column


def parts(ticket: Ticket, actor: Actor) -> dict[str, Any]:
    """What renews itself: the verbs, where the ticket stands, the conversation, the side column."""
    talk, side = pages.talk(ticket, actor), pages.side(ticket, actor)
    works, ladder = can(actor, Permission.WORK_TICKET), tiers.ladder()
    watchers = worklog.watchers_of(ticket) if works else []
    return {
        "ticket": ticket,
        "talk": talk,
        "mark": page_marks.of_page(ticket, talk, side["clocks"]),
        "steps": pages.steps(ticket, ladder, stints.of(ticket, clock.now()), talk.handed),
        "last_tier": ladder.last,
        "actions": panels.actions(ticket, actor) if ticket.is_open else [],
        "can_work": works,
        "can_split": works,
        "watchers": watchers,
        "watching": any(user.pk == actor.user_id for user in watchers),
        "time_form": forms.TimeForm(),
        "timer_form": _timer_form(side["time"]),
        **side,
    }


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
    context = parts(ticket, actor)
    if form is not None and not context["children"]:
        form.fields.pop("children", None)  # nothing stands below it
    context |= {
        "asked": asked,
        "form": form,
        "reply": reply,
        "preview": preview,
        **_conversation(request, ticket, actor, reply),
        "proposed": _proposed(ticket, form)
        if asked == "escalate" and ticket.tier < context["last_tier"]
        else None,
        "offer": side_facts.offer(request.GET, actor),
    }
    context |= {name: form for verb, name in BESIDE.items() if verb == asked}
    return render(request, "tickets/ticket.html", context, status=status)


def _conversation(
    request: HttpRequest, ticket: Ticket, actor: Actor, reply: django_forms.Form | None
) -> dict[str, Any]:
    """What helps to talk: the reply box, who else is here, the macros when they are asked for."""
    if not can(actor, Permission.WORK_TICKET):
        return {}
    asks_macro = request.GET.get("open") == "macro"
    return {
        "composer": composer.of(ticket, actor, form=reply, then=request.GET.get("then", "")),
        "present": presence.here([ticket], actor).get(ticket.pk, []),
        "macro_choice": composer.macro_choice(request.GET.get("macro", ""), ticket, actor)
        if asks_macro
        else None,
    }


def _timer_form(time: side_facts.Time | None) -> django_forms.Form | None:
    if time is None or time.since is None:
        return None
    form = forms.TimerForm(initial={"minutes": time.minutes, "activity": Activity.INVESTIGATION})
    form.fields["minutes"].widget.attrs["data-minutes-since"] = int(time.since.timestamp())
    return form


def _proposed(ticket: Ticket, form: django_forms.Form | None) -> list[directory.Proposal]:
    """Who could take it at the next tier, the nearest first; the form offers them."""
    found = directory.proposals(
        component=ticket.component, tier=ticket.tier + 1, application=ticket.application, areas=ticket.areas
    )
    if isinstance(form, forms.EscalateForm):
        form.offer(found)
    return found
