"""Every request knows its actor; broken rules that no form caught become a page that says what next."""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from core.accounts import actors
from core.common.errors import RuleBroken


class ActorMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.actor = SimpleLazyObject(lambda: actors.for_request(request))  # type: ignore[attr-defined]
        with timezone.override(_zone_of(request)):
            response = self.get_response(request)
        user = getattr(
            request, "_cached_user", None
        )  # only set when something looked: public pages stay cacheable
        if user is not None and user.is_authenticated and "Cache-Control" not in response:
            response["Cache-Control"] = "no-store"
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, RuleBroken):
            return None
        template = "404.html" if exception.status == 404 else "refused.html"
        return render(request, template, {"broken": exception}, status=exception.status)


def _zone_of(request: HttpRequest) -> ZoneInfo:
    """The reader's zone; UTC for nobody and for a zone that this machine does not know."""
    if not request.COOKIES.get(settings.SESSION_COOKIE_NAME) or request.path_info.startswith(
        settings.WITHOUT_SESSION
    ):
        return ZoneInfo("UTC")  # without touching the database for it
    try:
        return ZoneInfo(getattr(request.user, "timezone", "UTC") or "UTC")
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")
