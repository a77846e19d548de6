"""The columns of a file: how a fact is written as text and read from it. A text that is written reads as the same.

Private numbers are read and never written: nobody's telephone number leaves by a file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, time
from functools import cached_property
from typing import Any

from catalogue.models import Component
from core.accounts.models import User
from core.common.vocabulary import Area, Role
from escalation.local_time import DAYS

YES, NO = "yes", "no"
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_LIST = re.compile(r"[,\s]+")


class Unreadable(ValueError):
    """A text that stands for nothing; the sentence says what would."""


class Known:
    """What a file can name, read once."""

    @cached_property
    def people(self) -> dict[str, User]:
        """Everybody who can be named: customers are no part of the directory."""
        return {user.username: user for user in User.objects.exclude(role_grants__role=Role.CUSTOMER)}

    @cached_property
    def components(self) -> dict[str, Component]:
        return {component.slug: component for component in Component.objects.select_related("application")}


@dataclass(frozen=True)
class Column:
    """One fact. `get` takes its value from an entry, `shape` makes the one text for a value, `read` the value of
    a text, or raises Unreadable.

    `written=False`: it can be brought in and is never handed out. `key`: it names the entry and is not changed.
    """

    name: str
    get: Callable[[Any], Any]
    shape: Callable[[Any], str]
    read: Callable[[str, Known], Any]
    written: bool = True
    key: bool = False

    def write(self, entry: Any) -> str:
        return self.shape(self.get(entry))


@dataclass(frozen=True)
class Kind:
    """What a file is about: teams or people."""

    name: str
    title: str
    columns: tuple[Column, ...]
    by_name: dict[str, Column] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {column.name: column for column in self.columns})

    @property
    def written(self) -> list[Column]:
        return [column for column in self.columns if column.written]

    @property
    def keys(self) -> list[str]:
        return [column.name for column in self.columns if column.key]


# --- reading -------------------------------------------------------------------------------------------------
def same_lines(text: str) -> str:
    """The text as every file carries it: no blanks around, one kind of line break, no control characters."""
    return _CONTROL.sub("", re.sub(r"\r\n?", "\n", text)).strip()


def _text(text: str, known: Known) -> str:
    return text


def _yes(text: str, known: Known) -> bool:
    if text.casefold() not in (YES, NO, ""):
        raise Unreadable(f"“{text[:40]}” is neither yes nor no.")
    return text.casefold() == YES


def _tier(text: str, known: Known) -> int:
    digits = text.upper().removeprefix("L")
    if not digits.isascii() or not digits.isdigit() or not 1 <= int(digits[:3]) <= 5:
        raise Unreadable(f"“{text[:40]}” is no tier. Tiers are 1 to 5.")
    return int(digits)


def _parts(text: str) -> list[str]:
    return list(dict.fromkeys(part for part in _LIST.split(text) if part))


def _areas(text: str, known: Known) -> list[str]:
    areas = _parts(text)
    if unknown := [area for area in areas if area not in Area.values]:
        raise Unreadable(f"There is no kind of trouble “{unknown[0][:40]}”. Known: {', '.join(Area.values)}.")
    return sorted(areas)


def _components(text: str, known: Known) -> list[Component]:
    return [_named(known.components, slug, "component") for slug in _parts(text)]


def _people(text: str, known: Known) -> list[User]:
    return [_named(known.people, username, "person") for username in _parts(text)]


def _person(text: str, known: Known) -> User | None:
    return _named(known.people, text, "person") if text else None


def _named(known: dict[str, Any], name: str, word: str) -> Any:
    if name not in known:
        raise Unreadable(f"There is no {word} called “{name[:40]}”.")
    return known[name]


def _date(text: str, known: Known) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Unreadable(f"“{text[:40]}” is no day. Example: 2027-03-31.") from error


def _days(text: str, known: Known) -> list[int]:
    names = {name.casefold(): number for number, name in enumerate(DAYS)}
    days = [part.casefold()[:3] for part in _parts(text)]
    if unknown := [day for day in days if day not in names]:
        raise Unreadable(f"“{unknown[0]}” is no day of the week. Days are {' '.join(DAYS)}.")
    return sorted(names[day] for day in set(days))


def _time(text: str, known: Known) -> time | None:
    try:
        return time.fromisoformat(text) if text else None
    except ValueError as error:
        raise Unreadable(f"“{text[:40]}” is no time of day. Example: 09:00.") from error


# --- writing -------------------------------------------------------------------------------------------------
def _said(value: Any) -> str:
    return same_lines(str(value if value is not None else ""))


def _flagged(value: bool) -> str:
    return YES if value else NO


def _username(person: User | None) -> str:
    return person.username if person is not None else ""


def _usernames(people: Iterable[User]) -> str:
    return ", ".join(sorted(person.username for person in people))


def _slugs(components: Iterable[Component]) -> str:
    return ", ".join(sorted(component.slug for component in components))


def _clock(value: time | None) -> str:
    return f"{value:%H:%M}" if value is not None else ""


def _weekdays(days: list[int] | None) -> str:
    return " ".join(DAYS[day] for day in sorted(days or ()))


def _listed(values: list[str]) -> str:
    return ", ".join(sorted(values))


# --- the columns ---------------------------------------------------------------------------------------------
def _of(
    name: str,
    shape: Callable[[Any], str] = _said,
    read: Callable[[str, Known], Any] = _text,
    *,
    key: bool = False,
) -> Column:
    return Column(name, lambda entry: getattr(entry, name), shape, read, key=key)


def _all_of(name: str, shape: Callable[[Any], str], read: Callable[[str, Known], Any]) -> Column:
    return Column(name, lambda entry: getattr(entry, name).all(), shape, read)


def _of_card(
    name: str, shape: Callable[[Any], str] = _said, read: Callable[[str, Known], Any] = _text
) -> Column:
    return Column(name, lambda person: getattr(getattr(person, "card", None), name, None), shape, read)


TEAMS = Kind(
    "teams",
    "team",
    (
        _of("slug", key=True),
        _of("name"),
        _of("tier", read=_tier),
        _of("is_vendor", _flagged, _yes),
        _of("active", _flagged, _yes),
        _of("scope"),
        _of("not_scope"),
        _of("keywords"),
        _of("have_ready"),
        _of("areas", _listed, _areas),
        _all_of("components", _slugs, _components),
        _of("zone"),
        _of("hours"),
        _of("phone"),
        _of("email"),
        _of("chat"),
        _of("lead", _username, _person),
        _of("manager", _username, _person),
        _all_of("members", _usernames, _people),
        _of("contract"),
        _of("quote"),
        _of("portal_url"),
        _of("owner", _username, _person),
        _of("review_due", read=_date),
    ),
)
PEOPLE = Kind(
    "people",
    "person",
    (
        _of("username", key=True),
        _of("email", key=True),
        _of("first_name"),
        _of("last_name"),
        _of("job_title"),
        _of("timezone"),
        _of_card("work_phone"),
        Column("phone", lambda person: person.phone, _said, _text, written=False),
        _of_card("chat"),
        _of_card("languages"),
        _of_card("work_days", _weekdays, _days),
        _of_card("work_from", _clock, _time),
        _of_card("work_to", _clock, _time),
        _of_card("review_due", read=_date),
    ),
)
KINDS = {kind.name: kind for kind in (TEAMS, PEOPLE)}
