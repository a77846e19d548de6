"""The editors of policies and calendars, for managers: what is typed, its picture, what it would change."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from typing import Any, TypeVar

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from core.accounts.permissions import Permission
from core.accounts.web import page
from core.common.errors import Invalid, RuleBroken, Stale
from core.common.web import act
from sla import operations, preview, queries
from sla.forms import CalendarForm, PolicyForm, zones
from sla.models import Calendar, Policy
from sla.operations import editing

Row = TypeVar("Row", Policy, Calendar)
LOOK = "look"  # the button that shows what would change, and saves nothing


@require_http_methods(["GET", "POST"])
@page(Permission.MANAGE_SERVICE_LEVELS)
def new_policy(request: HttpRequest) -> HttpResponse:
    """A promise more."""
    actor = request.actor  # type: ignore[attr-defined]
    if request.method == "GET":
        return _policy_page(request, PolicyForm(), None)
    form = PolicyForm(request.POST)
    return _save_policy(
        request, form, None, lambda: operations.create_policy(**form.values(), follow=form.follows, by=actor)
    )


@require_http_methods(["GET", "POST"])
@page(Permission.MANAGE_SERVICE_LEVELS)
def policy(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a promise."""
    actor = request.actor  # type: ignore[attr-defined]
    found = queries.get_policy(pk, by=actor)
    if request.method == "GET":
        return _policy_page(request, PolicyForm.of(found), found)
    form = PolicyForm(request.POST)
    return _save_policy(
        request, form, found,
        lambda: operations.edit_policy(
            pk, values=form.values(), follow=form.follows, if_version=form.cleaned_data["version"], by=actor
        ),
    )  # fmt: skip


@require_GET
@page(Permission.MANAGE_SERVICE_LEVELS)
def preview_policy(request: HttpRequest) -> HttpResponse:
    """What the typed policy would change: a fragment beside the form."""
    found = _asked_policy(request)
    return render(
        request, "sla/policy_preview.html", _policy_preview(request, PolicyForm(request.GET), found)
    )


@require_http_methods(["GET", "POST"])
@page(Permission.MANAGE_SERVICE_LEVELS)
def new_calendar(request: HttpRequest) -> HttpResponse:
    """Hours more."""
    actor = request.actor  # type: ignore[attr-defined]
    if request.method == "GET":
        return _calendar_page(request, CalendarForm(new=True), None)
    form = CalendarForm(request.POST, new=True)
    return _save_calendar(request, form, None, lambda: operations.create_calendar(**form.values(), by=actor))


@require_http_methods(["GET", "POST"])
@page(Permission.MANAGE_SERVICE_LEVELS)
def edit_calendar(request: HttpRequest, slug: str) -> HttpResponse:
    """Change hours. Open clocks follow; what was counted stays."""
    actor = request.actor  # type: ignore[attr-defined]
    found = queries.get_calendar(slug, by=actor)
    if request.method == "GET":
        return _calendar_page(request, CalendarForm.of(found), found)
    form = CalendarForm(request.POST)
    return _save_calendar(
        request, form, found,
        lambda: operations.edit_calendar(
            slug, values=form.values(), if_version=form.cleaned_data["version"], by=actor
        ),
    )  # fmt: skip


@require_GET
@page(Permission.MANAGE_SERVICE_LEVELS)
def preview_calendar(request: HttpRequest) -> HttpResponse:
    """The week as typed, and what it would change: a fragment beside the form."""
    actor = request.actor  # type: ignore[attr-defined]
    slug = request.GET.get("of", "")
    found = queries.get_calendar(slug, by=actor) if slug else None
    form = CalendarForm(request.GET, new=found is None)
    return render(request, "sla/calendar_preview.html", _calendar_preview(request, form, found))


# --- what the two have in common ---------------------------------------------------------------------------


