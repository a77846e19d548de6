"""Entries to check, and the answer to the mail that asks whether one is still right."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from core.accounts import actors
from core.accounts.permissions import Permission
from core.accounts.web import page
from core.common import clock
from core.common.actor import Door
from core.common.errors import Conflict, RuleBroken
from escalation import operations, review_mail, reviews
from escalation.models import Team

GONE = 410


@require_GET
@page(Permission.VIEW_DIRECTORY)
def overdue(request: HttpRequest) -> HttpResponse:
    """Every entry that nobody checked in time, those of the reader first."""
    by, today = request.actor, clock.now().date()  # type: ignore[attr-defined]
    return render(request, "escalation/review.html", {"rows": reviews.to_check(by, today)})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def still_right(request: HttpRequest, token: str) -> HttpResponse:
    """The link of the mail. Opening it, as a mail scanner does, changes nothing; the button does."""
    try:
        asked = review_mail.read(token)
    except Conflict as old:
        return _shown(request, {"problem": old.sentence}, GONE)
    context = {"asked": asked, "entry": asked.entry, "name": review_mail.name_of(asked.entry)}
    context |= {"team": asked.entry if isinstance(asked.entry, Team) else None}
    context |= {"url": review_mail.address_of(asked.entry), "token": token}
    if request.method == "POST":
        try:
            _say_right(asked)
        except RuleBroken as broken:
            return _shown(request, context | {"problem": broken.sentence}, broken.status)
        return redirect("escalation:still_right", token)
    context["checked"] = asked.due != asked.entry.review_due
    return _shown(request, context)


def _say_right(asked: review_mail.Asked) -> None:
    by = actors.for_user(asked.person, door=Door.MAIL)
    if isinstance(asked.entry, Team):
        operations.review_team(asked.entry.slug, due=asked.due, by=by)
    else:
        operations.review_person(asked.entry.user.username, due=asked.due, by=by)


def _shown(request: HttpRequest, context: dict[str, Any], status: int = 200) -> HttpResponse:
    return render(request, "escalation/still_right.html", context, status=status)
