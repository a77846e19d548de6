"""Who calls the API: a bearer token, or the session of somebody signed in to the pages."""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta
from typing import Any

from django.db.models import Q
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework import authentication, exceptions, permissions
from rest_framework.request import Request

from core.accounts.models import ApiToken, User
from core.common import clock
from core.common.actor import Actor

READ, WRITE, ADMIN = "read", "write", "admin"
SCOPES = (READ, WRITE, ADMIN)
TOKEN_START = "desk_"  # noqa: S105 - the visible beginning, no secret
PREFIX_LENGTH = len(TOKEN_START) + 6
LAST_USE_EVERY = timedelta(minutes=1)
_REFUSED = "This token is unknown, expired or revoked."


def digest_of(token: str) -> str:
    """What is stored of a token. A token is 32 random bytes, so a fast hash is enough."""
    return hashlib.sha256(token.encode()).hexdigest()


class BearerAuthentication(authentication.BaseAuthentication):
    """`Authorization: Bearer TOKEN`."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        found = self.lookup(token.strip())
        if found is None:
            raise exceptions.AuthenticationFailed(_REFUSED)
        _note_use(found)
        return found.user, found

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'

    def lookup(self, token: str) -> ApiToken | None:
        """The valid token, or None."""
        if not token.isascii() or not token.isprintable() or len(token) > 200:
            return None
        now = clock.now()
        found = (
            ApiToken.objects.filter(prefix=token[:PREFIX_LENGTH], revoked_at=None, user__is_active=True)
            .filter(Q(expires_at=None) | Q(expires_at__gt=now))
            .select_related("user")
            .first()
        )
        if found is None or not hmac.compare_digest(found.digest, digest_of(token)):
            return None
        return found


def _note_use(token: ApiToken) -> None:
    """At most one write a minute; the condition keeps parallel calls from all writing."""
    now = clock.now()
    if token.last_used_at is None or token.last_used_at <= now - LAST_USE_EVERY:
        ApiToken.objects.filter(pk=token.pk, last_used_at=token.last_used_at).update(last_used_at=now)


class DoorSessionAuthentication(authentication.SessionAuthentication):
    """The pages' own session; writes need the CSRF token."""


class HasScope(permissions.BasePermission):
    """A token reads with `read`, writes with `write`; `admin` includes both. A session has no such limits."""

    def has_permission(self, request: Request, view: Any) -> bool:
        actor: Actor = request.actor  # type: ignore[attr-defined]
        if actor.user_id is None:
            return False
        if actor.scopes is None or ADMIN in actor.scopes:
            return True
        needed = (
            READ if request.method in permissions.SAFE_METHODS else getattr(view, "scope_to_write", WRITE)
        )
        if needed not in actor.scopes:
            raise exceptions.PermissionDenied(f"This needs a token with the scope “{needed}”.")
        return True


def principal(request: Request) -> str:
    """Who an idempotency key belongs to: the token, or the person in a session."""
    if isinstance(request.auth, ApiToken):
        return f"token:{request.auth.pk}"
    return f"user:{request.user.pk}"


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the OpenAPI document names the token."""

    target_class = BearerAuthentication
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = DoorSessionAuthentication
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}
