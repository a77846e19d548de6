"""The queue and what leads away from it."""

from __future__ import annotations

import hashlib
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from core.accounts.permissions import Permission
from core.accounts.web import page
from core.common import clock
from core.common.errors import RuleBroken
from core.common.web import act
from core.search import queries as search_queries
from customers.models import Contact
from customers.operations import caller
from sla import queries as clock_queries
from sla.models import Goal
from sla.rules import Facts
from tickets import operations, pages, queries, rules
from tickets.filters import TicketFilter
from tickets.forms import NewTicketForm
from tickets.models import Ticket
from worklog import subjects

NO_CONTENT = 204
MOST_PICKED = 100


@require_GET
@page(Permission.VIEW_QUEUE)
def queue(request: HttpRequest) -> HttpResponse:
    """The work order. `part=rows` answers the list alone, and 204 while nothing in it changed."""
    if (typed := request.GET.get("q", "")).strip():
        return redirect(f"{request.path}?{_tokens(request.GET, typed)}")
    actor, now = request.actor, clock.now()  # type: ignore[attr-defined]
    views = queries.views(actor, now)
    filters = TicketFilter(request.GET, queryset=None, request=request)
    named = {name: request.GET[name] for name in filters.filters if request.GET.get(name)}
    view = request.GET.get("view", "" if named else "triage")
    base = views[view][1] if view in views else Ticket.objects.visible_to(actor)
    if not view and "status" not in named:
        base = base.open()
    filters = TicketFilter(request.GET, queryset=base, request=request)
    wrong = [f"{name}: {' '.join(texts)}" for name, texts in filters.form.errors.items()]
    rows = filters.qs if not wrong else base.none()
    placed = queries.queue(rows, cursor=request.GET.get("cursor"), now=now)
    context = {
        "placed": placed,
        "groups": _groups(placed.tickets),
        "view": view,
        "title": views[view][0] if view in views else "Filtered",
        "named": [(name, value, _without(request.GET, name)) for name, value in named.items()],
        "wrong": wrong,
        "next_url": f"?{_with(request.GET, cursor=placed.next)}" if placed.next else "",
        "first": "cursor" not in request.GET,
        "digest": _digest(placed.tickets),
        "here": _with(request.GET, part="rows", seen=None),
        "now": now,
    }
    if request.GET.get("part") == "rows":
        if request.GET.get("seen") == context["digest"]:
            return HttpResponse(status=NO_CONTENT)
        return render(request, "tickets/rows.html", context)
    context["tabs"] = [
        (name, label, queries.count_up_to(found), name == view) for name, (label, found) in views.items()
    ]
    return render(request, "tickets/queue.html", context)


@require_GET
@page(Permission.VIEW_QUEUE)
def preview(request: HttpRequest, ref: str) -> HttpResponse:
    """What one needs to triage a ticket, beside the list."""
    actor = request.actor  # type: ignore[attr-defined]
    ticket = queries.get_for(ref, by=actor)
    latest = queries.conversation(ticket, actor).filter(kind="customer_message").last()
    context = {"ticket": ticket, "latest": latest, **pages.side(ticket, actor)}
    return render(request, "tickets/preview.html", context)


@require_POST
@page(Permission.WORK_TICKET)
def take_many(request: HttpRequest) -> HttpResponse:
    """Take every picked ticket that nobody has; what could not be taken is named with the reason."""
    taken = 0
    for ref in request.POST.getlist("pick")[:MOST_PICKED]:
        try:
            operations.take(ref, by=request.actor)  # type: ignore[attr-defined]
            taken += 1
        except RuleBroken as broken:
            messages.warning(request, f"Not taken: {broken.sentence}")
    if taken:
        messages.success(request, f"{taken} ticket{'s' if taken > 1 else ''} taken.")
    return redirect(f"/tickets/?{request.POST.get('back', '')}")


@require_http_methods(["GET", "POST"])
@page(Permission.VIEW_QUEUE)
@page(Permission.CREATE_TICKET)
def new(request: HttpRequest) -> HttpResponse:
    """The form for a new ticket, with what will follow from it beside."""
    if request.method == "GET":
        initial = {name: request.GET[name] for name in NewTicketForm.base_fields if name in request.GET}
        return _new_page(request, NewTicketForm(initial=initial))
    form = NewTicketForm(request.POST, request.FILES)
    return act(
        request,
        form,
        lambda data: _create(request, data),
        done=_created(request),
        again=lambda f, s: _new_page(request, f, s),
    )


