"""The kinds of work, filled in by the apps above: how to get one by number, as somebody."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from core.common import ids
from core.common.actor import Actor
from core.common.errors import NotFound


@dataclass(frozen=True)
class Kind:
    """One kind of work.

    visible_to: which of them exist for an actor. title: the field that names one in a list.
    url_name: the page of one, by its reference.
    """

    name: str
    prefix: str
    visible_to: Callable[[Actor], QuerySet[Any]]
    title: str
    url_name: str


_kinds: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    _kinds[kind.name] = kind


def kind(name: str) -> Kind:
    return _kinds[name]


def kinds() -> list[Kind]:
    return list(_kinds.values())


def address(name: str, reference: str) -> str:
    """The page of a piece of work."""
    return reverse(_kinds[name].url_name, args=[reference])


def named(reference: str) -> tuple[str, int] | None:
    """(kind, number) that a reference names, whether it exists or not; None for no reference."""
    for known in _kinds.values():
        if reference.strip().upper().startswith(f"{known.prefix}-"):
            try:
                return known.name, ids.number_of(reference, known.prefix)
            except NotFound:
                return None
    return None


def find(reference: str, by: Actor) -> Any:
    """The piece of work behind any reference. Raises NotFound when it does not exist for the actor."""
    for known in _kinds.values():
        if reference.strip().upper().startswith(f"{known.prefix}-"):
            found = known.visible_to(by).filter(pk=ids.number_of(reference, known.prefix)).first()
            if found is not None:
                return found
    raise NotFound(f"There is no {reference[:40]} here.")
