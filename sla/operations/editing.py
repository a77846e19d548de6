"""Calendars and policies are written here; what is open follows."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import F

from core.accounts.permissions import Permission, require
from core.audit import trail
from core.common import clock as wall
from core.common.actor import Actor
from core.common.errors import Conflict, Invalid, Stale
from sla import queries
from sla.models import Calendar, CalendarVersion, Clock, Policy
from sla.operations import following

POLICY_FACTS = (
    "name", "order", "customer_tier", "kind", "application", "priority", "first_response_minutes",
    "next_response_minutes", "resolution_minutes", "calendar", "pause_reasons", "active",
)  # fmt: skip


@transaction.atomic
def create_calendar(*, by: Actor, **facts: Any) -> Calendar:
    """Enter a calendar. Raises Invalid, a sentence for each field, for hours that cannot be."""
    require(by, Permission.MANAGE_SERVICE_LEVELS)
    return save_calendar(Calendar(**facts), by=by)


@transaction.atomic
def edit_calendar(slug: str, *, values: dict[str, Any], if_version: int | None = None, by: Actor) -> Calendar:
    """Change a calendar. Raises Stale when it was changed since `if_version`."""
    calendar = queries.get_calendar(slug, by=by, to=Permission.MANAGE_SERVICE_LEVELS)
    _check_version(calendar, values, if_version)
    for name, value in values.items():
        setattr(calendar, name, value)
    return save_calendar(calendar, by=by)


@transaction.atomic
def save_calendar(calendar: Calendar, *, by: Actor) -> Calendar:
    """Store a new or edited calendar, and its hours as a version of their own.

    Open clocks are due by the new hours from now on; the time that they have used, and every closed row of a
    ledger, stay as they were.
    """
    old = Calendar.objects.filter(pk=calendar.pk).first() if calendar.pk else None
    check(calendar)
    if old is None:
        calendar.save()
        _keep_version(calendar, by)
        trail.record("calendar.created", on=calendar, by=by, after=_facts_of(calendar))
        return calendar
    before, after = trail.changed(old, _facts_of(calendar))
    if not after:
        return calendar
    _check_policies(calendar)
    changed = Calendar.objects.filter(pk=old.pk, version=calendar.version)
    if not changed.update(version=F("version") + 1, **_facts_of(calendar)):
        raise Conflict("Somebody else changed this calendar at the same moment. Look again.")
    calendar.refresh_from_db()
    _keep_version(calendar, by)
    follows = 0
    if set(after) - {"name", "slug"}:
        follows = Clock.objects.filter(calendar=calendar, state=Clock.State.RUNNING).count()
        following.begin(calendar=calendar, why=f"calendar “{calendar.name}” changed", by=by)
    trail.record("calendar.changed", on=calendar, by=by, before=before, after=after, clocks=follows)
    return calendar


@transaction.atomic
def create_policy(*, follow: bool = True, by: Actor, **facts: Any) -> Policy:
    """Enter a policy. Raises Invalid for one that contradicts itself. follow: see save_policy."""
    require(by, Permission.MANAGE_SERVICE_LEVELS)
    return save_policy(Policy(**facts), follow=follow, by=by)


@transaction.atomic
def edit_policy(
    pk: int, *, values: dict[str, Any], follow: bool = True, if_version: int | None = None, by: Actor
) -> Policy:
    """Change a policy. Raises Stale when it was changed since `if_version`."""
    policy = queries.get_policy(pk, by=by, to=Permission.MANAGE_SERVICE_LEVELS)
    _check_version(policy, values, if_version)
    for name, value in values.items():
        setattr(policy, name, value)
    return save_policy(policy, follow=follow, by=by)


@transaction.atomic
def save_policy(policy: Policy, *, follow: bool = True, by: Actor) -> Policy:
    """Store a new or edited policy.

    follow: clocks that are open now get the promise that the policies make from now on, with the time that they
    have used; else they keep what was promised when they started, until their own facts change.
    """
    old = queries.policies(active=None).filter(pk=policy.pk).first() if policy.pk else None
    check(policy)
    facts = {name: getattr(policy, name) for name in POLICY_FACTS}
    if old is None:
        policy.save()
        trail.record("policy.created", on=policy, by=by, after=_plain(facts))
        changed = True
    else:
        before, after = trail.changed(old, facts)
        if after and not Policy.objects.filter(pk=old.pk, version=policy.version).update(
            version=F("version") + 1, **facts
        ):
            raise Conflict("Somebody else changed this policy at the same moment. Look again.")
        changed = bool(set(after) - {"name"})
        if after:
            trail.record("policy.changed", on=policy, by=by, before=before, after=after, follow=follow)
    if changed and follow:
        following.begin(policy=policy, why=f"policy “{policy.name}” changed", by=by)
    return queries.policies(active=None).get(pk=policy.pk)


def check(row: Calendar | Policy) -> None:
    """Raise Invalid, a sentence for each field that cannot be."""
    try:
        row.full_clean()
    except ValidationError as error:
        raise Invalid(error.message_dict) from error


def _check_version(row: models.Model, values: dict[str, Any], version: int | None) -> None:
    if version is not None and version != row.version:  # type: ignore[attr-defined]
        raise Stale(f"“{row}” was changed since you read it.", trail.changed(row, values)[0])


def _check_policies(calendar: Calendar) -> None:
    """A calendar by which one of its policies could no longer be kept is refused."""
    for policy in calendar.policies.filter(active=True):
        policy.calendar = calendar
        try:
            policy.clean()
        except ValidationError as error:
            raise Invalid({"weekly": [f"“{policy.name}” counts by it. {error.messages[0]}"]}) from error


def _keep_version(calendar: Calendar, by: Actor) -> None:
    CalendarVersion.objects.create(
        calendar=calendar,
        number=calendar.version,
        since=wall.now(),
        by_label=by.label[:150],
        **calendar.facts(),
    )


def _facts_of(calendar: Calendar) -> dict[str, Any]:
    return {"slug": calendar.slug, **calendar.facts()}


def _plain(facts: dict[str, Any]) -> dict[str, Any]:
    return {name: str(value) if isinstance(value, models.Model) else value for name, value in facts.items()}
