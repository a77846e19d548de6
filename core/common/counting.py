"""Counting several things in one statement."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any, TypeVar

from django.db.models import BigIntegerField, F, Func, IntegerField, QuerySet, Value

Key = TypeVar("Key", bound=Hashable)


class _Counted(Func):
    """COUNT as a plain function: an aggregate would group by the number of its arm."""

    function = "COUNT"
    output_field = BigIntegerField()


def at_once(wanted: Mapping[Key, QuerySet[Any]]) -> dict[Key, int]:
    """How many rows each queryset has, in one query.

    Each count stands for itself, so that each is read out of the index that fits it and touches no more rows
    than it counts. One pass with a condition for each count would test every row against every condition.
    """
    if not wanted:
        return {}
    arms = [
        rows.order_by().values_list(Value(place, IntegerField()), _Counted(F("pk")))
        for place, rows in enumerate(wanted.values())
    ]
    numbers = dict(arms[0].union(*arms[1:], all=True))
    return {key: numbers.get(place, 0) for place, key in enumerate(wanted)}
