"""Reading the catalogue."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from catalogue.models import Application, CatalogueQuerySet, Component, Dependency, Question, Region, Service
from core.accounts.permissions import Permission, require
from core.common.actor import Actor
from core.common.errors import NotFound


@dataclass(frozen=True)
class InsideName:
    """A name of a component that is for the desk alone, and what outside readers may call it; empty for nothing."""

    said: str
    public: str


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


def needed_applications(applications: Iterable[int]) -> set[int]:
    """The applications and all those whose components theirs need, however far down. One query."""
    needs: dict[int, set[int]] = {}
    rows = Dependency.objects.values_list(
        "component_id", "needs_id", "component__application_id", "needs__application_id"
    )
    owners: dict[int, int] = {}
    for component, needed, application, other in rows:
        needs.setdefault(component, set()).add(needed)
        owners |= {component: application, needed: other}
    found = set(applications)
    todo = [component for component, application in owners.items() if application in found]
    seen = set(todo)
    while todo:
        for needed in needs.get(todo.pop(), set()) - seen:
            seen.add(needed)
            todo.append(needed)
    return found | {owners[component] for component in seen}


def named_inside() -> list[InsideName]:
    """What the components are called on the desk, the longest name first. One query."""
    rows = Component.objects.values_list("name", "slug", "public_name", "application__name")
    found = [
        InsideName(said, public_name)
        for name, slug, public_name, application in rows
        for said in (name, *([] if slug.isalpha() or slug == name else [slug]))
        if said not in (public_name, application)
    ]
    return sorted(found, key=lambda one: len(one.said), reverse=True)


def on_status_page(*, internal: bool) -> CatalogueQuerySet:
    """The applications of a status page: all on the internal one, those marked public on the other."""
    return Application.objects.all() if internal else Application.objects.filter(public=True)
