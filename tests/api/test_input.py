"""Input that no endpoint may take, on every endpoint: the routes are found in the OpenAPI description."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

import pytest
from drf_spectacular.generators import SchemaGenerator
from rest_framework.exceptions import ParseError

from core.common.api import BODY_LIMIT, parse_json
from tests.api.conftest import Api, problem

DEEP = b'{"x": ' + b"[" * 40 + b"]" * 40 + b"}"
BROKEN_BODIES = {
    "no JSON": (b"{", 400),
    "NUL": (rb'{"subject": "a\u0000b"}', 400),
    "NUL in a name": (rb'{"a\u0000b": 1}', 400),
    "half a surrogate pair": (rb'{"subject": "\ud800"}', 400),
    "not UTF-8": (b'{"subject": "\xff"}', 400),
    "NaN": (b'{"subject": NaN}', 400),
    "Infinity": (b'{"subject": -Infinity}', 400),
    "endless number": (b'{"subject": 1e999}', 400),
    "huge number": (b'{"subject": ' + b"9" * 30 + b"}", 400),
    "very huge number": (b'{"subject": ' + b"9" * 10_000 + b"}", 400),
    "name twice": (b'{"a": 1, "a": 2}', 400),
    "too deep": (DEEP, 400),
    "far too deep": (b"[" * 100_000, 400),
    "too large": (b'{"x": "' + b"x" * BODY_LIMIT + b'"}', 413),
    "an array": (b"[]", 400),
    "a text": (b'"x"', 400),
    "a number": (b"1", 400),
    "null": (b"null", 400),
    "unknown field": (b'{"no_such_field": 1}', 400),
}
BROKEN_QUERIES = [
    "no_such_parameter=1",
    "limit=-1",
    "limit=0",
    "limit=201",
    "limit=1.5",
    "limit=²",
    "limit=%00",
]
BROKEN_QUERIES += [
    "cursor=x",
    "cursor=%00",
    "cursor=W10",
    "cursor=e30",
    "cursor=" + "A" * 3000,
    "ordering=no_such",
]
BROKEN_QUERIES += [
    "ordering=pk__id",
    "ordering=-",
    "limit=1&limit=2",
    "format=yaml",
    "cursor=WyJ4IiwgW10sIDBd",
]
WRONG_VALUES = [
    None,
    True,
    -1,
    10**18,
    1.5,
    "",
    "x" * 70_000,
    "a\nb",
    [],
    [[]],
    {},
    {"a": 1},
    ["\u202e"],
    "9999-99-99",
]
STRANGE_VALUES = [
    "%00",
    "9" * 40,
    "1,2,",
    "none",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59-14:00",
    "a" * 3000,
]
STRANGE_VALUES += ["'\"%25_;--", "%F0%9F%92%A9"]
WORST_VALUES = [None, 10**18, "x" * 70_000, [[]]]
BAD_REFS = ["TKT-0", "TKT-99999999999999999999", "-1", "0", "%00", "%F0%9F%92%A9", "a" * 300]


@cache
def operations() -> list[tuple[str, str, dict[str, Any]]]:
    """(method, path, description) of every endpoint."""
    schema = SchemaGenerator().get_schema(request=None, public=True)
    found = [
        (method.upper(), path, {"components": schema["components"], **what})
        for path, methods in schema["paths"].items()
        for method, what in methods.items()
        if path not in ("/api/v1/schema/", "/api/v1/docs/")
    ]
    assert len(found) > 30
    return found


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Ask for the routes only when a test needs them."""
    for fixture, methods in (("writing", ("POST", "PATCH", "PUT")), ("reading", ("GET",))):
        if fixture in metafunc.fixturenames:
            chosen = [found for found in operations() if found[0] in methods]
            metafunc.parametrize(fixture, chosen, ids=[f"{method} {path}" for method, path, _ in chosen])


@pytest.fixture
def root(api, one_of_each) -> Api:
    """The one who may do everything, so that nothing but the input is refused."""
    return api("root", "admin")


def real(path: str, one_of_each: dict[str, str]) -> str:
    """The path with references of objects that exist."""
    return re.sub(r"\{\w+\}", one_of_each.get(path.split("/")[3], "1"), path)


def not_a(answer: Any, *statuses: int) -> str:
    """What is wrong with a refusal; "" when it is a problem document with one of these statuses."""
    if answer.status_code not in statuses:
        return f"{answer.status_code} {answer.content[:200]!r}"
    problem(answer, answer.status_code)
    return ""


