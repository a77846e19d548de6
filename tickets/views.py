"""What leads away from the queue: a ticket beside it, taking many, a new ticket."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from core.accounts.permissions import Permission
from core.accounts.web import page
from core.common import clock
from core.common.web import act
from core.search import queries as search_queries
from customers.models import Contact
from customers.operations import caller
from sla import queries as clock_queries
from sla.models import Goal
from sla.rules import Facts
from tickets import operations, pages, queries
from tickets.forms import NewTicketForm
from tickets.models import Ticket
from worklog import subjects


@require_GET
@page(Permission.VIEW_QUEUE)
def preview(request: HttpRequest, ref: str) -> HttpResponse:
    """What one needs to triage a ticket, beside the list."""
    actor = request.actor  # type: ignore[attr-defined]
    ticket = queries.get_for(ref, by=actor)
    latest = queries.conversation(ticket, actor).filter(kind="customer_message").last()
    context = {"ticket": ticket, "latest": latest, **pages.side(ticket, actor)}
    return render(request, "tickets/preview.html", context)


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
    form = NewTicketForm(initial=request.GET.dict())
    ask_again = request.GET.get("asked", "") != form.asked.signature
    context = {"form": form, "ask_again": ask_again, **_consequences(request, form)}
    return render(request, "tickets/consequences.html", context)


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
