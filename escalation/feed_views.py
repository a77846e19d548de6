"""Calendar addresses: the page where one makes and ends them, and the address itself, which needs no session."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.accounts.permissions import Permission
from core.accounts.web import page
from core.common import ical
from core.common.errors import NotFound
from core.common.web import act
from escalation import feeds, operations, queries
from escalation.models import CalendarFeed
from escalation.operations.feeds import Made

MINE = "me"


class FeedForm(forms.Form):
    """Whose shifts: one's own, a team's or a rotation's, told apart by the word before the colon."""

    of = forms.ChoiceField(label="Shifts of")

    def __init__(self, *args: Any, by: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rotations = queries.rotations(by).filter(active=True).prefetch_related(None)
        self.rotations = {f"rotation:{rotation.pk}": rotation for rotation in rotations}
        teams = queries.teams(by).filter(active=True, rotations__active=True).distinct()
        self.teams = {f"team:{team.slug}": team for team in teams.prefetch_related(None)}
        self.fields["of"].choices = [  # type: ignore[attr-defined]
            (MINE, "Myself, in every team"),
            ("Teams", [(key, team.name) for key, team in self.teams.items()]),
            ("Rotations", [(key, str(rotation)) for key, rotation in self.rotations.items()]),
        ]

    def clean(self) -> dict[str, Any]:
        of = self.cleaned_data.get("of", "")
        return {"team": self.teams.get(of), "rotation": self.rotations.get(of)}


@require_http_methods(["GET", "POST"])
@page(Permission.VIEW_DIRECTORY)
def index(request: HttpRequest) -> HttpResponse:
    """One's own addresses, and the form for one more; ?team=slug or ?rotation=3 choose in it."""
    by = request.actor  # type: ignore[attr-defined]
    if request.method == "GET":
        return _page(request, FeedForm(by=by, initial={"of": _asked(request)}))
    return act(
        request,
        FeedForm(request.POST, by=by),
        lambda data: operations.create_feed(**data, by=by),
        done=lambda made: _page(request, FeedForm(by=by, initial={"of": MINE}), made=made),
        again=lambda form, status: _page(request, form, status),
    )


@require_POST
@page(Permission.VIEW_DIRECTORY)
def renew(request: HttpRequest, pk: int) -> HttpResponse:
    """Another address for the same shifts, shown on this one answer."""
    by = request.actor  # type: ignore[attr-defined]
    return _verb(
        request,
        lambda data: operations.renew_feed(pk, by=by),
        lambda made: _page(request, FeedForm(by=by, initial={"of": MINE}), made=made),
    )


@require_POST
@page(Permission.VIEW_DIRECTORY)
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """End an address."""

    def done(feed: CalendarFeed) -> HttpResponse:
        messages.success(request, "Revoked: calendars that read this address get nothing more.")
        return redirect("escalation:calendars")

    return _verb(request, lambda data: operations.revoke_feed(pk, by=request.actor), done)  # type: ignore[attr-defined]


@require_safe
def calendar(request: HttpRequest, token: str) -> HttpResponse:
    """The shifts behind a secret address, for whoever knows it. 404 says nothing of why."""
    try:
        feed = feeds.behind(token)
    except NotFound as missing:
        answer = HttpResponse(missing.sentence, status=404, content_type="text/plain; charset=utf-8")
        answer["Cache-Control"] = "no-store"
        return answer
    found = feeds.calendar(feed)
    operations.note_read(feed)
    unchanged = get_conditional_response(request, etag=found.etag)
    answer = unchanged or HttpResponse(found.file(), content_type=ical.MEDIA_TYPE)
    answer["ETag"] = found.etag
    answer["Cache-Control"] = "private, no-cache"
    answer["X-Robots-Tag"] = "noindex"
    if unchanged is None:
        answer["Content-Disposition"] = 'inline; filename="on-call.ics"'
    return answer


def _asked(request: HttpRequest) -> str:
    for name in ("team", "rotation"):
        if asked := request.GET.get(name, "")[:60]:
            return f"{name}:{asked}"
    return MINE


def _verb(request: HttpRequest, do: Any, done: Any) -> HttpResponse:
    return act(
        request,
        forms.Form(request.POST),
        do,
        done=done,
        again=lambda form, status: _page(
            request,
            FeedForm(by=request.actor, initial={"of": MINE}),  # type: ignore[attr-defined]
            status,
            refused=form,
        ),
    )


def _page(
    request: HttpRequest, form: forms.Form, status: int = 200, **more: Made | forms.Form
) -> HttpResponse:
    context = {
        "form": form,
        "feeds": list(feeds.feeds(request.actor).filter(revoked_at=None)),  # type: ignore[attr-defined]
        **more,
    }
    return render(request, "escalation/calendars.html", context, status=status)
