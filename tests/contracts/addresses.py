"""Every address of the desk, found in the resolver, and an example of each in the world of tests/world.py."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from worklog.models import Attachment

API = "api/v1/"
SAFE = {"get", "head", "options"}
_PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>|\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)")


@dataclass(frozen=True)
class Address:
    """`path` with its parameters as <name>; `methods` where the view says which it has, else None."""

    path: str
    methods: frozenset[str] | None
    name: str


def every() -> list[Address]:
    return list(_walk(get_resolver().url_patterns, ""))


def pages() -> list[Address]:
    """The desk's own pages: neither API nor the parts that come with Django and allauth."""
    return [found for found in every() if not found.path.startswith((API, "admin/", "accounts/"))]


def api() -> list[Address]:
    return [found for found in every() if found.path.startswith(API)]


def under(prefix: str) -> list[Address]:
    return [found for found in every() if found.path.startswith(prefix)]


def _walk(patterns: list[Any], before: str) -> Iterator[Address]:
    for pattern in patterns:
        route = before + re.sub(r"[$^]", "", str(pattern.pattern))
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern):
            path = _PARAMETER.sub(lambda found: f"<{found[1] or found[2]}>", route)
            yield Address(path, _methods(pattern.callback), pattern.name or "")


def _methods(view: Any) -> frozenset[str] | None:
    bound = getattr(view, "actions", None)
    if bound is None and (made := getattr(view, "view_class", None) or getattr(view, "cls", None)):
        bound = [name for name in made.http_method_names if hasattr(made, name)]
    return (
        None
        if bound is None
        else frozenset(name.upper() for name in bound if name not in ("head", "options"))
    )


def example(path: str, w: SimpleNamespace) -> str:
    """The address with an object that exists; casey may see whatever of these a customer can."""
    things = {
        "tickets": w.ticket.reference,
        "tickets/macros": w.macro.pk,
        "tickets/bulk": w.run.pk,
        "tickets/recurring": w.recurrence.pk,
        "tickets/views": w.view.slug,
        "questions": w.answer.question_id,
        "environment-answers": w.answer.pk,
        "tickets/rules": w.rule.pk,
        "automation-rules": w.rule.pk,
        "portal": w.ticket.reference,
        "incidents": w.incident.reference,
        "problems": w.problem.reference,
        "problems/actions": w.action.pk,
        "problems/from": w.other_ticket.reference,
        "changes": w.change.reference,
        "actions": w.action.pk,
        "on-call": "payments",
        "files": Attachment.objects.get(public=True).pk,
        "teams": "payments",
        "people": "eli",
        "rotations": w.rotation.pk,
        "overrides": w.override.pk,
        "applications": "payments",
        "components": "gateway",
        "regions": "eu-west",
        "services": "cards",
        "organisations": "acme",
        "contacts": w.casey.pk,
        "busy-windows": w.bolt.busy_windows.get().pk,
    }
    path = path.replace("/held/<pk>/", f"/held/{w.held.pk}/")  # a second thing in one address
    before = path.removeprefix(API).split("/<")[0]
    return "/" + re.sub(r"<\w+>", str(things.get(before, "")), path)
