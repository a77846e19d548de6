"""Making, changing and ending webhooks. Their secret is answered once and stored sealed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import F

from core.accounts.models import User
from core.accounts.permissions import Permission, require
from core.audit import trail
from core.common import clock
from core.common.actor import Actor
from core.common.errors import Conflict, NotAllowed, RuleBroken, Stale
from core.outbox import circuits, endpoints
from core.outbox.models import Endpoint
from webhooks import published, queries
from webhooks.models import Delivery, Webhook
from webhooks.operations import delivering
from worklog import subjects

MOST = 50
OVERLAP = timedelta(hours=24)
FACTS = ("name", "url", "events", "only", "owner", "active")


@dataclass(frozen=True)
class Made:
    """A webhook with its secret, which is nowhere to be read again."""

    webhook: Webhook
    secret: str


def create(*, url: str, by: Actor, **facts: Any) -> Made:
    """Tell an address of events: `name`, `events`, and if wanted `only`, `owner`, `active`.

    `only` is one reference, for that piece of work alone.

    It runs with the rights of its owner: oneself, or an integration account; nobody reads through somebody else's
    eyes. Raises RuleBroken for an address that the desk never calls, unknown events or another owner.
    """
    require(by, Permission.MANAGE_WEBHOOKS)
    endpoints.checked(url, look_up=True)  # a slow name server holds up nobody's writing: no transaction yet
    return _create(url=url, by=by, **facts)


@transaction.atomic
def _create(
    *,
    name: str,
    url: str,
    events: list[str],
    only: str = "",
    owner: User | None = None,
    active: bool = True,
    by: Actor,
) -> Made:
    if Webhook.objects.filter(removed_at=None).count() >= MOST:
        raise RuleBroken(f"The desk has {MOST} webhooks; remove one that nobody needs.")
    columns = {
        "name": _named(name), "events": _chosen(events), "owner": _owner(owner, by), **_only(only, by),
    }  # fmt: skip
    endpoint, secret = endpoints.add(Endpoint.Transport.WEBHOOK, url)
    made = Webhook.objects.create(endpoint=endpoint, active=active, created_at=clock.now(), **columns)
    trail.record("webhook.created", on=made, by=by, host=endpoint.host, after=_facts(made))
    return Made(queries.get_for(made.pk, by=by), secret)


def edit(pk: int | str, *, changes: dict[str, Any], version: int | None = None, by: Actor) -> Webhook:
    """Change some facts (FACTS). What is on its way goes to the new address. Raises as `create`, and Stale."""
    _mine(pk, by)
    if url := changes.get("url", "").strip():
        endpoints.checked(url, look_up=True)  # before the transaction, as in `create`
    return _edit(pk, changes=changes, url=url, version=version, by=by)


@transaction.atomic
def _edit(pk: int | str, *, changes: dict[str, Any], url: str, version: int | None, by: Actor) -> Webhook:
    webhook = _mine(pk, by)
    columns: dict[str, Any] = {}
    if "name" in changes:
        columns["name"] = _named(changes["name"])
    if "events" in changes:
        columns["events"] = _chosen(changes["events"])
    if changes.get("only", webhook.only_shown) != webhook.only_shown:  # as shown, it stays what it is
        columns |= _only(changes["only"], by)
    if changes.get("owner") is not None:  # a form without it hands nothing over
        columns["owner"] = _owner(changes["owner"], by)
    if "active" in changes:
        columns |= _switched(changes["active"])
    before = _facts(webhook)
    rows = Webhook.objects.filter(pk=webhook.pk, removed_at=None)
    rows = rows if version is None else rows.filter(version=version)
    if not rows.update(version=F("version") + 1, **columns):
        raise Stale("Somebody else changed this webhook meanwhile.", {"version": webhook.version})
    if url:
        endpoints.point(webhook.endpoint, url)
        circuits.worked(_route(webhook))  # what was blocked was the old address
    edited = queries.get_for(webhook.pk, by=by)
    after = _facts(edited)
    differing = [name for name in after if after[name] != before[name]]
    trail.record(
        "webhook.edited", on=edited, by=by, before={name: before[name] for name in differing},
        after={name: after[name] for name in differing},
    )  # fmt: skip
    return edited


@transaction.atomic
def switch(pk: int | str, *, on: bool, by: Actor) -> Webhook:
    """On or off. While it is off nothing is put in its line; what was on its way becomes a dead letter."""
    webhook = queries.get_for(pk, by=by)
    rows = Webhook.objects.filter(pk=webhook.pk, active=not on)
    if not rows.update(version=F("version") + 1, **_switched(on)):
        raise Conflict(f"It is {'on' if on else 'off'} already.")
    if on:
        circuits.worked(_route(webhook))
    trail.record("webhook.switched_on" if on else "webhook.switched_off", on=webhook, by=by)
    return queries.get_for(webhook.pk, by=by)


@transaction.atomic
def remove(pk: int | str, *, version: int | None = None, by: Actor) -> Webhook:
    """End it: address and secret are forgotten, what waits is dropped. The trail keeps that it was."""
    webhook = queries.get_for(pk, by=by)
    rows = Webhook.objects.filter(pk=webhook.pk, removed_at=None)
    rows = rows if version is None else rows.filter(version=version)
    if not rows.update(removed_at=clock.now(), active=False, version=F("version") + 1):
        raise Stale("Somebody else changed this webhook meanwhile.", {"version": webhook.version})
    endpoints.remove(webhook.endpoint)
    trail.record("webhook.removed", on=webhook, by=by, host=webhook.host)
    return webhook


@transaction.atomic
def rotate_secret(pk: int | str, *, by: Actor) -> Made:
    """A new secret; for 24 hours the old one signs as well, so that the receiver changes in its own time."""
    webhook = _mine(pk, by)
    secret = endpoints.rotate(webhook.endpoint, overlap=OVERLAP)
    Webhook.objects.filter(pk=webhook.pk).update(version=F("version") + 1)
    trail.record("webhook.secret_rotated", on=webhook, by=by, hours=int(OVERLAP.total_seconds() // 3600))
    return Made(queries.get_for(webhook.pk, by=by), secret)


@transaction.atomic
def test(pk: int | str, *, by: Actor) -> Delivery:
    """Send an event that asks for nothing, whatever was chosen. Raises Conflict while it is off."""
    webhook = queries.get_for(pk, by=by)
    if not webhook.active:
        raise Conflict("It is switched off; switch it on to send a test.")
    made = delivering.put_test(webhook)
    trail.record("webhook.tested", on=webhook, by=by)
    return made


def _mine(pk: int | str, by: Actor) -> Webhook:
    """A webhook that the actor may point elsewhere. Raises NotAllowed for another person's."""
    webhook = queries.get_for(pk, by=by)
    if not queries.may_point(webhook, by):
        raise NotAllowed(
            f"It runs with the rights of {webhook.owner.display_name}, who alone changes it. "
            "You can switch it off or remove it."
        )
    return webhook


