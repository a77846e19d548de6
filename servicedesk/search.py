"""The search page: everything the actor may see, of every kind."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_GET

from core.accounts.permissions import Permission
from core.accounts.web import page
from core.search import queries
from worklog import subjects

LONGEST = 200

app_name = "search"


@require_GET
@page(Permission.VIEW_QUEUE)
def find(request: HttpRequest) -> HttpResponse:
    """What matches; a reference leads straight to its page."""
    text = request.GET.get("q", "").strip()[:LONGEST]
    found = queries.find(text, request.actor) if text else []  # type: ignore[attr-defined]
    hits = [(doc, subjects.address(doc.kind, doc.reference)) for doc in found]
    for doc, address in hits:
        if doc.reference.lower() == text.lower():
            return redirect(address)
    return render(request, "servicedesk/search.html", {"text": text, "hits": hits})


urlpatterns = [path("", find, name="list")]
