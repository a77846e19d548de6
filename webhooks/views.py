"""The pages of webhooks: the list, one with its log, the form, one delivery."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from core.accounts.permissions import Permission
from core.accounts.web import page
from core.audit import trail, words
from core.common import paging
from core.common.errors import RuleBroken
from core.common.web import act
from webhooks import operations, published, queries
from webhooks.forms import WebhookForm
from webhooks.models import Delivery, Webhook
from webhooks.operations.delivering import KEPT
from webhooks.operations.managing import OVERLAP, Made

MOST_HISTORY = 20
SHOWN = ("all", "open", "dead")


@require_GET
@page(Permission.MANAGE_WEBHOOKS)
def index(request: HttpRequest) -> HttpResponse:
    """All of them, and how each is doing."""
    actor = request.actor  # type: ignore[attr-defined]
    rows = list(queries.webhooks(actor))
    counts = queries.counts(actor, rows)
    context = {"rows": [(row, counts.get(row.pk, {})) for row in rows]}
    return render(request, "webhooks/list.html", context)


@require_http_methods(["GET", "POST"])
@page(Permission.MANAGE_WEBHOOKS)
def new(request: HttpRequest) -> HttpResponse:
    """One more."""
    actor = request.actor  # type: ignore[attr-defined]
    if request.method == "GET":
        return _form_page(request, WebhookForm(by=actor))
    return act(
        request,
        WebhookForm(request.POST, by=actor),
        lambda data: operations.create(
            **{name: data[name] for name in ("name", "url", "events", "only", "owner")}, by=actor
        ),
        done=lambda made: _with_secret(request, made, f"“{made.webhook}” is made."),
        again=lambda form, status: _form_page(request, form, status=status),
    )


@require_http_methods(["GET", "POST"])
@page(Permission.MANAGE_WEBHOOKS)
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change one."""
    actor = request.actor  # type: ignore[attr-defined]
    webhook = queries.get_for(pk, by=actor)
    if request.method == "GET":
        return _form_page(request, WebhookForm(by=actor, webhook=webhook), webhook)

    def do(data: dict[str, Any]) -> Webhook:
        version = data.pop("version")
        return operations.edit(pk, changes=data, version=version, by=actor)

    def done(saved: Webhook) -> HttpResponse:
        messages.success(request, f"“{saved}” is changed.")
        return redirect("webhooks:detail", saved.pk)

    return act(
        request,
        WebhookForm(request.POST, by=actor, webhook=webhook),
        do,
        done=done,
        again=lambda form, status: _form_page(request, form, webhook, status),
    )


