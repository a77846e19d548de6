"""From an event of the trail to a row for each webhook, in turn to the outbox, and what became of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F
from django.db.models.functions import Coalesce

from core.audit import trail
from core.audit.models import Event
from core.common import clock
from core.common.actor import Actor, system
from core.common.errors import Conflict
from core.outbox import queue
from core.outbox.models import Lane, OutgoingMessage
from core.timers import sweeps
from webhooks import notices, published, queries
from webhooks.models import Attempt, Delivery, Webhook

TRANSPORT = "event"  # our way out, see webhooks/sending.py
TOPIC = "webhook"
SWEEP = "webhooks.line"
KEPT = timedelta(days=30)
STOPS_AFTER = timedelta(days=1)
STOPS_AFTER_ATTEMPTS = 5  # so that one failure a day apart from another stops nothing
LONGEST_ANSWER = 1024
MOST_AT_ONCE = 500
WITHHELD = "Its owner may not see this."
OFF = "The webhook is switched off."
State = Delivery.State


def tell(event: Event) -> None:
    """Put an event in the line of each webhook that asked for it and whose owner may see what it is about."""
    name = published.SOURCES[event.name]
    for webhook in queries.listeners(name, event):
        found = queries.seen_by_owner(webhook.owner, event.subject_kind, event.subject_id)
        if found is not None:
            seen = queries.names_seen(webhook.owner)
            data = {
                "kind": event.subject_kind, "reference": found.reference, "url": _url(found), "version": found.version,
                "action": event.name.partition(".")[2],
                "changes": published.changes(event.subject_kind, event.before, event.after, seen),
                **published.more(event.data, seen),
            }  # fmt: skip
            _put(webhook, name, event.at, data, event=event)


def put_test(webhook: Webhook) -> Delivery:
    """An event of no object: it waits for nothing."""
    now = clock.now()
    return _put(webhook, published.TEST, now, {"webhook": webhook.pk, "name": webhook.name})


def _put(
    webhook: Webhook, name: str, at: datetime, data: dict[str, Any], event: Event | None = None
) -> Delivery:
    now = clock.now()
    body = json.dumps({"type": name, "timestamp": _moment(at), "data": data})
    key = f"webhook.{webhook.pk}.{event.pk}" if event else f"webhook.{webhook.pk}.test.{now.timestamp()}"
    message = queue.put(
        lane=Lane.WEBHOOK, to=webhook.host, subject=name, text=body, topic=TOPIC, dedup_key=key, held=True,
        transport=TRANSPORT, endpoint=webhook.endpoint,
    )  # fmt: skip
    row, _ = Delivery.objects.get_or_create(
        message=message,
        defaults={
            "webhook": webhook, "event_id": event.pk if event else None, "type": name,
            "subject_kind": event.subject_kind if event else "", "subject_id": event.subject_id if event else None,
            "subject_ref": data.get("reference", ""), "due_at": now, "created_at": now, "keep_until": now + KEPT,
        },
    )  # fmt: skip
    sweeps.poke(SWEEP)
    return row


def release(delivery: Delivery, now: datetime) -> None:
    """The sweep's act: its turn has come, the outbox may send it.

    Raises Later where another of its object went ahead since it was listed.
    """
    try:
        with transaction.atomic():
            Delivery.objects.filter(pk=delivery.pk, state=State.WAITING).update(
                state=State.SENDING, due_at=None
            )
    except IntegrityError as taken:  # webhooks_one_on_its_way; when that one ends, this one is listed again
        raise sweeps.Later from taken
    queue.release(delivery.message)


def why_not(message: OutgoingMessage) -> str | None:
    """Asked by the outbox before each attempt: may its owner still see it, and is it still wanted?"""
    delivery = Delivery.objects.select_related("webhook__owner").filter(message=message).first()
    if delivery is None or not delivery.webhook.active:
        return OFF
    if not delivery.subject_kind:
        return None
    owner = delivery.webhook.owner
    return None if queries.seen_by_owner(owner, delivery.subject_kind, delivery.subject_id) else WITHHELD


def ended(message: OutgoingMessage, state: str, note: str) -> None:
    """Told by the outbox, in the transaction of its last mark: the line goes on."""
    become = {OutgoingMessage.State.SENT: State.DELIVERED, OutgoingMessage.State.FAILED: State.DEAD}.get(
        OutgoingMessage.State(state), State.WITHHELD if note == WITHHELD else State.DEAD
    )
    rows = Delivery.objects.filter(message=message, state=State.SENDING)
    rows.update(state=become, finished_at=clock.now())
    if become == State.WITHHELD:  # what it said is nobody's any more
        OutgoingMessage.objects.filter(pk=message.pk).update(text="")
    sweeps.poke(SWEEP)


@transaction.atomic
def attempted(
    delivery: Delivery,
    *,
    at: datetime,
    milliseconds: int,
    status: int | None,
    answer: str = "",
    error: str = "",
) -> None:
    """Write down one call, and stop a webhook that is gone (410) or that took nothing for a day."""
    Attempt.objects.create(
        delivery=delivery, at=at, milliseconds=milliseconds, status=status, answer=answer[:LONGEST_ANSWER],
        error=error[:LONGEST_ANSWER],
    )  # fmt: skip
    rows = Webhook.objects.filter(pk=delivery.webhook_id)
    if status is not None and 200 <= status < 300:
        rows.exclude(failures=0).update(failures=0, failing_since=None)
        return
    rows.update(failures=F("failures") + 1, failing_since=Coalesce("failing_since", at))
    if status == 410:
        stop(delivery.webhook, "It answered 410 Gone: nobody wants these events any more.")
        return
    long = rows.filter(failing_since__lte=at - STOPS_AFTER, failures__gte=STOPS_AFTER_ATTEMPTS)
    if long.exists():
        stop(delivery.webhook, "It took nothing for a day.")


def stop(webhook: Webhook, why: str) -> None:
    """The desk itself switches it off, once, and tells its owner."""
    if Webhook.objects.filter(pk=webhook.pk, active=True).update(
        active=False, stopped_why=why, version=F("version") + 1
    ):
        trail.record("webhook.stopped", on=webhook, by=system(), why=why)
        notices.tell_stopped(webhook, why)


@transaction.atomic
def redeliver(pk: int | str, *, by: Actor) -> Delivery:
    """Send it again, with the same webhook-id. Raises Conflict while it is on its way, off, or forgotten."""
    delivery = queries.get_delivery(pk, by=by)
    webhook = delivery.webhook
    if not webhook.active:
        raise Conflict("The webhook is switched off; switch it on first.")
    if not delivery.message.text:
        raise Conflict(f"Its body was forgotten after {KEPT.days} days.")
    again = Delivery.objects.filter(pk=delivery.pk).exclude(state__in=Delivery.OPEN)
    if not again.update(state=State.WAITING, due_at=clock.now(), finished_at=None):
        raise Conflict("It is on its way already.")
    queue.hold_again(delivery.message)
    trail.record("webhook.redelivered", on=webhook, by=by, delivery=delivery.pk)
    sweeps.poke(SWEEP)
    return queries.get_delivery(delivery.pk, by=by)


@transaction.atomic
def redeliver_dead(pk: int | str, *, by: Actor) -> Webhook:
    """Send its dead letters again after an outage, in the order of their events; at most 500 at a time."""
    webhook = queries.get_for(pk, by=by)
    if not webhook.active:
        raise Conflict("The webhook is switched off; switch it on first.")
    dead = queries.deliveries(webhook, by).filter(state=State.DEAD).exclude(message__text="")
    rows = list(dead.order_by("pk")[:MOST_AT_ONCE])
    if not rows:
        raise Conflict("There is no dead letter whose body is still kept.")
    again = Delivery.objects.filter(pk__in=[row.pk for row in rows], state=State.DEAD)
    again.update(state=State.WAITING, due_at=clock.now(), finished_at=None)
    for row in rows:
        queue.hold_again(row.message)
    trail.record("webhook.dead_redelivered", on=webhook, by=by, count=len(rows))
    sweeps.poke(SWEEP)
    return webhook


@transaction.atomic
def skip(pk: int | str, *, by: Actor) -> Delivery:
    """Give up on one that is not delivered, so that what comes after it goes on."""
    delivery = queries.get_delivery(pk, by=by)
    rows = Delivery.objects.filter(pk=delivery.pk, state__in=Delivery.OPEN)
    if not rows.update(state=State.SKIPPED, due_at=None, finished_at=clock.now()):
        raise Conflict(f"It is {delivery.get_state_display().lower()} already.")
    queue.withdraw(delivery.message, "Skipped by hand.")
    trail.record("webhook.skipped", on=delivery.webhook, by=by, delivery=delivery.pk)
    sweeps.poke(SWEEP)
    return queries.get_delivery(delivery.pk, by=by)


def forget(delivery: Delivery, now: datetime) -> None:
    """The sweep's act after 30 days: body and answers go, that it was told stays."""
    if delivery.is_open:
        Delivery.objects.filter(pk=delivery.pk).update(keep_until=now + KEPT)
        return
    Delivery.objects.filter(pk=delivery.pk).update(keep_until=None)
    delivery.attempts.update(answer="")
    OutgoingMessage.objects.filter(pk=delivery.message_id).update(text="")


def _url(found: Any) -> str:
    return f"{settings.BASE_URL.rstrip('/')}/api/v1/{published.API[found.SUBJECT]}/{found.reference}/"


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
