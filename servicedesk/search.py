"""The search page, and what the palette finds while one types: everything the actor may see, of every kind."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_GET
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from core.accounts.api import DeskAPIView
from core.accounts.permissions import Permission, can
from core.accounts.web import page
from core.common.api import Number, StrictSerializer, Text, UtcDateTime
from core.common.errors import NotFound
from core.search import queries
from core.search.models import SearchDoc
from escalation import finding
from servicedesk import search_hits
from worklog import subjects

LONGEST = 200
PAGE = 30
IN_PALETTE = 7
PEOPLE_IN_PALETTE = 3

app_name = "search"


@require_GET
@page(Permission.VIEW_QUEUE)
def find(request: HttpRequest) -> HttpResponse:
    """What matches, with the ways to narrow it down; a reference leads straight to its page."""
    actor = request.actor  # type: ignore[attr-defined]
    typed = request.GET.get("q", "").strip()[:LONGEST].replace("\x00", "")
    words, chosen = search_hits.read(typed)
    for name in search_hits.FACETS:
        chosen[name] = [*chosen.get(name, []), *request.GET.getlist(name)[:10]]
    found = search_hits.search(words, chosen, actor)
    for hit in found.hits:
        if hit.doc.reference.lower() == typed.lower():
            return redirect(hit.url)
    start = _start(request.GET.get("from", ""))
    shown = found.hits[start : start + PAGE]
    texts = search_hits.snippets([hit.doc for hit in shown], words, actor) if shown else {}
    query: dict[str, Any] = {"q": words, **{name: values for name, values in chosen.items() if values}}
    context = {
        "text": typed,
        "words": words,
        "hits": [(hit, search_hits.pieces(hit.doc.title, words), texts.get(hit.doc.pk, [])) for hit in shown],
        "total": len(found.hits),
        "more": found.more,
        "newest": queries.NEWEST,
        "facets": [
            (name, [(label, count, on, _toggled(query, name, value)) for value, label, count, on in values])
            for name, values in found.facets.items()
            if values
        ],
        "next_url": f"?{urlencode({**query, 'from': start + PAGE}, doseq=True)}"
        if len(found.hits) > start + PAGE
        else "",
    }
    return render(request, "servicedesk/search.html", context)


@require_GET
@page(Permission.VIEW_QUEUE)
def palette(request: HttpRequest) -> HttpResponse:
    """Records and people for the palette, a fragment; nothing for less than two letters."""
    actor = request.actor  # type: ignore[attr-defined]
    typed = request.GET.get("q", "").strip()[:LONGEST].replace("\x00", "")
    records, people = [], []
    if len(typed) > 1:
        records = [
            (doc, subjects.address(doc.kind, doc.reference))
            for doc in [*_named(typed, actor), *queries.find(typed, actor, limit=IN_PALETTE)]
        ]
        people = finding.search(typed)[:PEOPLE_IN_PALETTE] if can(actor, Permission.VIEW_DIRECTORY) else []
    unique = {doc.reference: (doc, url) for doc, url in records}
    context = {"records": list(unique.values())[:IN_PALETTE], "people": people}
    return render(request, "servicedesk/palette.html", context)


def _named(typed: str, actor: Any) -> list[Any]:
    """The one piece of work whose reference was typed, as a document of the index would show it."""
    try:
        work = subjects.find(typed, actor)
    except NotFound:
        return []
    known = subjects.kind(work.SUBJECT)
    return [SearchDoc(kind=known.name, reference=work.reference, title=getattr(work, known.title))]


def _start(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 4 else 0


def _toggled(query: dict[str, Any], name: str, value: str) -> str:
    """The search with a value of a facet chosen, or no longer chosen."""
    values = list(query.get(name, []))
    values = [one for one in values if one != value] if value in values else [*values, value]
    return f"?{urlencode({**query, name: values}, doseq=True)}"


urlpatterns = [path("", find, name="list"), path("palette/", palette, name="palette")]


class SearchQuery(StrictSerializer):
    q = Text(max_length=LONGEST)
    limit = Number(required=False, default=50, min_value=1, max_value=queries.CANDIDATES)


class HitOut(StrictSerializer):
    kind = serializers.CharField()
    reference = serializers.CharField()
    title = serializers.CharField()
    snippet = serializers.CharField(allow_blank=True)
    updated_at = UtcDateTime()


class FacetOut(StrictSerializer):
    name = serializers.CharField()
    value = serializers.CharField()
    count = serializers.IntegerField()


class SearchOut(StrictSerializer):
    results = HitOut(many=True)
    facets = FacetOut(many=True)


class SearchView(DeskAPIView):
    """What the caller may see and matches all words of `q`, the best first.

    `q` takes tokens as the search page does: `kind:ticket,incident status:open application:payments period:7d card`.
    At most 200 hits: those with all words in the title first, then the newest, of the 1,000 newest. The facets
    count these.
    """

    view_permission = Permission.VIEW_TICKETS
    known = frozenset(SearchQuery().fields)

    @extend_schema(parameters=[SearchQuery], responses=SearchOut, operation_id="search_list")
    def get(self, request: Request) -> Response:
        data, actor = self.query(SearchQuery), request.actor
        words, chosen = search_hits.read(data["q"])
        found = search_hits.search(words, chosen, actor)
        shown = found.hits[: data["limit"]]
        texts = search_hits.snippets([hit.doc for hit in shown], words, actor) if shown else {}
        results = [
            {
                "kind": hit.doc.kind,
                "reference": hit.doc.reference,
                "title": hit.doc.title,
                "snippet": "".join(text for text, _ in texts.get(hit.doc.pk, [])),
                "updated_at": hit.doc.updated_at,
            }
            for hit in shown
        ]
        facets = [
            {"name": name, "value": value, "count": count}
            for name, values in found.facets.items()
            for value, _, count, _ in values
        ]
        return Response(SearchOut({"results": results, "facets": facets}).data)