@require_GET
@page(Permission.MANAGE_WEBHOOKS)
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One with its log; ?show=dead for the dead letters."""
    actor = request.actor  # type: ignore[attr-defined]
    return _detail(request, queries.get_for(pk, by=actor))


@require_GET
@page(Permission.MANAGE_WEBHOOKS)
def delivery(request: HttpRequest, pk: int) -> HttpResponse:
    """What was sent and what came back."""
    return _delivery(request, queries.get_delivery(pk, by=request.actor))  # type: ignore[attr-defined]


@require_POST
@page(Permission.MANAGE_WEBHOOKS)
def switch(request: HttpRequest, pk: int) -> HttpResponse:
    on = request.POST.get("on") == "1"
    return _verb(
        request, pk, lambda by: operations.switch(pk, on=on, by=by), "Switched on." if on else "Switched off."
    )


@require_POST
@page(Permission.MANAGE_WEBHOOKS)
def test(request: HttpRequest, pk: int) -> HttpResponse:
    return _verb(request, pk, lambda by: operations.test(pk, by=by), "A test is on its way.")


@require_POST
@page(Permission.MANAGE_WEBHOOKS)
def redeliver_dead(request: HttpRequest, pk: int) -> HttpResponse:
    return _verb(
        request,
        pk,
        lambda by: operations.redeliver_dead(pk, by=by),
        "The dead letters are sent again, in order.",
    )


@require_POST
@page(Permission.MANAGE_WEBHOOKS)
def rotate_secret(request: HttpRequest, pk: int) -> HttpResponse:
    actor = request.actor  # type: ignore[attr-defined]
    try:
        made = operations.rotate_secret(pk, by=actor)
    except RuleBroken as broken:
        return _refused(request, pk, broken)
    hours = int(OVERLAP.total_seconds() // 3600)
    return _with_secret(
        request, made, f"The new secret signs from now on, beside the old one for {hours} hours."
    )


@require_POST
@page(Permission.MANAGE_WEBHOOKS)
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    actor = request.actor  # type: ignore[attr-defined]
    removed = operations.remove(pk, by=actor)
    messages.success(request, f"“{removed}” is removed; its address and secret are forgotten.")
    return redirect("webhooks:list")


@require_POST
@page(Permission.MANAGE_WEBHOOKS)
def redeliver(request: HttpRequest, pk: int) -> HttpResponse:
    return _on_delivery(request, pk, operations.redeliver, "It is sent again, with the same webhook-id.")


@require_POST
@page(Permission.MANAGE_WEBHOOKS)
def skip(request: HttpRequest, pk: int) -> HttpResponse:
    return _on_delivery(request, pk, operations.skip, "Skipped; what comes after it goes on.")


def _verb(request: HttpRequest, pk: int, do: Callable[[Any], Any], said: str) -> HttpResponse:
    try:
        do(request.actor)  # type: ignore[attr-defined]
    except RuleBroken as broken:
        return _refused(request, pk, broken)
    messages.success(request, said)
    return redirect("webhooks:detail", pk)


def _on_delivery(request: HttpRequest, pk: int, do: Callable[..., Delivery], said: str) -> HttpResponse:
    actor = request.actor  # type: ignore[attr-defined]
    try:
        do(pk, by=actor)
    except RuleBroken as broken:
        if broken.status == 404:
            raise
        return _delivery(request, queries.get_delivery(pk, by=actor), broken)
    messages.success(request, said)
    return redirect("webhooks:delivery", pk)


def _refused(request: HttpRequest, pk: int, broken: RuleBroken) -> HttpResponse:
    if broken.status == 404:
        raise broken
    return _detail(request, queries.get_for(pk, by=request.actor), refused=broken)  # type: ignore[attr-defined]


def _with_secret(request: HttpRequest, made: Made, said: str) -> HttpResponse:
    """The secret is on this one answer and nowhere afterwards."""
    return _detail(request, made.webhook, secret=made.secret, said=said)


def _detail(
    request: HttpRequest, webhook: Webhook, *, refused: RuleBroken | None = None, **more: Any
) -> HttpResponse:
    actor = request.actor  # type: ignore[attr-defined]
    show = request.GET.get("show", "all")
    show = show if show in SHOWN else "all"
    rows = queries.deliveries(webhook, actor)
    rows = {"open": rows.filter(state__in=Delivery.OPEN), "dead": rows.filter(state="dead")}.get(show, rows)
    found = paging.page(rows, ordering=["-pk"], cursor=request.GET.get("cursor"), counted=False)
    history = trail.history(Webhook.SUBJECT, webhook.pk).order_by("-id")[:MOST_HISTORY]
    context = {
        "webhook": webhook,
        "deliveries": found.rows,
        "next": found.next,
        "show": show,
        "tabs": [("all", "All"), ("open", "Not yet delivered"), ("dead", "Dead letters")],
        "counts": queries.counts(actor, [webhook]).get(webhook.pk, {}),
        "changes": [(event, words.sentence(event)) for event in history],
        "may_point": queries.may_point(webhook, actor),
        "refused": refused.sentence if refused else "",
        "days": KEPT.days,
        **more,
    }
    return render(request, "webhooks/detail.html", context, status=refused.status if refused else 200)


def _delivery(request: HttpRequest, found: Delivery, refused: RuleBroken | None = None) -> HttpResponse:
    context = {
        "delivery": found,
        "webhook": found.webhook,
        "attempts": list(found.attempts.order_by("-pk")[:100]),
        "identity": queries.identity(found),
        "refused": refused.sentence if refused else "",
    }
    return render(request, "webhooks/delivery.html", context, status=refused.status if refused else 200)


def _form_page(
    request: HttpRequest, form: Any, webhook: Webhook | None = None, status: int = 200
) -> HttpResponse:
    context = {
        "form": form,
        "webhook": webhook,
        "groups": [
            (kind, [box for box in form["events"] if box.data["value"].startswith(f"{kind}.")])
            for kind in published.KINDS
        ],
        "published": [row for row in published.PUBLISHED if not row.planned],
    }
    return render(request, "webhooks/form.html", context, status=status)
