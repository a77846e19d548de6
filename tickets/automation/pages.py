"""The pages of rules: the list in its order, the editor, the dry run, the log; and why, on a ticket."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from core.accounts.permissions import Permission
from core.accounts.web import page
from core.audit import trail, words
from core.common import paging
from core.common.errors import RuleBroken
from tickets import queries as tickets
from tickets.automation import conditions, judging, operations, queries, verbs
from tickets.automation.events import LISTENS
from tickets.automation.forms import Editor
from tickets.models import AutomationRule, Ticket

MOST_HISTORY = 30


@require_GET
@page(Permission.MANAGE_AUTOMATION)
def index(request: HttpRequest) -> HttpResponse:
    """All rules in their order, with what each does in words; those that the desk had to stop stand out."""
    rows = [_described(rule) for rule in queries.rules()]
    return render(request, "tickets/rules/list.html", {"rows": rows})


@require_http_methods(["GET", "POST"])
@page(Permission.MANAGE_AUTOMATION)
def new(request: HttpRequest) -> HttpResponse:
    """A new rule; it is switched off until one says otherwise, so that it can be tried dry."""
    actor = request.actor  # type: ignore[attr-defined]
    if request.method == "GET":
        return _page(request, Editor(), None)
    return _save(request, None, lambda values, version: operations.create_rule(**values, by=actor))


@require_http_methods(["GET", "POST"])
@page(Permission.MANAGE_AUTOMATION)
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a rule. Who changes what it does becomes its owner."""
    actor = request.actor  # type: ignore[attr-defined]
    rule = queries.get_for(pk, by=actor)
    if request.method == "GET":
        return _page(request, Editor(rule), rule)
    return _save(
        request,
        rule,
        lambda values, version: operations.edit_rule(pk, values=values, if_version=version, by=actor),
    )


@require_POST
@page(Permission.MANAGE_AUTOMATION)
def switch(request: HttpRequest, pk: int) -> HttpResponse:
    """On or off."""
    on = request.POST.get("on") == "1"
    return _do(
        request,
        lambda: operations.switch_rule(pk, on=on, by=request.actor),  # type: ignore[attr-defined]
        "Switched on." if on else "Switched off.",
    )


@require_POST
@page(Permission.MANAGE_AUTOMATION)
def move(request: HttpRequest, pk: int) -> HttpResponse:
    """To another place in the order."""
    to = request.POST.get("to", "")
    place = int(to) if to.isascii() and to.isdecimal() and len(to) < 6 else 1
    return _do(request, lambda: operations.move_rule(pk, to=place, by=request.actor), "Moved.")  # type: ignore[attr-defined]


@require_GET
@page(Permission.MANAGE_AUTOMATION)
def dry_run(request: HttpRequest, pk: int) -> HttpResponse:
    """What the rule would have done in the last 30 days. Nothing is written."""
    actor = request.actor  # type: ignore[attr-defined]
    rule = queries.get_for(pk, by=actor)
    context = {"rule": rule, "run": judging.dry_run(rule, actor), "days": judging.DAYS}
    return render(request, "tickets/rules/dry_run.html", context)


@require_GET
@page(Permission.MANAGE_AUTOMATION)
def log(request: HttpRequest, pk: int) -> HttpResponse:
    """What the rule did, and who changed it."""
    actor = request.actor  # type: ignore[attr-defined]
    rule = queries.get_for(pk, by=actor)
    found = paging.page(
        queries.runs(rule, actor), ordering=["-pk"], cursor=request.GET.get("cursor"), counted=False
    )
    changes = trail.history(AutomationRule.SUBJECT, rule.pk).order_by("-id")[:MOST_HISTORY]
    context = {
        "rule": rule,
        "runs": [(run, f"{Ticket.PREFIX}-{run.ticket_id}") for run in found.rows],
        "next": found.next,
        "changes": [(event, words.sentence(event)) for event in changes],
    }
    return render(request, "tickets/rules/log.html", context)


@require_GET
@page(Permission.VIEW_QUEUE)
@page(Permission.WORK_TICKET)
def why(request: HttpRequest, ref: str) -> HttpResponse:
    """Which rules acted on a ticket and why, and what kept the others from it."""
    ticket = tickets.get_for(ref, by=request.actor)  # type: ignore[attr-defined]
    context = {"ticket": ticket, "reasons": judging.explain(ticket)}
    return render(request, "tickets/rules/why.html", context)


def _described(rule: AutomationRule) -> dict[str, Any]:
    """A rule in words."""
    if rule.trigger == AutomationRule.Trigger.TIME:
        when = f"Nothing changed for {judging.span(rule.after_minutes or 0)}"
    else:
        first, *rest = (LISTENS.get(name, name) for name in rule.events)
        when = ", or ".join([first, *(name[0].lower() + name[1:] for name in rest)])
    return {
        "rule": rule,
        "when": when,
        "only": conditions.to_tokens(rule.conditions),
        "acts": [verbs.say(action) for action in rule.actions],
    }


def _save(
    request: HttpRequest,
    rule: AutomationRule | None,
    do: Callable[[dict[str, Any], int | None], AutomationRule],
) -> HttpResponse:
    editor = Editor(rule, request.POST)
    if "add" in request.POST or "remove" in request.POST:
        return _page(request, editor.with_rows(request.POST), rule)
    if not editor.form.is_valid():
        return _page(request, editor, rule, 422)
    try:
        saved = do(editor.values(), editor.form.cleaned_data["version"])
    except RuleBroken as broken:
        editor.show(broken)
        return _page(request, editor, rule, broken.status)
    messages.success(request, f"Rule “{saved.name}” saved, {'on' if saved.active else 'off'}.")
    return redirect("tickets:dry_run" if "try" in request.POST else "tickets:rule", saved.pk)


def _do(request: HttpRequest, do: Callable[[], Any], said: str) -> HttpResponse:
    try:
        do()
    except RuleBroken as broken:
        if broken.status == 404:
            raise
        messages.error(request, broken.sentence)
    else:
        messages.success(request, said)
    return redirect("tickets:rules")


def _page(
    request: HttpRequest, editor: Editor, rule: AutomationRule | None, status: int = 200
) -> HttpResponse:
    actor = request.actor  # type: ignore[attr-defined]
    context = {
        "rule": rule,
        "form": editor.form,
        "rows": editor.rows,
        "variables": verbs.VARIABLES,
        "verbs": [(name, verb.label) for name, verb in verbs.VERBS.items()],
        "becomes_mine": rule is not None and rule.owner_id != actor.user_id,
    }
    return render(request, "tickets/rules/edit.html", context, status=status)


urlpatterns = [
    path("", index, name="rules"),
    path("new/", new, name="new_rule"),
    path("<int:pk>/", edit, name="rule"),
    path("<int:pk>/switch/", switch, name="switch_rule"),
    path("<int:pk>/move/", move, name="move_rule"),
    path("<int:pk>/dry_run/", dry_run, name="dry_run"),
    path("<int:pk>/log/", log, name="rule_log"),
]
