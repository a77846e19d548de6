"""A page costs fewer than 25 queries, and no more with 1,000 rows than with 100."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from changes.models import Change
from core.accounts.models import RoleGrant
from core.audit.models import Event
from core.common import clock
from core.common.vocabulary import Role
from core.outbox.models import OutgoingMessage
from customers.models import Subscription
from escalation.models import Override, Page
from incidents.models import Incident, TimelineEntry
from problems.models import FollowUpAction, Problem
from tickets.models import Entry, Ticket
from webhooks.models import Attempt, Delivery

MOST = 24
FEW = 14  # for the pages of schedules
SCHEDULES = ("rotations", "rotation", "rotation preview", "stand-ins", "stand-in form", "stand-in end")
# An edit of the rotation of the world as its page sends it: the other way round and by the day.
EDIT = (
    "name=Primary&people=lea&people=eli&step=1&position=0&zone=UTC&every=1&period=daily&handoff_weekday=0"
    "&handoff_time=17:00&start=2027-01-04&active=on"
)
PAGES = {
    "queue": "/tickets/?view=all",
    "queue by filter": "/tickets/?status=open&priority=P2",
    "ticket": "/tickets/{ticket}/",
    "preview": "/tickets/{ticket}/preview/",
    "incidents": "/incidents/",
    "incident": "/incidents/{incident}/",
    "promises": "/incidents/{incident}/promises/",
    "promise report": "/dashboard/promises/",
    "promises by incident": "/dashboard/promises/?group=incident",
    "post-mortem": "/incidents/{over}/postmortem/",
    "post-mortem edit": "/incidents/{over}/postmortem/edit/",
    "post-mortems": "/incidents/postmortems/",
    "impact": "/incidents/{over}/impact/",
    "recipients": "/incidents/{incident}/recipients/",
    "subscriptions": "/subscriptions/",
    "a list": "/subscriptions/?application=payments",
    "problems": "/problems/",
    "problem": "/problems/{problem}/",
    "actions": "/problems/actions/",
    "changes": "/changes/",
    "all changes": "/changes/all/",
    "change": "/changes/{change}/",
    "on call": "/on-call/",
    "pages": "/on-call/pages/",
    "page": "/on-call/pages/{page}/",
    "policies": "/on-call/policies/",
    "rotations": "/on-call/payments/rotations/",
    "rotation": "/on-call/payments/rotations/{rotation}/",
    "rotation preview": "/on-call/payments/rotations/preview/?of={rotation}&" + EDIT,
    "stand-ins": "/on-call/payments/stand-ins/",
    "stand-in form": "/on-call/payments/override/",
    "stand-in end": "/on-call/payments/stand-ins/{override}/cancel/",
    "dashboard": "/dashboard/",
    "webhooks": "/webhooks/",
    "webhook": "/webhooks/{webhook}/",
    "dead letters": "/webhooks/{webhook}/?show=dead",
    "delivery": "/webhooks/deliveries/{delivery}/",
    "search": "/search/?q=Filler",
}


def test_pages_cost_the_same_however_much_there_is(world: SimpleNamespace) -> None:
    _compare(world, 100, 1_000)


@pytest.mark.drill
def test_pages_cost_the_same_with_ten_thousand(world: SimpleNamespace) -> None:
    _compare(world, 100, 10_000)


def _compare(world: SimpleNamespace, few: int, many: int) -> None:
    fill(world, few)
    before = counted(world)
    fill(world, many - few)
    after = counted(world)
    # Never more; a fuller queue may cost less, as its page is full after fewer bands.
    assert {page: (before[page], count) for page, count in after.items() if count > before[page]} == {}
    assert {page: count for page, count in after.items() if count > MOST} == {}
    assert {page: after[page] for page in SCHEDULES if after[page] > FEW} == {}


def counted(world: SimpleNamespace) -> dict[str, int]:
    """Queries of each page as a manager who is an admin, too; the second call, when what is cached is cached."""
    client = Client()
    RoleGrant.objects.get_or_create(user=world.people["max"], role=Role.ADMIN)
    client.force_login(world.people["max"])
    refs = {
        name: getattr(world, name).reference
        for name in ("ticket", "incident", "over", "problem", "change", "page")
    }
    refs |= {"rotation": world.rotation.pk, "override": world.override.pk}
    refs |= {"webhook": world.webhook.pk, "delivery": world.delivery.pk}
    found, now = {}, clock.now()  # on a busy machine nothing must fall out of the cache between the two
    for name, url in PAGES.items():
        for _ in range(2):
            with CaptureQueriesContext(connection) as queries, time_machine.travel(now, tick=False):
                assert client.get(url.format(**refs)).status_code == 200, url
        found[name] = len(queries)
    return found


def fill(w: SimpleNamespace, rows: int) -> None:
    """So many more of each kind, written past the operations, and so many more lines on the four that are opened."""
    now = clock.now()
    ages = [now - timedelta(minutes=number) for number in range(rows)]

    def many(model: Any, make: Callable[[int], dict[str, Any]]) -> None:
        model.objects.bulk_create([model(**make(number)) for number in range(rows)], batch_size=500)

    many(Ticket, lambda n: {
        "subject": f"Filler {n}", "priority": f"P{n % 4}", "status": ("new", "open", "waiting", "closed")[n % 4],
        "tier": n % 3 + 1, "team": w.teams[n % 3], "organisation": (w.acme, w.bolt)[n % 2], "requester": w.casey,
        "application": w.payments, "component": w.gateway, "assignee": w.people["ana"] if n % 2 else None,
        "created_at": ages[n], "updated_at": ages[n], "due_at": now + timedelta(minutes=n) if n % 3 else None,
    })  # fmt: skip
    many(Incident, lambda n: {
        "title": f"Filler {n}", "status": "restored", "severity": "SEV3", "started_at": ages[n], "detected_at": ages[n],
        "declared_at": ages[n], "restored_at": now,
    })  # fmt: skip
    many(Problem, lambda n: {
        "title": f"Filler {n}", "status": ("open", "investigating", "closed")[n % 3], "application": w.payments,
        "team": w.teams[1], "owner": w.people["pia"], "created_at": ages[n], "updated_at": ages[n],
    })  # fmt: skip
    many(FollowUpAction, lambda n: {
        "problem": w.problem, "title": f"Filler {n}", "owner": w.people["eli"], "team": w.teams[1], "due": now.date(),
        "created_at": ages[n],
    })  # fmt: skip
    many(Change, lambda n: {
        "title": f"Filler {n}", "status": "scheduled", "created_at": ages[n], "author": w.people["eli"],
        "responsible": w.people["eli"], "planned_start": w.change.planned_start + timedelta(hours=n),
        "planned_end": w.change.planned_start + timedelta(hours=n + 1),
    })  # fmt: skip
    many(Page, lambda n: {
        "policy": w.policy, "team": w.teams[1], "plan": w.page.plan, "reason": f"Filler {n}", "started_at": ages[n],
        "started_by_label": "Ana", "state": "cancelled" if n % 20 else "acknowledged", "about_ref": "x",
    })  # fmt: skip
    many(Override, lambda n: {
        "rotation": w.rotation, "user": w.people["lea"], "reason": f"Filler {n}", "ends_at": ages[n],
        "starts_at": ages[n] - timedelta(minutes=1), "cancelled_at": ages[n] if n % 2 else None,
    })  # fmt: skip
    many(Entry, lambda n: {
        "ticket": w.ticket, "kind": "public_reply", "author": w.people["ana"], "author_label": "Ana", "body": "x",
        "body_html": "x", "created_at": ages[n],
    })  # fmt: skip
    many(TimelineEntry, lambda n: {
        "incident": w.incident, "kind": "observation", "body": f"Filler {n}", "happened_at": ages[n],
        "recorded_at": ages[n], "author_label": "Ana",
    })  # fmt: skip
    many(Subscription, lambda n: {
        "email": f"filler{rows}.{n}@firm.example", "application": w.payments, "created_at": ages[n],
        "user": w.people["max"] if n % 10 == 0 else None,
    })  # fmt: skip
    many(Event, lambda n: {
        "name": "ticket.taken", "at": ages[n], "actor_kind": "person", "actor_label": "Ana", "door": "web",
        "subject_kind": ("ticket", "problem", "change")[n % 3], "subject_id": w.ticket.pk, "subject_ref": "x",
    })  # fmt: skip
    base = OutgoingMessage.objects.latest("pk").pk
    many(OutgoingMessage, lambda n: {
        "pk": base + 1 + n, "lane": "webhook", "topic": "webhook", "to": "x", "subject": "x", "text": "{}",
        "state": "failed", "dedup_key": f"filler{base}.{n}", "message_id": "x", "created_at": ages[n],
    })  # fmt: skip
    many(Delivery, lambda n: {
        "webhook": w.webhook, "event_id": 10**9 + base + n, "type": "ticket.updated", "subject_kind": "ticket",
        "subject_id": w.ticket.pk, "subject_ref": "TKT-1", "message_id": base + 1 + n, "created_at": ages[n],
        "state": ("dead", "delivered")[n % 2],
    })  # fmt: skip
    many(Attempt, lambda n: {"delivery": w.delivery, "at": ages[n], "milliseconds": 5, "status": 500})
