"""The list of an incident: who is told, what became of it, and who is put on or taken off."""

from __future__ import annotations

from typing import Any

from django import forms as django_forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.accounts.models import User
from core.accounts.permissions import Permission, can
from core.accounts.web import page
from core.common.actor import Actor
from core.common.web import act
from customers import operations as customers
from incidents import forms, operations, queries, receipts
from incidents.models import Incident

PAGE, LIST = "incidents:detail", "incidents:recipients"


@page(Permission.VIEW_INCIDENTS)
@require_http_methods(["GET", "HEAD", "POST"])
def recipients(request: HttpRequest, ref: str) -> HttpResponse:
    """Everybody on the list with the fate of their last message; a POST adds somebody."""
    if request.method != "POST":
        return _page(request, ref, forms.SubscribeForm())
    return act(
        request,
        forms.SubscribeForm(request.POST),
        lambda data: operations.subscribe(ref, **data, by=request.actor),  # type: ignore[attr-defined]
        done=lambda incident: _done(request, incident, "On the list."),
        again=lambda form, status: _page(request, ref, form, status),
    )


@page(Permission.VIEW_INCIDENTS)
@require_safe
def delivery(request: HttpRequest, ref: str) -> HttpResponse:
    """How many messages of the last update wait or failed: a fragment that the incident's page renews."""
    incident = queries.get_for(ref, by=request.actor)  # type: ignore[attr-defined]
    return render(request, "incidents/delivery.html", {"delivery": receipts.counts(incident)})


@page(Permission.RUN_INCIDENT)
@require_POST
def remove(request: HttpRequest, ref: str, pk: int) -> HttpResponse:
    return _verb(
        request, ref, lambda by: operations.unsubscribe(ref, subscription=pk, by=by), "Taken off the list."
    )


@page(Permission.RUN_INCIDENT)
@require_POST
def try_again(request: HttpRequest, ref: str, pk: int) -> HttpResponse:
    """The address takes mail again, somebody says."""

    def do(by: Actor) -> Incident:
        incident = queries.get_for(ref, by=by)
        customers.try_address_again(pk, by=by)
        return incident

    return _verb(request, ref, do, "The next message is sent there again.")


@page(Permission.VIEW_INCIDENTS)
@require_POST
def follow(request: HttpRequest, ref: str) -> HttpResponse:
    """Tell me, too."""

    def do(by: Actor) -> Incident:
        return operations.subscribe(ref, person=_me(request), by=by)

    return _verb(request, ref, do, "You get the updates.", PAGE)


@page(Permission.VIEW_INCIDENTS)
@require_POST
def unfollow(request: HttpRequest, ref: str) -> HttpResponse:
    def do(by: Actor) -> Incident:
        return operations.unsubscribe(ref, person=_me(request), by=by)

    return _verb(request, ref, do, "You get no more updates by this incident.", PAGE)


def _me(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _verb(request: HttpRequest, ref: str, do: Any, said: str, place: str = LIST) -> HttpResponse:
    return act(
        request,
        django_forms.Form(request.POST),
        lambda data: do(request.actor),  # type: ignore[attr-defined]
        done=lambda incident: _done(request, incident, said, place),
        again=lambda form, status: _page(request, ref, forms.SubscribeForm(), status, refused=form),
    )


def _done(request: HttpRequest, incident: Incident, said: str, place: str = LIST) -> HttpResponse:
    messages.success(request, said)
    return redirect(place, ref=incident.reference)


def _page(
    request: HttpRequest, ref: str, form: django_forms.Form, status: int = 200, **more: Any
) -> HttpResponse:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    incident = queries.whole(ref, by=actor)
    found = receipts.receipts(incident)
    context = {
        "incident": incident,
        "receipts": found[: receipts.MOST_SHOWN],
        "more": max(len(found) - receipts.MOST_SHOWN, 0),
        "count": len(found),
        "form": form,
        "may_run": can(actor, Permission.RUN_INCIDENT),
        **more,
    }
    return render(request, "incidents/recipients.html", context, status=status)