def _save_policy(
    request: HttpRequest, form: PolicyForm, found: Policy | None, do: Callable[[], Policy]
) -> HttpResponse:
    def done(saved: Policy) -> HttpResponse:
        messages.success(request, f"Policy “{saved.name}” saved.")
        return redirect("sla:list")

    return _save(request, form, do, done, lambda status: _policy_page(request, form, found, status))


def _save_calendar(
    request: HttpRequest, form: CalendarForm, found: Calendar | None, do: Callable[[], Calendar]
) -> HttpResponse:
    def done(saved: Calendar) -> HttpResponse:
        messages.success(request, f"Calendar “{saved.name}” saved.")
        return redirect("sla:calendar", saved.slug)

    return _save(request, form, do, done, lambda status: _calendar_page(request, form, found, status))


def _save(
    request: HttpRequest,
    form: Form,
    do: Callable[[], Any],
    done: Callable[[Any], HttpResponse],
    again: Callable[[int], HttpResponse],
) -> HttpResponse:
    if LOOK in request.POST:
        return again(200 if form.is_valid() else 422)

    def run(_: Any) -> Any:
        try:
            return do()
        except Stale as stale:  # the fields say what they are now; the form says that somebody was there
            form.add_error(None, f"{stale.sentence} What you typed is kept; look at what differs.")
            raise

    return act(request, form, run, done=done, again=lambda _, status: again(status))


def _policy_page(
    request: HttpRequest, form: PolicyForm, found: Policy | None, status: int = 200
) -> HttpResponse:
    context = {"form": form, "policy": found, **_policy_preview(request, form, found)}
    return render(request, "sla/policy.html", context, status=status)


def _policy_preview(request: HttpRequest, form: PolicyForm, found: Policy | None) -> dict[str, Any]:
    if not form.is_bound:
        return {}
    if not form.is_valid():
        return {"not_yet": "Once the form is complete, this shows which open clocks would change."}
    edited = _edited(found or Policy(), form.values())
    return _checked(edited, lambda: preview.of_policy(edited, by=request.actor)) | {  # type: ignore[attr-defined]
        "keeps": not form.follows,
        "shadow": queries.shadow_of(edited),
    }


def _calendar_page(
    request: HttpRequest, form: CalendarForm, found: Calendar | None, status: int = 200
) -> HttpResponse:
    context = {"form": form, "calendar": found, "zones": zones(), **_calendar_preview(request, form, found)}
    return render(request, "sla/calendar_form.html", context, status=status)


def _calendar_preview(request: HttpRequest, form: CalendarForm, found: Calendar | None) -> dict[str, Any]:
    if not form.is_bound:
        return {"drawn": found} if found else {}
    if not form.is_valid():
        return {
            "not_yet": "Once the form is complete, this shows the week and which open clocks would change."
        }
    edited = _edited(found or Calendar(), form.values())
    shown = _checked(
        edited,
        lambda: preview.of_calendar(edited, by=request.actor) if found else None,  # type: ignore[attr-defined]
    )
    return shown | ({"drawn": edited} if "refused" not in shown else {})


def _edited(row: Row, values: dict[str, Any]) -> Row:
    """The row as it would be, in memory alone."""
    would_be = copy(row)
    for name, value in values.items():
        setattr(would_be, name, value)
    return would_be


def _checked(edited: Policy | Calendar, look: Callable[[], preview.Preview | None]) -> dict[str, Any]:
    """The preview, or why it would be refused."""
    try:
        editing.check(edited)
    except Invalid as invalid:
        return {"refused": [text for texts in invalid.errors.values() for text in texts]}
    except RuleBroken as broken:
        return {"refused": [broken.sentence]}
    return {"preview": look()}


def _asked_policy(request: HttpRequest) -> Policy | None:
    text = request.GET.get("of", "")
    if not (text.isascii() and text.isdecimal() and len(text) < 18):
        return None
    return queries.get_policy(int(text), by=request.actor)  # type: ignore[attr-defined]
