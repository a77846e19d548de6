"""Teams: entering, editing, reviewing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from django.db import transaction
from django.urls import get_resolver
from django.utils.text import slugify

from catalogue.models import Component
from core.accounts.models import User
from core.accounts.permissions import Permission, can, require
from core.audit import trail
from core.common import clock
from core.common.actor import Actor
from core.common.errors import NotAllowed, RuleBroken
from escalation import queries, review_rules, rules, tiers
from escalation.local_time import zone_of
from escalation.models import Membership, Team
from escalation.operations.people import list_people
from escalation.operations.shared import check, names, update


@transaction.atomic
def create_team(
    *,
    name: str,
    slug: str = "",
    members: Sequence[User] = (),
    components: Sequence[Component] = (),
    by: Actor,
    **facts: Any,
) -> Team:
    """Enter a team; its first review is due after a quarter. Raises Invalid for facts that do not hold."""
    require(by, Permission.MANAGE_DIRECTORY)
    now = clock.now()
    facts.setdefault("review_due", review_rules.next_due(now.date()))
    team = Team(name=name, slug=slug or slugify(name)[:50], reviewed_at=now, **facts)
    _check_slug(team.slug, "slug" if slug else "name")
    check(team)
    tiers.hold(team.tier)
    team.next_chase_at = _chased(team)["next_chase_at"]
    team.save(force_insert=True)
    _set_members(team, members)
    team.components.set(components)
    list_people(_named([*members, team.lead, team.manager, team.owner]), now)
    known = {"name": team.name, "tier": team.tier, "tier_name": tiers.name(team.tier)}
    trail.record("team.created", on=team, by=by, after=known)
    return queries.get_team(team.slug, by=by)


@transaction.atomic
def edit_team(slug: str, *, changes: dict[str, Any], version: int | None = None, by: Actor) -> Team:
    """Change facts of a team: managers of the directory all of it, who keeps the entry what others read in it.

    Raises Stale when `version` is no longer the team's.
    """
    team = queries.team_to_edit(slug, by=by)
    changes = dict(changes)
    _check_kept_right(set(changes), by)
    members, components = changes.pop("members", None), changes.pop("components", None)
    before, after = trail.changed(team, changes)
    if "slug" in after:
        _check_slug(after["slug"])
    update(team, changes, version, derive=_chased)
    if "tier" in after or changes.get("active"):
        tiers.hold(team.tier)
    if members is not None and set(names(members)) != set(names(team.members.all())):
        before["members"], after["members"] = names(team.members.all()), names(members)
        _set_members(team, members)
    if components is not None and set(components) != set(team.components.all()):
        before["components"] = [component.slug for component in team.components.all()]
        after["components"] = [component.slug for component in components]
        team.components.set(components)
    people = [*(members or ()), *(changes.get(role) for role in ("lead", "manager", "owner"))]
    list_people(_named(people), clock.now())
    trail.record("team.changed", on=team, by=by, before=before, after=after)
    return queries.get_team(changes.get("slug", slug), by=by)


@transaction.atomic
def review_team(slug: str, *, due: date | None = None, by: Actor) -> Team:
    """Say that the entry was checked and is right; the next check is due after a quarter.

    Managers of the directory may, and who owns, leads or manages the entry. With `due`, only the check that
    was due on that day: raises Conflict when somebody made it meanwhile (a link in a mail, used twice).
    """
    team = queries.get_team(slug, by=by)
    if not rules.may_review(by, keepers(team)):
        require(by, Permission.MANAGE_DIRECTORY)
    review_rules.check_still_due(team.review_due, due)
    now = clock.now()
    values = {"reviewed_at": now, "review_due": review_rules.next_due(now.date())}
    before, after = trail.changed(team, values)
    update(team, values, None, derive=_chased)
    trail.record("team.reviewed", on=team, by=by, before=before, after=after)
    return queries.get_team(slug, by=by)


def keepers(team: Team) -> set[int | None]:
    """Who keeps the entry right: its owner, and the team's lead and manager."""
    return {team.owner_id, team.lead_id, team.manager_id}


def _chased(team: Team) -> dict[str, Any]:
    """When the keeper hears of the entry next; nobody is chased about a team that is out of use."""
    if not team.active:
        return {"next_chase_at": None}
    return {"next_chase_at": review_rules.next_chase(team.review_due, zone_of(team.zone), clock.now())}


def _check_kept_right(changing: set[str], by: Actor) -> None:
    """Who keeps an entry changes what others read in it; where the team stands is for managers."""
    beyond = sorted(changing - rules.KEPT_RIGHT)
    if beyond and not can(by, Permission.MANAGE_DIRECTORY):
        words = ", ".join(name.replace("_", " ") for name in beyond)
        raise NotAllowed(f"Who keeps the entry cannot change its {words}. A manager can.")


def _check_slug(slug: str, field: str = "slug") -> None:
    """Refuse a short name at whose address, or below it, other pages stand already, whatever pages there are.

    `field` is what was typed: the short name itself, or the name that it was made of.
    """
    if not slug:
        raise RuleBroken("The name needs a letter from a to z or a digit, for its address.", field=field)
    _, pages = get_resolver().namespace_dict["escalation"]
    taken = {str(page.pattern).partition("/")[0] for page in pages.url_patterns}
    if slug in taken:
        what = "short name" if field == "slug" else "name"
        raise RuleBroken(f"Pages of the directory stand under {slug}. Choose another {what}.", field=field)


def _named(people: Iterable[User | None]) -> list[User]:
    return [person for person in people if person is not None]


def _set_members(team: Team, members: Sequence[User]) -> None:
    team.memberships.exclude(user__in=members).delete()
    Membership.objects.bulk_create(
        [Membership(team=team, user=user) for user in members], ignore_conflicts=True
    )