def _owner(owner: User | None, by: Actor) -> User:
    found = queries.possible_owners(by).filter(pk=owner.pk if owner else by.user_id).first()
    if found is None:
        raise RuleBroken(
            "A webhook runs with your own rights or those of an integration account.", field="owner"
        )
    return found


def _named(name: str) -> str:
    plain = " ".join(name.split())[:100]
    if not plain:
        raise RuleBroken("Give it a name.", field="name")
    return plain


def _chosen(events: list[str]) -> list[str]:
    known = (*published.WILDCARDS, *published.NAMES)
    wrong = [name for name in events if name not in known]
    if wrong:
        raise RuleBroken(f"There is no event called {wrong[0][:60]}.", field="events")
    if not events:
        raise RuleBroken("Choose at least one event.", field="events")
    return [name for name in known if name in events]


def _only(reference: str, by: Actor) -> dict[str, Any]:
    if not reference.strip():
        return {"only_kind": "", "only_id": None, "only_ref": ""}
    try:
        found = subjects.find(reference, by)
    except RuleBroken as missing:
        raise RuleBroken(missing.sentence, field="only") from missing
    return {"only_kind": found.SUBJECT, "only_id": found.pk, "only_ref": found.reference}


def _switched(on: bool) -> dict[str, Any]:
    fresh = {"stopped_why": "", "failures": 0, "failing_since": None} if on else {}
    return {"active": on, **fresh}


def _route(webhook: Webhook) -> str:
    return f"endpoint-{webhook.endpoint_id}"


def _facts(webhook: Webhook) -> dict[str, Any]:
    """What the trail keeps: the host, never the address."""
    endpoint = Endpoint.objects.get(pk=webhook.endpoint_id)
    return {
        "name": webhook.name, "events": ", ".join(webhook.events), "only": webhook.only_ref, "host": endpoint.host,
        "owner": str(webhook.owner), "active": webhook.active,
    }  # fmt: skip
