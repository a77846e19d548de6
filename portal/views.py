"""The customer's pages: their requests, a new one, and one with its conversation. All of it plain forms."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django import forms as django_forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from core.accounts.permissions import Permission
from core.accounts.web import page
from core.common import clock
from core.common.vocabulary import Channel
from core.common.web import act
from customers.models import Contact
from customers.queries import contact_of
from portal import queries, shapes
from portal.forms import NewRequestForm, ReplyForm
from tickets import operations
from tickets import queries as tickets
from tickets.models import Ticket

View = Callable[..., HttpResponse]


def customer_page(permission: Permission) -> Callable[[View], View]:
    """Give the view the customer's contact.

    Staff who follow a customer's link land on their own page of the same thing; a customer whom nobody has
    connected to a contact yet is told so.
    """

    def guard(view: View) -> View:
        @page(permission)
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            actor = request.actor  # type: ignore[attr-defined]
            if actor.is_staff:
                ref = kwargs.get("ref")
                return redirect("tickets:detail", ref) if ref else redirect("tickets:list")
            contact = contact_of(actor.user_id)
            if contact is None:
                return render(request, "portal/unconnected.html", status=403)
            return view(request, contact, *args, **kwargs)

        return guarded

    return guard


@require_GET
@customer_page(Permission.VIEW_TICKETS)
def requests(request: HttpRequest, contact: Contact) -> HttpResponse:
    """What the customer asked for, open first."""
    found = queries.requests_of(request.actor, request.GET.get("cursor"))  # type: ignore[attr-defined]
    return render(request, "portal/list.html", {"requests": found, "organisation": contact.organisation})


@require_http_methods(["GET", "POST"])
@customer_page(Permission.CREATE_TICKET)
def new(request: HttpRequest, contact: Contact) -> HttpResponse:
    """The form for a request; `about` names an old one that it goes on from."""
    actor = request.actor  # type: ignore[attr-defined]
    applications = queries.applications_of(contact)
    if request.method == "GET":
        initial = _about(request.GET["about"], actor) if "about" in request.GET else {}
        if "application" in request.GET:
            initial["application"] = request.GET["application"]
        form = NewRequestForm(initial=initial, contact=contact, applications=applications)
        return _new_page(request, form)

    def done(ticket: Ticket) -> HttpResponse:
        messages.success(request, f"We have your request. Its reference is {ticket.reference}.")
        return redirect("portal:detail", ticket.reference)

    return act(
        request,
        NewRequestForm(request.POST, request.FILES, contact=contact, applications=applications),
        lambda data: operations.create(**data, channel=Channel.PORTAL, by=actor),
        done=done,
        again=lambda form, status: _new_page(request, form, status),
    )


@require_GET
@customer_page(Permission.VIEW_TICKETS)
def detail(request: HttpRequest, contact: Contact, ref: str) -> HttpResponse:
    """One request: where it stands, what was said, room for an answer."""
    ticket = tickets.get_for(ref, by=request.actor)  # type: ignore[attr-defined]
    survivor = tickets.survivor_seen(ticket, request.actor)  # type: ignore[attr-defined]
    if survivor is not None:
        messages.info(request, f"{ticket.reference} goes on here, together with {survivor.reference}.")
        return redirect("portal:detail", survivor.reference)
    return _page(request, ticket, ReplyForm())


@require_POST
@customer_page(Permission.REPLY)
def reply(request: HttpRequest, contact: Contact, ref: str) -> HttpResponse:
    """Say something, or that it works again. A message on what is solved opens it again."""
    actor = request.actor  # type: ignore[attr-defined]
    asked = tickets.survivor_for(ref, by=actor, to=Permission.REPLY)
    was_open = asked.is_open

    def do(data: dict[str, Any]) -> Any:
        said = operations.reply(
            ref, body=data["text"], public=True, files=data["files"], channel=Channel.PORTAL, by=actor
        )
        return said, data["works"]

    def done(result: Any) -> HttpResponse:
        said, works = result
        at = said.ticket.reference
        if said.ticket_id != asked.pk:
            messages.success(request, f"{ref} was closed long ago. We opened {at} for what you wrote.")
            return redirect("portal:detail", at)
        more = " We close the request once we have read it." if works else ""
        messages.success(request, f"Sent.{more}" if was_open else "Sent. Your request is open again.")
        return redirect(f"{reverse('portal:detail', args=[at])}#entry-{said.pk}")

    def again(form: django_forms.Form, status: int) -> HttpResponse:
        return _page(request, tickets.get_for(ref, by=actor), form, status)

    return act(request, ReplyForm(request.POST, request.FILES), do, done=done, again=again)


def _about(reference: str, actor: Any) -> dict[str, str]:
    """What is known of a request that goes on from an older one. Raises NotFound when the actor does not see that."""
    ticket = tickets.get_for(reference, by=actor)
    return {
        "kind": ticket.kind if ticket.kind in dict(NewRequestForm.base_fields["kind"].choices) else "issue",
        "subject": ticket.subject,
        "description": f"This goes on from {ticket.reference}.\n\n",
        "application": ticket.application.slug if ticket.application else "",
    }


def _new_page(request: HttpRequest, form: django_forms.Form, status: int = 200) -> HttpResponse:
    return render(
        request, "portal/new.html", {"form": form, "lost_files": bool(request.FILES)}, status=status
    )


def _page(request: HttpRequest, ticket: Ticket, form: django_forms.Form, status: int = 200) -> HttpResponse:
    actor = request.actor  # type: ignore[attr-defined]
    cursor = request.GET.get("cursor")
    context = {
        "it": shapes.request(ticket, actor, clock.now()),
        "talk": queries.conversation(ticket, actor, cursor),
        "newest": cursor is None,
        "form": form,
        "lost_files": bool(request.FILES),
    }
    return render(request, "portal/detail.html", context, status=status)
