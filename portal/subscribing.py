"""Getting updates: on the status page for whoever has an address, in the portal for customers who are signed in.

The form of the status page stands on a page of its own, which is never kept: its token belongs to one reader.
"""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import get_adapter
from django import forms as django_forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from catalogue import queries as catalogue
from core.accounts.permissions import Permission
from core.common import limits
from core.common.actor import Actor
from core.common.web import act
from customers import operations
from customers import queries as customers
from customers.models import Contact
from portal import queries
from portal.forms import FollowForm, StatusForm
from portal.views import customer_page


# --- the status page --------------------------------------------------------------------------------------
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def subscribe(request: HttpRequest) -> HttpResponse:
    """An address and a service: a link goes there. Whatever is known of the address, the answer is the same."""
    applications = catalogue.on_status_page(internal=False).order_by("name")
    if request.method != "POST":
        start = {"application": request.GET.get("application", "")[:60]}
        return _subscribe(request, StatusForm(initial=start, applications=applications))
    return act(
        request,
        StatusForm(request.POST, applications=applications),
        lambda data: _ask(request, list(applications), **data),
        done=lambda asked: redirect(f"{reverse('status:subscribe')}?sent=1"),
        again=lambda form, status: _subscribe(request, form, status),
    )


def _ask(request: HttpRequest, listed: list[Any], *, email: str, application: Any) -> None:
    network = limits.network(get_adapter(request).get_client_ip(request))
    operations.ask(email=email, applications=[application] if application else listed, network=network)


def _subscribe(request: HttpRequest, form: django_forms.Form, status: int = 200) -> HttpResponse:
    """Without the request in the template: nothing on it depends on who is signed in, nor touches a session."""
    context = {"form": form, "sent": "sent" in request.GET, "csrf_token": get_token(request)}
    return HttpResponse(render_to_string("status/subscribe.html", context), status=status)


# --- the customer's pages ---------------------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
@customer_page(Permission.VIEW_TICKETS)
def updates(request: HttpRequest, contact: Contact) -> HttpResponse:
    """The applications that the customer's organisation uses; a POST starts or stops the news about one."""
    if request.method != "POST":
        return _updates(request, contact)

    def done(told: bool) -> HttpResponse:
        messages.success(request, f"You get {'the' if told else 'no more'} updates about it.")
        return redirect("portal:updates")

    return act(
        request,
        FollowForm(request.POST),
        lambda data: _follow(by=request.actor, **data),  # type: ignore[attr-defined]
        done=done,
        again=lambda form, status: _updates(request, contact, status, refused=form),
    )


def _follow(*, application: str, tell: bool, by: Actor) -> bool:
    (operations.follow if tell else operations.unfollow)(application, by=by)
    return tell


def _updates(request: HttpRequest, contact: Contact, status: int = 200, **more: Any) -> HttpResponse:
    assert contact.user is not None  # found by the user who is signed in
    told = set(customers.followed(contact.user.pk).values_list("application_id", flat=True))
    rows = [(one, one.pk in told) for one in queries.applications_of(contact)]
    return render(
        request, "portal/updates.html", {"rows": rows, "address": contact.user.email, **more}, status=status
    )
