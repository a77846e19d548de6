"""Writing what people say of themselves, and what programs use to sign in."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.db import transaction

from core.accounts.authentication import PREFIX_LENGTH, READ, SCOPES, TOKEN_START, WRITE, digest_of
from core.accounts.models import ApiToken, User
from core.accounts.permissions import Permission, require
from core.audit import trail
from core.common import clock
from core.common.actor import Actor
from core.common.errors import Invalid, NotFound, RuleBroken

LIFETIME_DAYS = 365
LONGEST_LIFETIME_DAYS = 3650
FACTS = ("first_name", "last_name", "job_title", "phone", "timezone")  # what is no matter of signing in


@transaction.atomic
def create_token(
    username: str,
    name: str,
    *,
    scopes: Sequence[str] = (READ, WRITE),
    days: int = LIFETIME_DAYS,
    by: Actor,
) -> tuple[ApiToken, str]:
    """Make a token for a user, valid for some days. Returns it with its text, which is stored nowhere.

    Everyone may make tokens for themselves, which do no more than they may; for others only who manages data.
    """
    user = User.objects.filter(username=username, is_active=True).first()
    if by.user_id is None or user is None or user.pk != by.user_id:
        require(by, Permission.MANAGE_DATA)
    if user is None:
        raise NotFound(f"There is no active user “{username[:150]}”.")
    _check(name, scopes, days)
    text = TOKEN_START + secrets.token_urlsafe(32)
    now = clock.now()
    token = ApiToken.objects.create(
        user=user,
        name=name,
        prefix=text[:PREFIX_LENGTH],
        digest=digest_of(text),
        scopes=sorted(set(scopes), key=SCOPES.index),
        created_at=now,
        expires_at=now + timedelta(days=days),
    )
    trail.record("token.created", on=token, by=by, label=name, user=username, scopes=token.scopes)
    return token, text


@transaction.atomic
def edit_profile(*, timezone: str, shortcuts: bool, theme: str, by: Actor) -> User:
    """Change how the desk looks and behaves for oneself. Raises RuleBroken for an unknown zone or theme."""
    user = User.objects.filter(pk=by.user_id, is_active=True).first()
    if user is None:
        raise NotFound("Nobody is signed in.")
    if timezone not in available_timezones():
        raise RuleBroken("A time zone has a name as Europe/Paris or UTC.", field="timezone")
    if theme not in ("", "light", "dark"):
        raise RuleBroken("The theme is light, dark, or the system's.", field="theme")
    values = {"timezone": timezone, "shortcuts": shortcuts, "theme": theme}
    before, after = trail.changed(user, values)
    if after:
        User.objects.filter(pk=user.pk).update(**values)
        trail.record("user.profile_edited", on=user, by=by, before=before, after=after)
    return User.objects.get(pk=user.pk)


@transaction.atomic
def edit_facts(username: str, *, values: dict[str, Any], by: Actor) -> User:
    """Change what colleagues read of a person; they themselves may, and who manages the directory.

    Raises Invalid for facts that do not hold.
    """
    user = User.objects.filter(username=username, is_active=True).first()
    if user is None or by.user_id != user.pk:
        require(by, Permission.MANAGE_DIRECTORY)
    if user is None:
        raise NotFound(f"There is no active user “{username[:150]}”.")
    if unknown := set(values) - set(FACTS):
        raise RuleBroken(f"This is not changed here: {', '.join(sorted(unknown))}.")
    if values.get("timezone", "UTC") not in available_timezones():
        raise RuleBroken("A time zone has a name as Europe/Paris or UTC.", field="timezone")
    before, after = trail.changed(user, values)
    if after:
        _keep(user, values)
        for facts in (before, after):
            facts |= {"phone": "a private number"} if facts.get("phone") else {}
        trail.record("user.facts_edited", on=user, by=by, before=before, after=after)
    return User.objects.get(pk=user.pk)


@transaction.atomic
def create_person(username: str, *, email: str, values: dict[str, Any], by: Actor) -> User:
    """Enter somebody who has no role and cannot sign in yet. Raises Invalid for facts that do not hold."""
    require(by, Permission.MANAGE_DATA)
    user = User(username=username, email=email)
    user.set_unusable_password()
    try:
        user.full_clean(exclude=["password"])
    except ValidationError as error:
        raise Invalid(error.message_dict) from error
    user.save(force_insert=True)
    trail.record("user.created", on=user, by=by, after={"username": username, "email": email})
    return edit_facts(username, values=values, by=by)


@transaction.atomic
def revoke_token(token_id: int, *, by: Actor) -> ApiToken:
    """End a token at once; a second time changes nothing."""
    token = ApiToken.objects.filter(pk=token_id).first()
    if token is None or token.user_id != by.user_id:
        require(by, Permission.MANAGE_DATA)
    if token is None:
        raise NotFound("There is no such token.")
    if ApiToken.objects.filter(pk=token_id, revoked_at=None).update(revoked_at=clock.now()):
        trail.record("token.revoked", on=token, by=by, label=token.name)
    return ApiToken.objects.get(pk=token_id)


def _keep(user: User, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(user, name, value)
    try:
        user.clean_fields(exclude=[field.name for field in User._meta.fields if field.name not in values])
    except ValidationError as error:
        raise Invalid(error.message_dict) from error
    User.objects.filter(pk=user.pk).update(**values)


def _check(name: str, scopes: Sequence[str], days: int) -> None:
    if not 1 <= len(name.strip()) <= 100:
        raise RuleBroken("A token has a name of up to 100 characters.", field="name")
    if not scopes or not set(scopes) <= set(SCOPES):
        raise RuleBroken(f"Scopes are {', '.join(SCOPES)}; at least one is needed.", field="scopes")
    if not 1 <= days <= LONGEST_LIFETIME_DAYS:
        raise RuleBroken(f"A token lives 1 to {LONGEST_LIFETIME_DAYS} days.", field="days")
