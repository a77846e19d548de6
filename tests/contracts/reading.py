"""Which parameters of its address a page looks at: only those are worth asking it with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock
from urllib.parse import parse_qsl

from django.http import QueryDict
from django.utils.datastructures import MultiValueDict

EVERY = "*"


@contextmanager
def parameters_read() -> Iterator[set[str]]:
    """The names that are looked up in a query while the block runs; EVERY where one goes through all of them."""
    names: set[str] = set()

    def noting(method: Any) -> Any:
        def noted(query: QueryDict, key: str, *rest: Any, **named: Any) -> Any:
            names.add(key)
            return method(query, key, *rest, **named)

        return noted

    def through_all(method: Any) -> Any:
        def noted(query: QueryDict, *rest: Any) -> Any:
            names.add(EVERY)
            return method(query, *rest)

        return noted

    with mock.patch.multiple(
        QueryDict,
        create=True,
        __getitem__=noting(MultiValueDict.__getitem__),
        __contains__=noting(dict.__contains__),
        get=noting(MultiValueDict.get),
        getlist=noting(MultiValueDict.getlist),
        items=through_all(MultiValueDict.items),
        dict=through_all(MultiValueDict.dict),
    ):
        yield names


def worth_asking(queries: Iterable[str], names: set[str]) -> list[str]:
    """Those of the queries that hold a parameter which the page reads; with or without a leading `?`."""
    return [
        query
        for query in queries
        if EVERY in names
        or {name for name, _ in parse_qsl(query.lstrip("?"), keep_blank_values=True)} & names
    ]
