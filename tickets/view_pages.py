"""The pages of a saved view: keep the present filter, change one, delete one."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from core.accounts.permissions import Permission, can
from core.accounts.web import page
from core.common import clock
from core.common.actor import Actor
from core.common.web import act
from escalation.models import Team
from tickets import columns, listing, queries, saved_views
from tickets.models import SavedView
from tickets.operations import saved_views as operations


class ViewForm(forms.Form):
    """`filters` holds tokens as in the filter line; `view` the tab that they narrow down."""

    name = forms.CharField(max_length=60)
    filters = forms.CharField(
        required=False,
        max_length=1000,
        label="Filter",
        help_text="As in the filter line: tier:1 priority:P0,P1",
    )
    view = forms.CharField(required=False, max_length=40, label="Within", widget=forms.Select())
    ordering = forms.ChoiceField(choices=list(columns.ORDERS.items()), required=False, label="Order")
    shown = forms.MultipleChoiceField(
        choices=[(column.name, column.label) for column in columns.COLUMNS.values()],
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label="Columns",
    )
    team = forms.ModelChoiceField(
        Team.objects.none(),
        to_field_name="slug",
        required=False,
        empty_label="Only me",
        label="Who sees it",
        help_text="Each reader finds only the tickets that they may see.",
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        teams = Team.objects.filter(active=True)
        if not can(actor, Permission.MANAGE_DIRECTORY):
            teams = teams.filter(memberships__user_id=actor.user_id)
        self.fields["team"].queryset = teams.distinct()  # type: ignore[attr-defined]
        views = [(name, label) for name, (label, _) in queries.views(actor, clock.now()).items()]
        self.fields["view"].widget.choices = [("", "All open tickets, or what the filter says"), *views]

    def values(self, data: dict[str, Any]) -> dict[str, Any]:
        """What the operations take."""
        params = QueryDict(listing.tokens(QueryDict(), data["filters"]), mutable=True)
        if data["view"]:
            params["view"] = data["view"]
        return {
            "name": data["name"],
            "query": params.urlencode(),
            "ordering": data["ordering"],
            "shown": data["shown"],
            "team": data["team"],
        }


@require_http_methods(["GET", "POST"])
@page(Permission.VIEW_QUEUE)
def new(request: HttpRequest) -> HttpResponse:
    """Keep the filter of the address that led here."""
    actor = request.actor  # type: ignore[attr-defined]
    if request.method == "GET":
        start = {**_from_address(request.GET), "shown": list(columns.DEFAULT)}
        return _page(request, ViewForm(initial=start, actor=actor), None)
    form = ViewForm(request.POST, actor=actor)
    return act(
        request,
        form,
        lambda data: operations.save_view(**form.values(data), by=actor),
        done=lambda view: _done(request, view, f"“{view.name}” saved."),
        again=lambda form, status: _page(request, form, None, status),
    )


@require_http_methods(["GET", "POST"])
@page(Permission.VIEW_QUEUE)
def edit(request: HttpRequest, slug: str) -> HttpResponse:
    """Change a view; who may not sees whom to ask."""
    actor = request.actor  # type: ignore[attr-defined]
    view = saved_views.get_for(slug, by=actor)
    if request.method == "GET":
        start = {
            **_from_address(saved_views.params_of(view)),
            "name": view.name,
            "shown": [column.name for column in columns.chosen(view.columns)],
            "team": view.team.slug if view.team else "",
            "version": view.version,
        }
        return _page(request, ViewForm(initial=start, actor=actor), view)
    form = ViewForm(request.POST, actor=actor)
    return act(
        request,
        form,
        lambda data: operations.edit_view(
            slug, values=form.values(data), if_version=data["version"], by=actor
        ),
        done=lambda view: _done(request, view, f"“{view.name}” changed."),
        again=lambda form, status: _page(request, form, view, status),
    )


@require_POST
@page(Permission.VIEW_QUEUE)
def delete(request: HttpRequest, slug: str) -> HttpResponse:
    """Delete a view; its tickets stay where they are."""
    operations.delete_view(slug, by=request.actor)  # type: ignore[attr-defined]
    messages.success(request, "View deleted.")
    return redirect("tickets:list")


def _from_address(params: QueryDict) -> dict[str, Any]:
    return {
        "filters": listing.spoken(params),
        "view": params.get("view", ""),
        "ordering": params.get("ordering", ""),
    }


def _done(request: HttpRequest, view: SavedView, said: str) -> HttpResponse:
    messages.success(request, said)
    return redirect("tickets:view", view.slug)


def _page(request: HttpRequest, form: forms.Form, view: SavedView | None, status: int = 200) -> HttpResponse:
    actor = request.actor  # type: ignore[attr-defined]
    may = view is None or saved_views.may_change(view, actor)
    return render(request, "tickets/view_form.html", {"form": form, "view": view, "may": may}, status=status)
