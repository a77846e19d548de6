"""The number of tiers is data: added after the last one, renamed, taken away from the end.

Numbers stay without a gap, since a ticket goes from tier n to n + 1.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import F

from core.accounts.permissions import Permission, require
from core.audit import trail
from core.common.actor import Actor
from core.common.errors import Conflict, RuleBroken, Stale
from escalation import queries, tiers
from escalation.models import MOST_TIERS, Team, Tier
from escalation.operations.shared import check


@transaction.atomic
def add_tier(*, name: str, does: str = "", by: Actor) -> Tier:
    """A tier above the last one; one that was taken away before comes back under its number."""
    require(by, Permission.MANAGE_DATA)
    rows = {row.number: row for row in Tier.objects.select_for_update().order_by("number")}
    number = 1 + max((row.number for row in rows.values() if row.active), default=0)
    if number > MOST_TIERS:
        raise RuleBroken(f"A desk has at most {MOST_TIERS} tiers.")
    tier = rows.get(number, Tier(number=number))
    again = tier.pk is not None
    tier.name, tier.does, tier.active = name.strip(), does.strip(), True
    check(tier)
    if again:
        _write(tier, name=tier.name, does=tier.does, active=True)
    else:
        tier.save(force_insert=True)
    trail.record("tier.added", on=tier, by=by, after={"number": number, "name": tier.name})
    return _done(number, by)


@transaction.atomic
def edit_tier(number: int | str, *, changes: dict[str, Any], version: int | None = None, by: Actor) -> Tier:
    """Rename a tier, or say anew what it does. Raises Stale when `version` is no longer the tier's."""
    tier = queries.get_tier(number, by=by, to=Permission.MANAGE_DATA)
    changes = {field: text.strip() for field, text in changes.items()}
    before, after = trail.changed(tier, changes)
    if version is not None and version != tier.version:
        raise Stale(f"{tier} was changed since you read it.", fields=before)
    if not after:
        return tier
    for field, text in changes.items():
        setattr(tier, field, text)
    check(tier)
    _write(tier, **changes)
    trail.record("tier.changed", on=tier, by=by, before=before, after=after)
    return _done(tier.number, by)


@transaction.atomic
def remove_tier(number: int | str, *, by: Actor) -> Tier:
    """Take the last tier away. Refused with a sentence while a team works there or open work stands there."""
    tier = queries.get_tier(number, by=by, to=Permission.MANAGE_DATA)
    last = tiers.ladder_now().last
    if not tier.active:
        raise Conflict(f"{tier} was taken away already.")
    if tier.number == 1:
        raise RuleBroken(f"{tier} is where work comes in; it stays.")
    if tier.number != last:
        raise RuleBroken(f"Only the last tier can be taken away: {tiers.ladder_now().name(last)}.")
    _write(tier, active=False)  # claims the row: what moves here at this moment waits for it, and is refused
    for use in (_teams, *tiers.uses()):
        if sentence := use(tier):
            raise RuleBroken(sentence)
    trail.record("tier.removed", on=tier, by=by, before={"number": tier.number, "name": tier.name})
    return _done(tier.number, by)


def _teams(tier: Tier) -> str:
    names = list(Team.objects.filter(tier=tier.number, active=True).values_list("name", flat=True)[:4])
    if not names:
        return ""
    shown = ", ".join(names[:3]) + (" and others" if len(names) > 3 else "")
    return f"{shown} work{'s' if len(names) == 1 else ''} at {tier}. Give the team another tier first."


def _write(tier: Tier, **values: Any) -> None:
    untouched = Tier.objects.filter(pk=tier.pk, version=tier.version)
    if not untouched.update(version=F("version") + 1, **values):
        raise Conflict(f"Somebody else changed {tier} just now. Look again.")


def _done(number: int, by: Actor) -> Tier:
    tiers.forget()
    transaction.on_commit(tiers.forget)  # somebody may have read the old names until now
    return queries.get_tier(number, by=by)