def test_without_a_token_every_endpoint_is_401(db):
    wrong = {}
    for method, path, _ in operations():
        answer = Api(None).call(method, re.sub(r"\{\w+\}", "1", path), {})
        wrong[method, path] = not_a(answer, 401) or ("" if answer.get("WWW-Authenticate") else "no challenge")
    assert not {where: what for where, what in wrong.items() if what}


def test_unknown_parameters_methods_and_paths_are_refused(root, one_of_each):
    wrong = {}
    deletable = {path for method, path, _ in operations() if method == "DELETE"}
    for method, path, _ in operations():
        here = real(path, one_of_each)
        wrong[method, path, "parameter"] = not_a(root.call(method, here + "?no_such_parameter=1"), 400)
        no_method = "PUT" if path in deletable else "DELETE"
        wrong[method, path, "method"] = not_a(root.call(no_method, here), 405)
        wrong[method, path, "path"] = not_a(root.call("GET", here + "no/such/"), 404)
    assert not {where: what for where, what in wrong.items() if what}


def test_references_of_nothing_are_404(root):
    wrong = {}
    for method, path, _ in operations():
        for ref in BAD_REFS if "{" in path else ():
            answer = root.call(method, re.sub(r"\{\w+\}", ref, path), None if method == "GET" else {})
            wrong[method, path, ref] = not_a(answer, *((404,) if method == "GET" else (400, 404)))
    assert not {where: what for where, what in wrong.items() if what}


def test_every_endpoint_documents_its_problems():
    for method, path, described in operations():
        expected = {"400", "401", "403", "404"} | ({"409", "413", "415"} if method != "GET" else set())
        expected |= {"412"} if method == "PATCH" else set()
        assert expected <= set(described["responses"]), (method, path)


def test_bodies_that_cannot_be_taken_are_refused(writing, root, one_of_each):
    method, path, described = writing
    here = real(path, one_of_each)
    for name, (raw, status) in BROKEN_BODIES.items():
        assert not not_a(root.call(method, here, raw=raw), status, 404), name
    for content_type in ("text/plain", "application/xml", "application/x-www-form-urlencoded", "x"):
        assert not not_a(root.call(method, here, raw=b"a=1", content_type=content_type), 415), content_type
    names = fields(described)
    bodies = [{name: value} for name in names for value in WORST_VALUES]
    bodies += [dict.fromkeys(names, value) for value in WRONG_VALUES]
    for body in bodies:
        answer = root.call(method, here, body)
        assert answer.status_code < 500, str(body)[:200]
        if answer.status_code >= 400:
            problem(answer, answer.status_code)


def test_queries_that_cannot_be_taken_are_refused(reading, root, one_of_each):
    _, path, described = reading
    here = real(path, one_of_each)
    for query in BROKEN_QUERIES:
        assert not not_a(root.get(f"{here}?{query}"), 400), query
    for parameter in described.get("parameters", []):
        for value in STRANGE_VALUES if parameter["in"] == "query" else ():
            answer = root.get(f"{here}?{parameter['name']}={value}")
            assert answer.status_code == 200 or not not_a(answer, 400, 404), (parameter["name"], value)


def fields(described: dict[str, Any]) -> list[str]:
    """The names that a body may hold, from the description."""
    content = described.get("requestBody", {}).get("content", {}).get("application/json", {})
    reference = content.get("schema", {}).get("$ref", "").rsplit("/", 1)[-1]
    return list(described["components"]["schemas"].get(reference, {}).get("properties", {}))


SHAPES = {"an array", "a text", "a number", "null", "unknown field"}  # JSON, but not what a form takes


@pytest.mark.parametrize("name", [name for name in BROKEN_BODIES if name not in SHAPES | {"too large"}])
def test_the_parser_itself_refuses(name):
    with pytest.raises(ParseError):
        parse_json(BROKEN_BODIES[name][0])


def test_the_deepest_body_that_is_taken():
    assert parse_json(b"[" * 32 + b"]" * 32)
    assert json.dumps(parse_json(b'{"a": "\\ud83d\\ude00"}')) == '{"a": "\\ud83d\\ude00"}'


def test_unknown_api_paths_are_problem_documents(api):
    problem(api(None).get("/no-such-thing/"), 404)
    problem(api(None).post("/tickets", {}), 404)
