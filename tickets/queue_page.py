"""The queue: views as tabs, a filter line whose state is in the address, and the list that refreshes itself."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from core.accounts.permissions import Permission
from core.accounts.web import page
from core.common import clock
from core.common.actor import Actor
from escalation import standing
from tickets import columns, completion, listing, presence, queries, rules, saved_views
from tickets.models import Ticket

NO_CONTENT = 204
MOST_LEFT = 50
PASSING = ("part", "seen", "have")  # what the refreshing asks beside the address of the list


@dataclass(frozen=True)
class Tab:
    """A view as a link; `count` is None above 1,000, `counted` False while it is not counted."""

    name: str
    label: str
    url: str
    current: bool
    count: int | None = None
    counted: bool = True
    shared: str = ""

    @property
    def words(self) -> str:
        return "" if not self.counted else "1000+" if self.count is None else str(self.count)


@require_GET
@page(Permission.VIEW_QUEUE)
def queue(request: HttpRequest, slug: str = "") -> HttpResponse:
    """A list of tickets: the work order of a view, or a saved view by its address.

    `part=rows` answers the list alone, and 204 while nothing in it changed. `have` names the rows that the
    reader's page shows, so that those which left the list come along and can stay in sight.
    """
    if (typed := request.GET.get("q", "")).strip():
        return redirect(f"{reverse('tickets:list')}?{listing.tokens(request.GET, typed)}")
    actor, now = request.actor, clock.now()  # type: ignore[attr-defined]
    saved = saved_views.get_for(slug, by=actor) if slug else None
    params = saved_views.params_of(saved) if saved else request.GET
    found = listing.read(params, actor, now)
    shown = listing.rows(found, request.GET.get("cursor"), now)
    presence.place(shown.tickets, actor)
    context = {
        "saved": saved,
        "rows": shown.tickets,
        "groups": _groups(shown),
        "columns": columns.chosen(saved.columns if saved else []),
        "view": found.view,
        "title": saved.name if saved else found.title,
        "wrong": found.wrong,
        "named": found.named,
        "next_url": f"?{_with(request.GET, cursor=shown.next)}" if shown.next else "",
        "first": "cursor" not in request.GET,
        "digest": _digest(shown.tickets),
        "here": _with(request.GET, part="rows"),
        "now": now,
    }
    if request.GET.get("part") == "rows":
        return _refreshed(request, actor, context)
    context |= {
        "tokens": [(name, value, _address(params, name)) for name, value in found.named.items()],
        "kept": listing.kept(params) or (f"view={found.view}" if found.view else ""),
        "tabs": tabs(actor, now, "" if saved else found.view),
        "saved_tabs": saved_tabs(actor, saved.slug if saved else ""),
        "may_change": saved is not None and saved_views.may_change(saved, actor),
        "ordering": found.ordering,
        "usual_order": found.is_usual_order,
        "orders": [(name, label, _address(params, ordering=name)) for name, label in found.orders.items()],
        "order_label": found.orders[found.ordering],
    }
    return render(request, "tickets/queue.html", context)


@require_GET
@page(Permission.VIEW_QUEUE)
def complete(request: HttpRequest) -> HttpResponse:
    """What the word that is being typed into the filter line may become: keys, then values of the key."""
    typed = (request.GET.get("q") or request.GET.get("conditions", ""))[:1000]
    word = typed.rsplit(" ", 1)[-1]
    found = completion.options(word, request.actor)  # type: ignore[attr-defined]
    return render(request, "tickets/completion.html", {"options": found})


@require_GET
@page(Permission.VIEW_QUEUE)
def counts(request: HttpRequest) -> HttpResponse:
    """The counts of the menu, and with `tabs` those of the queue's tabs, in one answer; 204 while unchanged."""
    actor, now = request.actor, clock.now()  # type: ignore[attr-defined]
    with_tabs = "tabs" in request.GET
    views = saved_tabs(actor, now=now)
    desk = tabs(actor, now, "", only="" if with_tabs else "mine")
    spans = [("n-my", tab.words, False) for tab in desk if tab.name == "mine"]
    if with_tabs:
        spans += [(f"n-{tab.name}", tab.words, tab.name == "breaching" and tab.count != 0) for tab in desk]
        spans += [(f"t-view-{view.name}", view.words, False) for view in views]
    on_call = standing.is_on_call(actor, now)
    digest = hashlib.sha256(repr((spans, views, on_call)).encode()).hexdigest()[:16]
    if request.GET.get("counted") == digest:
        return HttpResponse(status=NO_CONTENT)
    return render(
        request, "tickets/counts.html", {"spans": spans, "views": views, "on_call": on_call, "digest": digest}
    )


def tabs(actor: Actor, now: datetime, current: str, only: str = "") -> list[Tab]:
    """The desk's own views with their counts, one capped query each."""
    return [
        Tab(
            name, label, f"{reverse('tickets:list')}?view={name}", name == current, queries.count_up_to(found)
        )
        for name, (label, found) in queries.views(actor, now).items()
        if only in ("", name)
    ]


def saved_tabs(actor: Actor, current: str = "", now: datetime | None = None) -> list[Tab]:
    """A person's saved views. With `now` the first few are counted; a page does without, it gets them later."""
    views = list(saved_views.of(actor)[: saved_views.MOST_SHOWN])
    numbers = saved_views.counts(views, actor, now) if now else {}
    return [
        Tab(
            view.slug,
            view.name,
            reverse("tickets:view", args=[view.slug]),
            view.slug == current,
            count=numbers.get(view.slug),
            counted=view.slug in numbers,
            shared=view.team.name if view.team else "",
        )
        for view in views
    ]


def _refreshed(request: HttpRequest, actor: Actor, context: dict[str, Any]) -> HttpResponse:
    if request.GET.get("seen") == context["digest"]:
        return HttpResponse(status=NO_CONTENT)
    here = {ticket.pk for ticket in context["rows"]}
    asked = request.GET.get("have", "").split(",")[:MOST_LEFT]
    gone = [int(text) for text in asked if text.isdecimal() and len(text) < 19 and int(text) not in here]
    context["left"] = listing.some(Ticket.objects.visible_to(actor), gone)
    return render(request, "tickets/rows.html", context)


def _groups(shown: listing.Rows) -> list[tuple[str, str, list[Ticket]]]:
    """The rows by band, in order: its word, its look, its tickets. In another order they are one group."""
    if not shown.grouped:
        return [("", "", shown.tickets)] if shown.tickets else []
    looks = {"overdue": "t-red", "next_hour": "t-amber"}
    return [
        (rules.BAND_WORDS[band], looks.get(band, ""), rows)
        for band in rules.BANDS
        if (rows := [ticket for ticket in shown.tickets if ticket.band == band])
    ]


def _digest(tickets: list[Ticket]) -> str:
    marks = ";".join(
        f"{ticket.pk}.{ticket.version}.{getattr(ticket, 'band', '')}.{ticket.present}" for ticket in tickets
    )
    return hashlib.sha256(marks.encode()).hexdigest()[:16]


def _with(query: QueryDict, **changes: str | None) -> str:
    values = {**{name: query[name] for name in query if name not in PASSING}, **changes}
    return urlencode({name: value for name, value in values.items() if value})


def _address(params: QueryDict, without: str = "", **changes: str) -> str:
    """The list of these filters without one of them, or with another order, as an address of its own."""
    changed: dict[str, str | None] = {"cursor": None, **changes}
    if without:
        changed[without] = None
    return f"{reverse('tickets:list')}?{_with(params, **changed)}"
