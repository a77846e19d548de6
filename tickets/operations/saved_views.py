"""Saving, changing and deleting views."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import F
from django.http import QueryDict
from django.utils.text import slugify

from core.accounts.permissions import Permission, can, require
from core.audit import trail
from core.common import clock
from core.common.actor import Actor
from core.common.errors import Invalid, NotAllowed, RuleBroken, Stale
from escalation.models import Team
from tickets import columns, listing, saved_views
from tickets.models import SavedView

MOST_VIEWS = 50
LONGEST_QUERY = 2000


@transaction.atomic
def save_view(
    *,
    name: str,
    query: str,
    by: Actor,
    shown: Sequence[str] = (),
    ordering: str = "",
    team: Team | None = None,
) -> SavedView:
    """Keep a filter under a name, for oneself or for a team that one is in. Its slug never changes.

    Raises Invalid for a filter that cannot be read, a column or an order that does not exist.
    """
    require(by, Permission.VIEW_QUEUE)
    values = _checked(name=name, query=query, shown=shown, ordering=ordering, by=by)
    _check_team(team, by)
    if SavedView.objects.filter(owner_id=by.user_id).count() >= MOST_VIEWS:
        raise RuleBroken(f"You have {MOST_VIEWS} views. Delete one first.")
    view = SavedView.objects.create(**values, slug=_slug(name), owner_id=by.user_id, team=team)
    trail.record("saved_view.created", on=view, by=by, after={"name": view.name, "query": view.query})
    return view


@transaction.atomic
def edit_view(slug: str, *, values: Mapping[str, Any], by: Actor, if_version: int | None = None) -> SavedView:
    """Change some parts of a view, named as in `save_view`. Raises Stale when somebody else changed it meanwhile."""
    view = saved_views.get_for(slug, by=by)
    _check_may_change(view, by)
    present = {"name": view.name, "query": view.query, "shown": view.columns, "ordering": view.ordering}
    team = values.get("team", view.team)
    wanted = {**present, **{name: value for name, value in values.items() if name != "team"}}
    values = {**_checked(**wanted, by=by), "team": team}
    if team is not None and team.pk != view.team_id:
        _check_team(team, by)
    before, after = trail.changed(view, values)
    version = view.version if if_version is None else if_version
    if not SavedView.objects.filter(pk=view.pk, version=version).update(**values, version=F("version") + 1):
        raise Stale("This view was changed by somebody else. Look again and repeat.", fields=before)
    if after:
        trail.record("saved_view.edited", on=view, by=by, before=before, after=after)
    return SavedView.objects.get(pk=view.pk)


@transaction.atomic
def delete_view(slug: str, *, by: Actor, if_version: int | None = None) -> None:
    """Delete a view; the trail keeps what it was. Raises Stale when it is no longer the version that was read."""
    view = saved_views.get_for(slug, by=by)
    _check_may_change(view, by)
    before = {"name": view.name, "query": view.query, "columns": view.columns, "ordering": view.ordering}
    version = view.version if if_version is None else if_version
    if not SavedView.objects.filter(pk=view.pk, version=version).delete()[0]:
        raise Stale("This view was changed by somebody else. Look again and repeat.", fields=before)
    trail.record("saved_view.deleted", on=view, by=by, before=before)


def _check_may_change(view: SavedView, by: Actor) -> None:
    if not saved_views.may_change(view, by):
        raise NotAllowed(
            f"Only {view.owner.display_name}, who made this view, or the team’s lead can change it."
        )


def _check_team(team: Team | None, by: Actor) -> None:
    if team is None or can(by, Permission.MANAGE_DIRECTORY):
        return
    if not team.memberships.filter(user_id=by.user_id).exists():
        raise RuleBroken(f"You are not in {team.name}; a view is shared with one’s own team.", field="team")


def _checked(*, name: str, query: str, shown: Sequence[str], ordering: str, by: Actor) -> dict[str, Any]:
    """The values of a view, or Invalid with each field's sentences."""
    errors: dict[str, list[str]] = {}
    name = name.strip()
    if not 1 <= len(name) <= 60:
        errors["name"] = ["A view has a name of up to 60 characters."]
    params = QueryDict(query, mutable=True)
    params.pop("ordering", None)
    kept = listing.kept(params)
    if len(kept) > LONGEST_QUERY:
        errors["query"] = ["This filter is too long to be saved."]
    elif wrong := listing.unknown(params, by) or listing.read(params, by, clock.now()).wrong:
        errors["query"] = wrong
    if unknown := [column for column in shown if column not in columns.COLUMNS]:
        errors["columns"] = [f"There is no column “{unknown[0][:60]}”."]
    if ordering not in columns.ORDERS:
        errors["ordering"] = [f"“{ordering[:60]}” is no order of a list."]
    if errors:
        raise Invalid(errors)
    return {"name": name, "query": kept, "columns": list(dict.fromkeys(shown)), "ordering": ordering}


def _slug(name: str) -> str:
    start = slugify(name)[:60] or "view"
    if start == "new":
        start = "new-view"
    slug, number = start, 1
    while SavedView.objects.filter(slug=slug).exists():
        number += 1
        slug = f"{start}-{number}"
    return slug
