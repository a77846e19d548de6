"""The status pages: for anybody, without a session, kept for ten seconds.

The internal one is at an address that cannot be guessed, so that a screen on a wall needs no account.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.feedgenerator import Atom1Feed
from django.utils.html import escape
from django.views.decorators.http import require_safe

from core.accounts.permissions import Permission
from core.accounts.web import page
from core.common import clock
from portal import kept, status

HTML = "text/html; charset=utf-8"
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@require_safe
def public(request: HttpRequest) -> HttpResponse:
    """What works and what does not, for everybody."""
    return _answer(request, "public", HTML, lambda: _board(internal=False))


@require_safe
@page(Permission.VIEW_INCIDENTS)
def to_internal(request: HttpRequest) -> HttpResponse:
    """Staff are led to the address of the internal page, which may be opened on any screen from then on."""
    return redirect("status:internal", secret())


@require_safe
def internal(request: HttpRequest, key: str) -> HttpResponse:
    """All applications, for whoever has the address."""
    if not constant_time_compare(key, secret()):
        raise Http404
    return _answer(request, "internal", HTML, lambda: _board(internal=True))


@require_safe
def history(request: HttpRequest) -> HttpResponse:
    """The incidents of the last 90 days with all that was told."""

    def make() -> str:
        now = clock.now()
        return render_to_string("status/history.html", {"notices": status.history(now), "as_of": now})

    return _answer(request, "history", HTML, make)


@require_safe
def data(request: HttpRequest) -> HttpResponse:
    """The public page for programs."""
    return _answer(request, "data", "application/json", lambda: json.dumps(_facts()))


@require_safe
def feed(request: HttpRequest) -> HttpResponse:
    """What was told, as an Atom feed."""
    return _answer(request, "feed", "application/atom+xml; charset=utf-8", _feed)


def secret() -> str:
    """The last part of the internal page's address. Another secret key makes another one."""
    return salted_hmac("portal.status.internal", "address", algorithm="sha256").hexdigest()[:32]


def _answer(request: HttpRequest, key: str, kind: str, make: Callable[[], str]) -> HttpResponse:
    found = kept.page(key, make)
    response = HttpResponse(found.body, content_type=kind)
    response["ETag"] = found.etag
    response["Cache-Control"] = (
        f"public, max-age={kept.FRESH_SECONDS}, stale-while-revalidate=60, stale-if-error={kept.OF_USE_SECONDS}"
    )
    if key == "internal":
        response["Cache-Control"] = f"private, max-age={kept.FRESH_SECONDS}"
        response["Referrer-Policy"] = "no-referrer"
        response["X-Robots-Tag"] = "noindex"
    return get_conditional_response(request, etag=found.etag, response=response) or response


def _board(*, internal: bool) -> str:
    found = status.board(clock.now(), internal=internal)
    return render_to_string("status/board.html", {"board": found, "as_of": found.as_of})


def _facts() -> dict[str, Any]:
    found = status.board(clock.now(), internal=False)
    return {
        "as_of": _utc(found.as_of),
        "status": found.letter,
        "verdict": found.verdict,
        "applications": [
            {"slug": line.slug, "name": line.name, "status": line.letter, "word": line.word}
            for line in found.lines
        ],
        "incidents": [
            {
                "reference": one.reference,
                "title": one.title,
                "applications": one.names,
                "started_at": _utc(one.since),
                "next_update_due_at": _utc(one.next_due_at) if one.next_due_at else None,
                "updates": [
                    {"at": _utc(told.at), "phase": told.phase, "text": told.text, "edited": told.edited}
                    for told in one.told
                ],
            }
            for one in found.notices
        ],
        "planned": [
            {"applications": one.names, "starts": _utc(one.starts), "ends": _utc(one.ends)}
            for one in found.planned
        ],
    }


def _feed() -> str:
    base = settings.BASE_URL.rstrip("/")
    made = Atom1Feed(
        title=f"{getattr(settings, 'PRODUCT_NAME', 'Service desk')} status",
        link=base + reverse("status:public"),
        description="",
        feed_url=base + reverse("status:feed"),
    )
    for one in status.history(clock.now()):
        for told in one.told:
            made.add_item(
                title=_xml(f"{told.phase}: {one.title}"),
                link=f"{base}{reverse('status:history')}#{one.reference}",
                description=escape(_xml(told.text)),  # readers take it for HTML
                unique_id=f"urn:desk:{one.reference}:{told.number}",
                pubdate=told.at,
                updateddate=told.at,
            )
    return made.writeString("utf-8")


def _xml(text: str) -> str:
    """Without the characters that no XML can hold: one of them in one update would end the whole feed."""
    return _NOT_XML.sub("", text)


def _utc(at: Any) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"
