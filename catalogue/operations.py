"""Writing the catalogue."""

from __future__ import annotations

from typing import Any, TypeVar

from django.db import transaction

from catalogue import queries
from catalogue.models import Application, Component, Region, Service
from core.accounts.permissions import Permission, require
from core.audit import edits
from core.common.actor import Actor
from core.common.errors import Conflict

Item = TypeVar("Item", Application, Component, Region, Service)


@transaction.atomic
def create(model: type[Item], values: dict[str, Any], *, by: Actor) -> Item:
    """Add an application, component, region or service. Raises Conflict when its slug is taken."""
    require(by, Permission.MANAGE_DATA)
    if model._default_manager.filter(slug=values["slug"]).exists():
        raise Conflict(f"There is already a {model._meta.verbose_name} “{values['slug']}”.")
    return edits.make(model, values, event=f"{model.SUBJECT}.created", by=by)


@transaction.atomic
def edit(
    model: type[Item], slug: str, changes: dict[str, Any], *, version: int | None = None, by: Actor
) -> Item:
    """Change its facts. Raises Stale when `version` is no longer the present one."""
    found = queries.get_for(model, slug, by=by, to=Permission.MANAGE_DATA)
    return edits.edit(found, changes, version=version, event=f"{model.SUBJECT}.edited", by=by)
