"""Every address of the desk, found in the resolver, and an example of each in the world of tests/world.py."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from escalation import review_mail
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


def still_right(w: SimpleNamespace) -> str:
    """The link by which the payments team's lead may say that its entry is right."""
    return review_mail.token_for(w.teams[1], w.people["eli"])


def example(path: str, w: SimpleNamespace) -> str:
    """The address with an object that exists; casey may see whatever of these a customer can."""
    things = {
        "tickets": w.ticket.reference,
        "tickets/macros": w.macro.pk,
        "tickets/bulk": w.run.pk,
        "tickets/recurring": w.recurrence.pk,
        "tickets/views": w.view.slug,
        "views": w.view.slug,
        "macros": w.macro.pk,
        "recurring-tickets": w.recurrence.pk,
        "time-entries": w.time.pk,
        "questions": w.answer.question_id,
        "environment-answers": w.answer.pk,
        "tickets/rules": w.rule.pk,
        "automation-rules": w.rule.pk,
        "portal": w.ticket.reference,
        "incidents": w.incident.reference,
        "subscriptions": w.subscription.pk,
        "problems": w.problem.reference,
        "problems/actions": w.action.pk,
        "problems/from": w.other_ticket.reference,
        "changes": w.change.reference,
        "actions": w.action.pk,
        "on-call": "payments",
        "on-call/people": "eli",
        "on-call/still-right": still_right(w),
        "on-call/pages": w.page.reference,
        "on-call/pages/about": w.ticket.reference,
        "on-call/policies": w.policy.pk,
        "on-call/policies/new": "payments",
        "on-call/channels": w.channel.pk,
        "on-call/shifts": w.shift.pk,
        "on-call/swaps": w.swap.pk,
        "on-call/calendars": w.feed.pk,
        "calendar-feeds": w.feed.pk,
        "escalation-policies": w.policy.pk,
        "pages": w.page.reference,
        "paging-channels": w.channel.pk,
        "webhooks": w.webhook.pk,
        "webhooks/deliveries": w.delivery.pk,
        "files": Attachment.objects.get(public=True).pk,
        "teams": "payments",
        "tiers": 3,
        "people": "eli",
        "rotations": w.rotation.pk,
        "overrides": w.override.pk,
        "swaps": w.swap.pk,
        "applications": "payments",
        "components": "gateway",
        "regions": "eu-west",
        "services": "cards",
        "organisations": "acme",
        "contacts": w.casey.pk,
        "service-levels/policies": w.policy.pk,
        "service-levels/calendars": "business-hours",
        "service-levels/breaches": w.breach.pk,
        "policies": w.policy.pk,
        "calendars": "business-hours",
        "breaches": w.breach.pk,
        "impact-notes": w.bolt.impact_notes.get().pk,
        "busy-windows": w.bolt.busy_windows.get().pk,
    }
    if re.search(
        r"incidents/<ref>/(postmortem|impact|assess_impact)", path
    ):  # what comes after the restoration
        things["incidents"] = w.over.reference
    path = path.replace("/held/<pk>/", f"/held/{w.held.pk}/")  # a second thing in one address
    path = path.replace("/stand-ins/<pk>/", f"/stand-ins/{w.override.pk}/")
    path = path.replace("/rotations/<pk>/", f"/rotations/{w.rotation.pk}/")
    path = path.replace("/clocks/<which>/", "/clocks/resolution/")
    path = path.replace("/recipients/<pk>/", f"/recipients/{w.subscription.pk}/")
    path = path.replace("/pending/<waiting>/", f"/pending/{w.pending.pk}/")
    path = path.replace("/updates/<number>/", "/updates/2/")
    path = path.replace("/templates/<kind>/<audience>/", "/templates/holding/business/")
    path = path.replace("/update-templates/<ref>/", "/update-templates/holding-business/")
    before = path.removeprefix(API).split("/<")[0]
    query = f"?macro={w.macro.pk}" if path.endswith("/macro_preview/") else ""
    return "/" + re.sub(r"<\w+>", str(things.get(before, "")), path) + query
