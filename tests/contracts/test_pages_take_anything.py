"""Bad input at every page: a sentence and a status below 500, whatever comes in, and nothing written by it."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.test import Client

from tests.contracts import addresses
from tests.contracts.addresses import example
from tests.contracts.permission_table import TABLE
from tests.contracts.reading import EVERY, parameters_read, worth_asking

pytestmark = pytest.mark.django_db

NAMES = re.compile(r'name="([a-zA-Z_]\w*)"')
HUGE = "9" * 400
VALUES: list[Any] = [
    "",
    "\x00",
    "\ud800".encode("utf-16", "surrogatepass").decode("utf-16", "replace"),
    "x" * 70_000,
    HUGE,
    "-1",
    "0001-01-01T00:00",
    "9999-12-31T23:59",
    "<script>alert(1)</script>",
    "'; DROP TABLE x; --",
    "{% now %}{{ settings }}",
    "../../etc/passwd",
    "TKT-99999999999999999999",
]
TURNS = 3  # each field meets three of the values at each address
QUERIES = [
    "cursor=x",
    "cursor=%00",
    "status=%00&priority=P9&tier=x",
    "q=%00%00",
    "q=" + "a:b " * 50,
    "search=" + "%22*(" * 40,
    "search=%00",
    "open=nothing",
    "open=%00",
    "view=%00",
    "part=rows&seen=%00",
    "week=0001-01-01",
    "week=9999-12-31",
    "week=x",
    "at=0001-01-01T00:00:00Z",
    "from=x&to=y&period=z",
    "limit=999999999999999999999",
    "problem=PRB-x&incident=%00&ticket=TKT-0",
]
# What every parameter is filled with at once; a cursor would be refused before the others are looked at.
FOR_ALL = ["\x00", HUGE, "-1", "0001-01-01T00:00", "9999-12-31"]
REFUSED_FIRST = {"cursor", EVERY}


def lines(method: str) -> list[tuple[str, str]]:
    """(path, who may) of the pages, from the permission table."""
    rows = [line.split() for line in TABLE.splitlines() if line.strip()]
    return [(row[1], row[2]) for row in rows if row[0] == method and not row[1].startswith(addresses.API)]


def answer(world: Any, who: str, method: str, url: str, data: dict[str, Any] | None = None) -> HttpResponse:
    client = Client(raise_request_exception=False)
    client.force_login(world.people[who])
    with transaction.atomic():
        found = client.post(url, data or {}) if method == "POST" else client.get(url)
        if found.streaming:
            found.getvalue()
        transaction.set_rollback(True)
    return found


def test_no_query_breaks_a_page(world):
    wrong, asked = [], 0
    for path, who in lines("GET"):
        with parameters_read() as names:
            answer(world, who, "GET", example(path, world))
        nonsense = [urlencode(dict.fromkeys(names - REFUSED_FIRST, value)) for value in FOR_ALL if names]
        for query in [*worth_asking(QUERIES, names), *nonsense]:
            url = f"{example(path, world)}?{query}"
            status = answer(world, who, "GET", url).status_code
            wrong += [f"{url}: {status}"] if status >= 500 else []
            asked += 1
    assert wrong == []
    assert asked > len(QUERIES) * 10  # the pages' own account of what they read is not empty


def test_no_form_breaks_a_page(world):
    """Each field that any page shows, filled with the same nonsense, sent to every address that takes a form."""
    names = {
        "text",
        "reason",
        "note",
        "body",
        "title",
        "subject",
        "from_tier",
        "version",
        "pick",
        "kind",
        "due",
    }
    for path, who in lines("GET"):
        page = answer(world, who, "GET", example(path, world))
        if not page.streaming:
            names |= set(NAMES.findall(page.content.decode(errors="replace")))
    names -= {"csrfmiddlewaretoken", "csp", "viewport"}
    wrong = []
    for path, who in lines("POST"):
        url = example(path, world)
        with parameters_read() as read:
            status = answer(world, who, "POST", url, dict.fromkeys(names, "-1")).status_code
            wrong += [f"{url} with -1: {status}"] if status >= 500 else []
            for turn in range(TURNS):
                asked = sorted(names if EVERY in read else names & read)
                if not asked:
                    break  # a button without fields
                data = {name: VALUES[(place + 3 * turn) % len(VALUES)] for place, name in enumerate(asked)}
                status = answer(world, who, "POST", url, data).status_code
                wrong += [f"{url}, turn {turn}: {status}"] if status >= 500 else []
    assert wrong == []


@pytest.mark.parametrize(
    "path, who, data, kept",
    [
        ("/tickets/new/", "ana", {"subject": "", "description": "typed at length"}, "typed at length"),
        (
            "/tickets/{ticket}/escalate/",
            "ana",
            {"from_tier": 9, "summary": "typed at length"},
            "typed at length",
        ),
        ("/tickets/{ticket}/resolve/", "ana", {"note": "typed at length"}, "typed at length"),
        ("/incidents/declare/", "ana", {"title": "", "summary": "typed at length"}, "typed at length"),
        ("/incidents/{incident}/update/", "ana", {"what": "", "doing": "typed at length"}, "typed at length"),
        ("/incidents/{over}/impact/", "ana", {"reason": "typed at length"}, "typed at length"),
        (
            "/incidents/{over}/postmortem/edit/",
            "ana",
            {"version": 9, "lessons": "typed at length"},
            "typed at length",
        ),
        (
            "/incidents/{over}/postmortem/add_action/",
            "ana",
            {"due": "soon", "title": "typed at length"},
            "typed at length",
        ),
        ("/problems/new/", "ana", {"title": "", "description": "typed at length"}, "typed at length"),
        ("/problems/{problem}/root_cause/", "ana", {"statement": "typed at length"}, "typed at length"),
        ("/changes/new/", "ana", {"title": "", "need": "typed at length"}, "typed at length"),
    ],
)
def test_a_refused_form_keeps_the_typed_text(world, path, who, data, kept):
    names = {
        name: getattr(world, name).reference for name in ("ticket", "incident", "over", "problem", "change")
    }
    found = answer(world, who, "POST", path.format(**names), data)
    assert 400 <= found.status_code < 500
    assert kept in found.content.decode()
