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
from tickets import custom_fields
from tickets.filters import TicketFilter
from tickets.models import CustomField

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
        return [Option(f"{name}:", note) for name, note in _keys(key.lower())][:MOST]
    filter_ = TicketFilter.base_filters.get(key) or custom_fields.filters_in([key]).get(key)
    if filter_ is None:
        return []
    before, comma, last = start.lstrip('"').rpartition(",")
    found = _values(filter_, last, actor)[:MOST]
    return [Option(f"{key}:{_quoted(f'{before}{comma}{value}')}", note, done=True) for value, note in found]


def _quoted(value: str) -> str:
    return f'"{value}"' if " " in value else value


def _keys(start: str) -> list[tuple[str, str]]:
    """Keys with what they are called: those that begin so first, then those with it in the name or the label."""
    notes = {name: name.replace("_", " ") for name in TicketFilter.base_filters if name != "search"}
    notes |= {f"{custom_fields.PREFIX}{field.key}": field.label for field in custom_fields.known().values()}
    first = [name for name in notes if name.startswith(start)]
    within = [name for name in notes if start and (start in name or start in notes[name].lower())]
    return [(name, notes[name]) for name in dict.fromkeys(first + within)]


def _values(filter_: object, start: str, actor: Actor) -> list[tuple[str, str]]:
    match filter_:
        case CommaChoiceFilter():
            known = [(str(value), str(label)) for value, label in filter_.choices if value]
            return _fitting(known + _nothing(filter_.nullable), start)
        case custom_fields.CustomFilter():
            field = filter_.custom
            chosen = map(str, field.choices if field.type == CustomField.Type.CHOICE else ())
            known = [(choice, field.label) for choice in chosen if "," not in choice]  # a comma parts values
            return [one for one in known + _nothing(True) if start.lower() in one[0].lower()]
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
