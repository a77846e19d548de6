"""Reading the catalogue."""

from __future__ import annotations

from typing import Any, TypeVar

from catalogue.models import Application, Component, Question, Region, Service
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


def question(number: str, *, by: Actor, to: Permission = Permission.VIEW_CATALOGUE) -> Question:
    """One question by its id. Raises NotFound when invisible, NotAllowed when the actor may not do `to` with it."""
    known = number.isascii() and number.isdigit() and len(number) <= 18
    rows = Question.objects.visible_to(by).select_related("application")
    found: Question | None = rows.filter(pk=int(number)).first() if known else None
    if found is None:
        raise NotFound(f"There is no question “{number[:60]}”.")
    require(by, to)
    return found
