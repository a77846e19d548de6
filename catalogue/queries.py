"""Reading the catalogue."""

from __future__ import annotations

from typing import Any, TypeVar

from catalogue.models import Application, Component, Region, Service
from core.accounts.permissions import Permission, require
from core.common.actor import Actor
from core.common.errors import NotFound

Item = TypeVar("Item", Application, Component, Region, Service)


def get_for(model: type[Item], slug: str, *, by: Actor, to: Permission = Permission.VIEW_CATALOGUE) -> Item:
    """One item by slug. Raises NotFound when invisible, NotAllowed when the actor may not do `to` with it."""
    manager: Any = model._default_manager
    found: Item | None = manager.visible_to(by).filter(slug=slug).first()
    if found is None:
        raise NotFound(f"There is no {model._meta.verbose_name} “{slug[:60]}”.")
    require(by, to)
    return found
