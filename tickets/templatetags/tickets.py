"""How a ticket looks in a list."""

from __future__ import annotations

from typing import Any

from django import template
from django.http import QueryDict
from django.urls import reverse
from django.utils.safestring import SafeString

from core.common import markdown
from core.files import operations as files
from core.files import sniffing
from escalation import tiers
from escalation.directory import Proposal
from sla.models import Goal
from tickets import quoting
from tickets.columns import Column, chosen
from tickets.models import Ticket
from tickets.rules import THEN

register = template.Library()

SIGNS = {
    "issue": "bolt",
    "service_request": "inbox",
    "question": "ask",
    "feature_request": "bulb",
    "alert": "bell",
}
GOALS = dict(Goal.choices)


@register.inclusion_tag("ui/row.html")
def ticket_row(ticket: Ticket, columns: list[Column] | None = None) -> dict[str, Any]:
    """One row of the queue: what ui/row.html wants to know, and the list's further columns."""
    chips = [("Passed around", "amber", "warn")] if ticket.passed_around else []
    chips += [("reopened", "blue", "")] if ticket.reopened_count else []
    return {
        "id": ticket.pk,
        "reference": ticket.reference,
        "url": reverse("tickets:detail", args=[ticket.reference]),
        "row_url": reverse("tickets:detail", args=[ticket.reference]),
        "preview": reverse("tickets:preview", args=[ticket.reference]),
        "title": ticket.subject,
        "customer": ticket.organisation.name if ticket.organisation else "",
        "kind": ticket.get_kind_display(),
        "sign": SIGNS[ticket.kind],
        "priority": ticket.priority,
        "severity": ticket.severity,
        "status": ticket.status,
        "owner": ticket.assignee,
        "due_at": ticket.due_at,
        "state": "running" if ticket.due_at else "paused",
        "goal": GOALS.get(ticket.due_goal, "Clock"),
        "clock_url": reverse("tickets:clock", args=[ticket.reference, ticket.due_goal])
        if ticket.due_goal
        else "",
        "tier": ticket.tier,
        "present": getattr(ticket, "present", ()),
        "unread": ticket.customer_replied_at is not None,
        "cells": [cell(column, ticket) for column in columns or chosen([])],
        "chips": chips,
        "passed_around": ticket.passed_around,
    }


def cell(column: Column, ticket: Ticket) -> dict[str, Any]:
    """What stands in a column of a ticket's row."""
    return {
        "name": column.name,
        "text": column.text(ticket) if column.text else "",
        "at": column.at(ticket) if column.at else None,
    }


@register.filter
def kind_sign(kind: str) -> str:
    """The drawing of a ticket's kind."""
    return SIGNS.get(kind, "inbox")


@register.filter
def first_page(query: str) -> str:
    """The same list from its beginning."""
    values = QueryDict(query, mutable=True)
    for name in ("cursor", "part", "seen"):
        values.pop(name, None)
    return values.urlencode()


@register.filter
def moments(minutes: int) -> int:
    """Minutes as the seconds that the clock tag takes."""
    return minutes * 60


@register.inclusion_tag("tickets/ask_button.html")
def ask(
    verb: str, label: str, key: str = "", sign: str = "", look: str = "", only_here: bool = True
) -> dict[str, Any]:
    """A button that opens the dialog of a verb; without script it is a link to the page with the dialog open."""
    return {"verb": verb, "label": label, "key": key, "sign": sign, "look": look, "only_here": only_here}


@register.inclusion_tag("tickets/ask_many.html")
def ask_many(verb: str, label: str, key: str = "", sign: str = "") -> dict[str, str]:
    """A button that opens the dialog of a verb over the picked tickets; without script a page of its own."""
    return {"verb": verb, "label": label, "key": key, "sign": sign}


@register.inclusion_tag("ui/composer.html", takes_context=True)
def composer_for(context: template.Context, ticket: Ticket, talk: Any) -> dict[str, Any]:
    """The reply box of a ticket, with the draft or what was typed before an error."""
    box, time = context["composer"], context.get("time")
    offered = time if box.minutes is None else None
    names = ("reply", "draft", "markdown", "mentionable")
    address = {name: reverse(f"tickets:{name}", args=[ticket.reference]) for name in names}
    return {
        "action": address["reply"],
        "draft_url": address["draft"],
        "markdown_url": address["markdown"],
        "mentions_url": address["mentionable"],
        "draft": ticket.reference,
        "mark": box.mark,
        "kept_at": box.kept_at,
        "text": box.text,
        "error": _errors(context.get("reply")),
        "note": box.note,
        "kept": box.files,
        "lost_files": bool(getattr(context.get("reply"), "files", None)),
        "most_bytes": files.MOST_BYTES,
        "refused_endings": " ".join(sorted(sniffing.REFUSED_ENDINGS)),
        "then": THEN,
        "then_now": box.then,
        "preview": context.get("preview", ""),
        "to": ticket.requester.name if ticket.requester else "",
        "can_reply": ticket.status != "closed",
        "hidden": [{"name": "last_seen", "value": talk.last_public}],
        "macros": True,
        "timed": time is not None,
        "minutes": offered.minutes if offered else box.minutes,
        "timer_since": offered.since if offered else None,
        "csrf_token": context.get("csrf_token"),
    }


