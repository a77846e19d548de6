"""Who is told about incidents: one's own subscriptions, the lists, and the links of the mails."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from catalogue.models import Application
from core.accounts.permissions import Permission
from core.accounts.web import page
from core.common.errors import NotFound
from core.common.web import act, way_back
from core.outbox import bounces
from customers import links, operations, queries
from customers.forms import SubscriptionForm
from customers.models import EMAIL, Organisation, Subscription
from customers.operations.subscribing import Subscribed, by_link


@page(Permission.VIEW_INCIDENTS)
@require_http_methods(["GET", "HEAD", "POST"])
def subscriptions(request: HttpRequest) -> HttpResponse:
    """One's own, or with ?application= or ?organisation= who is on that list."""
    may_set = queries.may_set_lists(request.actor)  # type: ignore[attr-defined]
    if request.method != "POST":
        start = {name: request.GET.get(name, "") for name in ("application", "organisation")}
        return _page(request, SubscriptionForm(initial=start, may_set=may_set))
    return act(
        request,
        SubscriptionForm(request.POST, may_set=may_set),
        lambda data: _subscribe(request, data),
        done=lambda made: _subscribed(request, made),
        again=lambda form, status: _page(request, form, status),
    )


def _subscribe(request: HttpRequest, data: dict[str, Any]) -> Subscribed:
    own = not data.get("email")
    person = request.user if own and data["transport"] == EMAIL else None
    if own and data["transport"] != EMAIL:
        person = request.user  # one's own chat, so that one can take it away again
    return operations.subscribe(**data, person=person, by=request.actor)  # type: ignore[attr-defined]


def _subscribed(request: HttpRequest, made: Subscribed) -> HttpResponse:
    """A secret is shown on this one answer and stored nowhere that shows it again."""
    one = made.subscription
    if made.secret:
        form = SubscriptionForm(may_set=queries.may_set_lists(request.actor))  # type: ignore[attr-defined]
        return _page(request, form, secret=made.secret, made=one)
    if not made.new:
        messages.info(request, f"{one.who} is on the list for {one.what} already.")
    elif one.unconfirmed_since:
        messages.success(request, f"{one.who} gets a link to confirm; after that, news about {one.what}.")
    else:
        messages.success(request, f"{one.who} gets news about {one.what}.")
    return redirect(_place(request))


@page(Permission.VIEW_INCIDENTS)
@require_POST
def end(request: HttpRequest, pk: int) -> HttpResponse:
    return _verb(request, pk, operations.end, "{0.who} gets no more news about {0.what}.")


@page(Permission.VIEW_INCIDENTS)
@require_POST
def try_again(request: HttpRequest, pk: int) -> HttpResponse:
    return _verb(request, pk, operations.try_address_again, "The next message to {0.who} is sent again.")


def _verb(request: HttpRequest, pk: int, operation: Any, said: str) -> HttpResponse:
    def done(one: Subscription) -> HttpResponse:
        messages.success(request, said.format(one))
        return way_back(request.POST.get("next", "")) or redirect("subscriptions:list")

    may_set = queries.may_set_lists(request.actor)  # type: ignore[attr-defined]
    return act(
        request,
        forms.Form(request.POST),
        lambda data: operation(pk, by=request.actor),  # type: ignore[attr-defined]
        done=done,
        again=lambda form, status: _page(request, SubscriptionForm(may_set=may_set), status, refused=form),
    )


def _page(request: HttpRequest, form: forms.Form, status: int = 200, **more: Any) -> HttpResponse:
    application = _named(Application, request.GET.get("application", ""))
    organisation = _named(Organisation, request.GET.get("organisation", ""))
    of_list = application or organisation
    mine = queries.subscriptions_of(request.actor.user_id)  # type: ignore[attr-defined]
    found = queries.on_list(application, organisation) if of_list else mine
    rows: Sequence[Subscription] = list(found[: queries.MOST_SHOWN])
    dead = bounces.dead(row.address for row in rows)
    context = {
        "rows": [(row, dead.get(row.address.casefold())) for row in rows],
        "of_list": " for ".join(str(one) for one in (application, organisation) if one),
        "here": _place(request),
        "may_set": queries.may_set_lists(request.actor),  # type: ignore[attr-defined]
        "form": form,
        **more,
    }
    return render(request, "customers/subscriptions.html", context, status=status)


def _named(model: Any, slug: str) -> Any:
    if not slug:
        return None
    found = model.objects.filter(slug=slug[:60]).first()
    if found is None:
        raise NotFound(f"There is no {slug[:60]} here.")
    return found


def _place(request: HttpRequest) -> str:
    shown = {name: request.GET[name] for name in ("application", "organisation") if request.GET.get(name)}
    return reverse("subscriptions:list") + (f"?{urlencode(shown)}" if shown else "")


# --- links of mails: no sign-in, the link itself is the key ----------------------------------------------
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """RFC 8058: a POST ends it, with no session and as often as one likes; a GET shows a button and changes nothing.

    Mail programs and scanners fetch every link of a mail, so that fetching must not unsubscribe anybody.
    """
    return _by_link(request, token, links.STOP, operations.unsubscribe, "customers/unsubscribe.html")


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """Opening the link shows a button and changes nothing; the button confirms the address."""
    return _by_link(request, token, links.CONFIRM, operations.confirm, "customers/confirm.html")


def _by_link(request: HttpRequest, token: str, purpose: str, operation: Any, template: str) -> HttpResponse:
    context: dict[str, Any] = {"rows": []}
    status = 200
    try:
        if request.method == "POST":
            operation(token)
            context["done"] = True
        named = by_link(purpose, token)
        context["rows"] = named
        if purpose == links.CONFIRM:  # those that wait come first: they say what the page asks
            running = [row for row in named if row.ended_at is None] or named
            context["rows"] = sorted(running, key=lambda row: row.unconfirmed_since is None)
            context["what"] = ", ".join(row.what for row in context["rows"])
    except NotFound as broken:
        context["refused"], status = broken.sentence, broken.status
    answer = render(request, template, context, status=status)
    answer["Referrer-Policy"] = "no-referrer"
    answer["X-Robots-Tag"] = "noindex"
    answer["Cache-Control"] = "no-store"
    return answer
