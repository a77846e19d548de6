"""Keyset paging: the next page starts behind the last row of this one, whatever came in meanwhile.

A page costs the same at the start and at the end of a list: no OFFSET, and the count stops at 1,000.
The cursor holds the ordering, the sort values of one row and the direction. It is no secret and grants
nothing (the queryset decides what may be seen), so it is checked but not signed.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import models
from django.db.models import F, Q

from core.common.errors import RuleBroken

COUNT_UP_TO = 1000
DEFAULT_LIMIT = 50
MOST = 200
LONGEST_CURSOR = 2000
LARGEST_INTEGER = 2**63 - 1


@dataclass(frozen=True)
class Page:
    """One page; `next` and `previous` are cursors or None; `count` is None beyond 1,000 rows."""

    rows: list[Any]
    next: str | None
    previous: str | None
    count: int | None


@dataclass(frozen=True)
class Key:
    """One sort column. Empty values come last, whatever the direction."""

    path: str
    descending: bool
    field: models.Field[Any, Any]
    nullable: bool

    def order(self, *, backwards: bool) -> Any:
        down = self.descending != backwards
        expression = F(self.path)
        if not self.nullable:
            return expression.desc() if down else expression.asc()
        nulls = {"nulls_first": True} if backwards else {"nulls_last": True}
        return expression.desc(**nulls) if down else expression.asc(**nulls)

    def beyond(self, value: Any, *, backwards: bool) -> Q:
        """The rows strictly behind the value in reading direction."""
        empty = Q(**{f"{self.path}__isnull": True})
        if value is None:
            return ~empty if backwards else Q(pk__in=[])
        comparison = "lt" if self.descending != backwards else "gt"
        found = Q(**{f"{self.path}__{comparison}": value})
        return found | empty if self.nullable and not backwards else found

    def equal(self, value: Any) -> Q:
        return Q(**{f"{self.path}__isnull": True}) if value is None else Q(**{self.path: value})

    def parse(self, value: Any) -> Any:
        """The value from a cursor as the field knows it; raises RuleBroken for anything else."""
        if value is None:
            if not self.nullable:
                raise _bad_cursor()
            return None
        if isinstance(value, list | dict) or (isinstance(value, str) and "\x00" in value):
            raise _bad_cursor()
        try:
            parsed = self.field.to_python(value)
        except (ValidationError, ValueError, TypeError, OverflowError) as error:
            raise _bad_cursor() from error
        if isinstance(parsed, int) and abs(parsed) > LARGEST_INTEGER:
            raise _bad_cursor()
        if isinstance(parsed, datetime) and parsed.tzinfo is None:
            raise _bad_cursor()
        return parsed


def page(
    queryset: models.QuerySet[Any],
    *,
    ordering: Sequence[str],
    cursor: str | None = None,
    limit: int = DEFAULT_LIMIT,
    counted: bool = True,
) -> Page:
    """One page of the queryset in the given order ("-created_at"); the primary key is always the tie-break.

    The ordering must come from an allow-list, never from input. Raises RuleBroken for a bad cursor.
    """
    keys = _keys(queryset, ordering)
    label = ",".join(ordering)
    values, backwards = _decode(cursor, label, keys) if cursor else (None, False)
    narrowed = queryset
    if values is not None:
        narrowed = queryset.filter(_behind(keys, values, backwards=backwards))
    narrowed = narrowed.order_by(*(key.order(backwards=backwards) for key in keys))
    rows = list(narrowed[: limit + 1])
    more = len(rows) > limit
    rows = rows[:limit]
    if backwards:
        rows.reverse()
    has_next, has_previous = (True, more) if backwards else (more, values is not None)
    return Page(
        rows=rows,
        next=_encode(label, keys, rows[-1], backwards=False) if rows and has_next else None,
        previous=_encode(label, keys, rows[0], backwards=True) if rows and has_previous else None,
        count=count(queryset) if counted else None,
    )


def count(queryset: models.QuerySet[Any]) -> int | None:
    """The number of rows up to 1,000, else None: counting history costs more than it tells."""
    number = queryset.order_by()[: COUNT_UP_TO + 1].count()
    return number if number <= COUNT_UP_TO else None


def _keys(queryset: models.QuerySet[Any], ordering: Sequence[str]) -> list[Key]:
    keys = [_key(queryset, name.removeprefix("-"), descending=name.startswith("-")) for name in ordering]
    if not any(key.path in ("pk", queryset.model._meta.pk.name) for key in keys):
        keys.append(_key(queryset, "pk", descending=bool(keys) and keys[-1].descending))
    return keys


def _key(queryset: models.QuerySet[Any], path: str, *, descending: bool) -> Key:
    annotation = queryset.query.annotations.get(path)
    if annotation is not None:
        return Key(path, descending, annotation.output_field, nullable=True)
    model: Any = queryset.model
    nullable = False
    parts = path.split("__")
    for position, part in enumerate(parts):
        try:
            field = model._meta.pk if part == "pk" else model._meta.get_field(part)
        except FieldDoesNotExist as error:
            raise ValueError(f"{queryset.model.__name__} cannot be ordered by {path}.") from error
        nullable = nullable or bool(getattr(field, "null", False))
        if position < len(parts) - 1:
            model = field.related_model
    return Key(path, descending, field, nullable)


def _behind(keys: list[Key], values: list[Any], *, backwards: bool) -> Q:
    key, value = keys[0], values[0]
    condition = key.beyond(value, backwards=backwards)
    if len(keys) > 1:
        condition |= key.equal(value) & _behind(keys[1:], values[1:], backwards=backwards)
        if not key.nullable:
            # Redundant, but an OR alone keeps the planner from starting in the middle of the index.
            bound = "lte" if key.descending != backwards else "gte"
            condition &= Q(**{f"{key.path}__{bound}": value})
    return condition


def _encode(label: str, keys: list[Key], row: Any, *, backwards: bool) -> str:
    values = [_plain(_value(row, key.path)) for key in keys]
    text = json.dumps([label, values, int(backwards)], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _value(row: Any, path: str) -> Any:
    for part in path.split("__"):
        row = getattr(row, part, None)
    return row


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def _decode(cursor: str, label: str, keys: list[Key]) -> tuple[list[Any], bool]:
    if len(cursor) > LONGEST_CURSOR:
        raise _bad_cursor()
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        content = json.loads(raw.decode())
    except (binascii.Error, UnicodeError, ValueError, RecursionError) as error:
        raise _bad_cursor() from error
    match content:
        case [str(given), [*values], 0 | 1 as backwards] if given == label and len(values) == len(keys):
            return [key.parse(value) for key, value in zip(keys, values, strict=True)], bool(backwards)
    raise _bad_cursor()


def _bad_cursor() -> RuleBroken:
    return RuleBroken(
        "This cursor does not belong to this list; follow the links of a page as they are.", field="cursor"
    )
