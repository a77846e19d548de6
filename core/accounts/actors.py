"""From a signed-in user to the actor that operations take."""

from __future__ import annotations

from typing import Any

from core.accounts.models import User
from core.common.actor import ANONYMOUS, Actor, Door, Kind
from core.common.vocabulary import Role


def for_user(user: User, *, door: Door = Door.WEB, scopes: frozenset[str] | None = None) -> Actor:
    """The actor for a user: their roles as they are now."""
    kind = Kind.INTEGRATION if user.role_set == {Role.INTEGRATION} else Kind.PERSON
    return Actor(
        kind=kind, user_id=user.pk, label=user.display_name, roles=user.role_set, door=door, scopes=scopes
    )


def for_request(request: Any) -> Actor:
    """The actor behind a web request; ANONYMOUS when nobody is signed in."""
    user = request.user
    return for_user(user) if user.is_authenticated and user.is_active else ANONYMOUS
