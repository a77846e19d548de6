"""Completion for the filter line, made from the one FilterSet: its keys, and the values that a key can have."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q

from core.accounts.models import User
from core.common.actor import Actor
from core.common.api import visible
from core.common.filters import (
    MYSELF,
    NOTHING,
    AfterFilter,
    BeforeFilter,
    CommaChoiceFilter,
    CommaRefFilter,
    FlagFilter,
)
from core.common.vocabulary import Role
from tickets.filters import TicketFilter

MOST = 12


@dataclass(frozen=True)
class Option:
    """`text` replaces the typed word; `done` when a value is chosen, so that the filter can be applied."""

    text: str
    note: str = ""
    done: bool = False


def options(word: str, actor: Actor) -> list[Option]:
    """What a word may become: keys by their beginning, or the values of its key that the actor may see."""
    key, colon, start = word.partition(":")
    if not colon:
        return [Option(f"{name}:", name.replace("_", " ")) for name in _keys(key.lower())][:MOST]
    filter_ = TicketFilter.base_filters.get(key)
    if filter_ is None:
        return []
    before, comma, last = start.rpartition(",")
    return [
        Option(f"{key}:{before}{comma}{value}", note, done=True)
        for value, note in _values(filter_, last, actor)
    ][:MOST]


def _keys(start: str) -> list[str]:
    names = [name for name in TicketFilter.base_filters if name != "search"]
    first = [name for name in names if name.startswith(start)]
    return first + [name for name in names if start and start in name and name not in first]


def _values(filter_: object, start: str, actor: Actor) -> list[tuple[str, str]]:
    match filter_:
        case CommaChoiceFilter():
            known = [(str(value), str(label)) for value, label in filter_.choices if value]
            return _fitting(known + _nothing(filter_.nullable), start)
        case CommaRefFilter():
            return _fitting(_special(filter_), start) + _named(filter_, start, actor)
        case FlagFilter():
            return _fitting([("true", "yes"), ("false", "no")], start)
        case AfterFilter() | BeforeFilter():
            return _fitting([], start)
    return []


def _nothing(nullable: bool) -> list[tuple[str, str]]:
    return [(NOTHING, "not set")] if nullable else []


def _special(filter_: CommaRefFilter) -> list[tuple[str, str]]:
    return ([(MYSELF, "yourself")] if filter_.by == "username" else []) + _nothing(filter_.nullable)


def _fitting(known: list[tuple[str, str]], start: str) -> list[tuple[str, str]]:
    start = start.lower()
    return [(value, label) for value, label in known if start in value.lower() or start in label.lower()]


def _named(filter_: CommaRefFilter, start: str, actor: Actor) -> list[tuple[str, str]]:
    if "\x00" in start:
        return []
    rows = visible(filter_.source_of, actor)
    if rows.model is User:
        staff = [role for role in Role if role not in (Role.CUSTOMER, Role.INTEGRATION)]
        rows = rows.filter(is_active=True, role_grants__role__in=staff).distinct()
        fits = Q(username__icontains=start) | Q(first_name__icontains=start) | Q(last_name__icontains=start)
        return [(user.username, user.display_name) for user in rows.filter(fits)[:MOST]]
    fits = Q(slug__icontains=start) | Q(name__icontains=start)
    return [(row.slug, row.name) for row in rows.filter(fits).order_by("name")[:MOST]]
