"""The guard in front of each page."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse

from core.accounts.permissions import Permission, can, require

View = Callable[..., HttpResponse]


def page(permission: Permission) -> Callable[[View], View]:
    """Let in who holds the permission.

    Nobody signed in: to the sign-in page. A customer without it: 404, for what they may not see does not
    exist. Staff without it: 403 with the roles that can.
    """

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                if request.headers.get("HX-Request"):  # a fragment must not turn into the sign-in page
                    return HttpResponse("Your session has ended. Sign in again in a new tab.", status=401)
                return redirect_to_login(request.get_full_path())
            actor = request.actor  # type: ignore[attr-defined]
            if not can(actor, permission) and actor.is_customer:
                raise Http404
            require(actor, permission)
            return view(request, *args, **kwargs)

        guarded.permission = permission  # type: ignore[attr-defined]
        return guarded

    return guard
