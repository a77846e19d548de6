"""Reading saved views. The tickets in one are filtered again for each reader."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet
from django.http import QueryDict

from core.accounts.permissions import Permission, can
from core.common.actor import Actor
from core.common.errors import NotFound
from tickets import listing, queries
from tickets.models import SavedView

MOST_SHOWN = 20  # in the menu and the tabs; the others are reached by their addresses
MOST_COUNTED = 8  # each costs a query, and one more for each name in its filter


def of(actor: Actor) -> QuerySet[SavedView]:
    """The views of a person and of their teams, in the order of the menu."""
    return (
        SavedView.objects.visible_to(actor).select_related("owner", "team").order_by("position", "name", "pk")
    )


def get_for(slug: str, *, by: Actor) -> SavedView:
    """One view by its stable address. Raises NotFound where it is none of the actor's."""
    found = of(by).filter(slug=slug).first()
    if found is None:
        raise NotFound("There is no such view here.")
    return found


def may_change(view: SavedView, actor: Actor) -> bool:
    """Who made it, the lead of its team, and who manages the directory."""
    lead = view.team.lead_id if view.team else None
    return actor.user_id in (view.owner_id, lead) or can(actor, Permission.MANAGE_DIRECTORY)


def params_of(view: SavedView) -> QueryDict:
    """The address that a view stands for."""
    params = QueryDict(view.query, mutable=True)
    if view.ordering:
        params["ordering"] = view.ordering
    if "view" not in params:
        params["view"] = ""  # an empty filter means all open work, not the first tab
    return params


def counts(views: list[SavedView], actor: Actor, now: datetime) -> dict[str, int | None]:
    """How many tickets the first few views hold for this reader, by slug; None above 1,000."""
    return {
        view.slug: queries.count_up_to(listing.read(params_of(view), actor, now).tickets)
        for view in views[:MOST_COUNTED]
    }