@require_GET
@page(Permission.VIEW_QUEUE)
def consequences(request: HttpRequest) -> HttpResponse:
    """What a new ticket would start: priority, clocks, similar work. A fragment beside the form."""
    return render(request, "tickets/consequences.html", _consequences(request, NewTicketForm(request.GET)))


def _create(request: HttpRequest, data: dict[str, Any]) -> Ticket:
    by = request.actor  # type: ignore[attr-defined]
    data = dict(data)
    address, name = data.pop("requester"), data.pop("requester_name")
    if address:
        data["requester"] = caller(address, name=name, organisation=data["organisation"], by=by)
    return operations.create(**data, by=by)


def _created(request: HttpRequest) -> Any:
    def done(ticket: Ticket) -> HttpResponse:
        messages.success(request, f"{ticket.reference} created as {ticket.priority}.")
        if "take" in request.POST:
            operations.take(ticket.reference, by=request.actor)  # type: ignore[attr-defined]
        return redirect("tickets:detail", ticket.reference)

    return done


def _new_page(request: HttpRequest, form: NewTicketForm, status: int = 200) -> HttpResponse:
    contacts = Contact.objects.visible_to(request.actor).select_related("organisation")[:200]  # type: ignore[attr-defined]
    context = {"form": form, "contacts": contacts, **_consequences(request, form)}
    return render(request, "tickets/new.html", context, status=status)


def _consequences(request: HttpRequest, form: NewTicketForm) -> dict[str, Any]:
    """Worked out from what is typed so far, valid or not."""
    chosen = {
        name: form[name].value() or ""
        for name in ("impact", "urgency", "organisation", "application", "subject", "kind")
    }
    matrix = queries.whole_matrix()
    priority = matrix.get((chosen["impact"], chosen["urgency"]), "P2")
    actor, now = request.actor, clock.now()  # type: ignore[attr-defined]
    organisation = form.fields["organisation"].queryset.filter(slug=chosen["organisation"]).first()  # type: ignore[attr-defined]
    application = form.fields["application"].queryset.filter(slug=chosen["application"]).first()  # type: ignore[attr-defined]
    policy = clock_queries.policy_for(
        Facts(
            priority=priority,
            customer_tier=organisation.tier if organisation else "",
            kind=chosen["kind"],
            application_id=application.pk if application else None,
        )
    )
    clocks = []
    for goal in (Goal.FIRST_RESPONSE, Goal.RESOLUTION):
        if policy is not None and (minutes := policy.target(goal)):
            clocks.append((Goal(goal).label, minutes * 60, policy.calendar.hours().add(now, minutes)))
    similar = search_queries.find(chosen["subject"], actor, limit=4) if len(chosen["subject"]) > 3 else []
    levels = ("high", "medium", "low")
    return {
        "priority": priority,
        "matrix": [(row, [(column, matrix[row, column]) for column in levels]) for row in levels],
        "chosen": chosen,
        "policy": policy,
        "clocks": clocks,
        "similar": [(doc, subjects.address(doc.kind, doc.reference)) for doc in similar],
    }


def _groups(tickets: list[Ticket]) -> list[tuple[str, str, list[Ticket]]]:
    """The rows by band, in order: its word, its look, its tickets."""
    looks = {"overdue": "t-red", "next_hour": "t-amber"}
    return [
        (rules.BAND_WORDS[band], looks.get(band, ""), rows)
        for band in rules.BANDS
        if (rows := [ticket for ticket in tickets if ticket.band == band])  # type: ignore[attr-defined]
    ]


def _digest(tickets: list[Ticket]) -> str:
    marks = ";".join(f"{ticket.pk}.{ticket.version}.{ticket.band}" for ticket in tickets)  # type: ignore[attr-defined]
    return hashlib.sha256(marks.encode()).hexdigest()[:16]


def _with(query: QueryDict, **changes: str | None) -> str:
    values = {**{name: query[name] for name in query if name not in ("part", "seen")}, **changes}
    return urlencode({name: value for name, value in values.items() if value})


def _without(query: QueryDict, name: str) -> str:
    return _with(query, **{name: None, "cursor": None})


def _tokens(query: QueryDict, typed: str) -> str:
    """`tier:2 priority:P0 card payments` as parameters: known keys filter, the other words search."""
    known = TicketFilter.base_filters
    changes: dict[str, str | None] = {"q": None, "cursor": None}
    text: list[str] = [query["search"]] if query.get("search") else []
    for part in typed.split():
        key, colon, value = part.partition(":")
        if colon and value and key in known:
            changes[key] = value
        else:
            text.append(part)
    changes["search"] = " ".join(text)[:200] or None
    return _with(query, **changes)
