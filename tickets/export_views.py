"""Downloading a list of tickets."""

from __future__ import annotations

from django.http import HttpRequest, StreamingHttpResponse
from django.views.decorators.http import require_GET

from core.accounts.permissions import Permission
from core.accounts.web import page
from core.common import clock, spreadsheet
from tickets import export, listing, saved_views


@require_GET
@page(Permission.VIEW_QUEUE)
def tickets(request: HttpRequest, slug: str = "") -> StreamingHttpResponse:
    """The tickets of an address or a saved view as CSV; `columns=a,b` chooses, a view brings its own."""
    actor, now = request.actor, clock.now()  # type: ignore[attr-defined]
    saved = saved_views.get_for(slug, by=actor) if slug else None
    params = saved_views.params_of(saved) if saved else request.GET
    names = [name for name in request.GET.get("columns", "").split(",") if name]
    if not names and saved is not None and saved.columns:
        names = export.of_view(saved.columns)
    lines = export.lines(listing.read(params, actor, now), export.chosen(names), now)
    return spreadsheet.download(f"{saved.slug if saved else 'tickets'}-{now:%Y-%m-%d}", lines)