def _errors(form: Any) -> str:
    """What is wrong with a reply's fields, in one line below the text."""
    named = form.errors.items() if form is not None else ()
    return " ".join(text for name, texts in named if name != "__all__" for text in texts)


@register.simple_tag
def message_parts(text: str) -> list[tuple[SafeString, bool]]:
    """A message as safe HTML in parts: its author's words, and (True) the history that it quotes."""
    return quoting.rendered(text)


@register.simple_tag
def rendered(html: str) -> str:
    """HTML that our own Markdown made from a text when it was saved, cleaned once more on its way out."""
    return markdown.cleaned(html)


@register.simple_tag
def dialog_words(verb: str, ticket: Ticket, proposed: list[Proposal] | None = None) -> dict[str, str] | None:
    """What the dialog of a verb says; None for a verb that has its form in the page."""
    words = DIALOGS.get(verb)
    if words is None:
        return None
    ladder, tier = tiers.ladder(), ticket.tier
    names = {"tier": ladder.name(tier), "up": ladder.name(tier + 1), "down": ladder.name(tier - 1)}
    facts = {"ref": ticket.reference, **names}
    shown = {name: text.format_map(facts) for name, text in words.items()}
    shown["action"] = reverse(f"tickets:{verb}", args=[ticket.reference])
    if proposed:
        first = proposed[0]
        shown["say"] = f"Goes to {first.answer.team.name}, which {first.why}. {first.told}"
    elif proposed is not None:
        shown["say"] = f"No team works at {names['up']} yet, so nobody can take it."
    return {
        "keep": "Cancel",
        "look": "pri",
        "sign": "",
        "say": "",
        "tone": "blue",
        "say_sign": "info",
        **shown,
    }


DIALOGS: dict[str, dict[str, str]] = {
    "assign": {"title": "Assign {ref}", "send": "Assign", "keep": "Leave as it is"},
    "speaker": {
        "title": "Who speaks with the customer of {ref}?",
        "send": "Ask them",
        "keep": "Leave as it is",
        "say": "One person, usually of the first tier, whoever does the work. They hear what the customer writes.",
    },
    "escalate": {
        "title": "Escalate {ref} to {up}",
        "send": "Escalate to {up}",
        "keep": "Keep at {tier}",
        "sign": "up",
        "say_sign": "phone",
    },
    "hand_back": {
        "title": "Hand {ref} back to {down}",
        "send": "Hand back",
        "keep": "Keep at {tier}",
        "sign": "back",
    },
    "wait": {
        "title": "Wait for the customer?",
        "send": "Set to waiting",
        "keep": "Keep working",
        "say": "The clock pauses until they reply.",
        "say_sign": "pause",
    },
    "hold": {
        "title": "Put {ref} on hold?",
        "send": "Put on hold",
        "keep": "Keep working",
        "say": "The clock pauses only where the service level says so.",
        "say_sign": "pause",
    },
    "resolve": {
        "title": "Resolve {ref}",
        "send": "Resolve and tell the customer",
        "keep": "Keep it open",
        "look": "ok",
        "sign": "check",
    },
    "reopen": {"title": "Reopen {ref}?", "send": "Reopen", "keep": "Leave it"},
    "priority": {"title": "Priority of {ref}", "send": "Set priority", "keep": "Leave as it is"},
    "severity": {"title": "Severity of {ref}", "send": "Set severity", "keep": "Leave as it is"},
    "link": {"title": "Link {ref} to other work", "send": "Link", "keep": "Cancel", "sign": "link"},
    "tags": {"title": "Tags of {ref}", "send": "Save", "keep": "Cancel"},
    "merge": {
        "title": "Merge {ref} into another ticket",
        "send": "Merge",
        "keep": "Keep it apart",
        "sign": "merge",
        "say": "The conversation, files, time and watchers go along; {ref} closes as a duplicate. You can undo it.",
    },
    "split": {"title": "Make a ticket of this message", "send": "Make a ticket", "keep": "Leave it here"},
    "parent": {"title": "What {ref} is part of", "send": "Save", "keep": "Leave as it is"},
    "close": {"title": "Close {ref}?", "send": "Close", "keep": "Leave it resolved", "sign": "check"},
    "name": {"title": "Let somebody see {ref}", "send": "Let them see it", "keep": "Cancel", "sign": "eye"},
    "edit": {"title": "Facts of {ref}", "send": "Save", "keep": "Cancel"},
    "environment": {
        "title": "Environment of the customer",
        "send": "Keep the answers",
        "keep": "Cancel",
        "say": "They are kept for this customer, so that nobody asks again.",
    },
}


@register.filter
def key_words(key: str) -> str:
    """A shortcut as it is printed on a key: e is E, E is Shift and E."""
    return f"⇧{key}" if key.isupper() else key.upper()
