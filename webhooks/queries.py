"""The door to webhooks and their deliveries, and what a webhook's owner may be told of."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from core.accounts import actors
from core.accounts.models import User
from core.accounts.permissions import Permission, require
from core.audit.models import Delivery as Unhandled
from core.audit.models import Event
from core.common.actor import Actor, Door
from core.common.errors import NotFound
from core.common.ids import plain_number
from core.common.vocabulary import Role
from core.outbox.transports import webhook as transport
from incidents.models import Incident
from webhooks import published
from webhooks.models import Delivery, Webhook
from worklog import subjects

FAN_OUT = "webhooks.handlers.tell_webhooks"  # how the trail names our handler
State = Delivery.State


def get_for(pk: int | str, *, by: Actor) -> Webhook:
    """One webhook. Raises NotFound, and NotAllowed for staff who do not manage webhooks."""
    require(by, Permission.MANAGE_WEBHOOKS)
    rows = Webhook.objects.visible_to(by).select_related("owner", "endpoint")
    found = rows.filter(pk=plain_number(str(pk))).first()
    if found is None:
        raise NotFound("There is no such webhook here.")
    return found


def get_delivery(pk: int | str, *, by: Actor) -> Delivery:
    """One delivery, if the reader sees what it speaks of. Raises as `get_for`."""
    require(by, Permission.MANAGE_WEBHOOKS)
    rows = Delivery.objects.visible_to(by).select_related("webhook__owner", "webhook__endpoint", "message")
    found = rows.filter(pk=plain_number(str(pk))).first()
    if found is None:
        raise NotFound("There is no such delivery here.")
    return found


def delivery_of(webhook: Webhook, pk: int, *, by: Actor) -> Delivery:
    """A delivery of this webhook. Raises NotFound for one of another."""
    found = get_delivery(pk, by=by)
    if found.webhook_id != webhook.pk:
        raise NotFound("There is no such delivery here.")
    return found


def webhooks(by: Actor) -> QuerySet[Webhook]:
    return Webhook.objects.visible_to(by).select_related("owner", "endpoint")


def deliveries(webhook: Webhook, by: Actor) -> QuerySet[Delivery]:
    """The log of a webhook, the newest first."""
    return Delivery.objects.visible_to(by).filter(webhook=webhook).select_related("message").order_by("-pk")


def counts(by: Actor, rows: list[Webhook]) -> dict[int, dict[str, int]]:
    """By webhook: how many deliveries wait and how many are dead letters, as far as the reader sees them."""
    found = (
        Delivery.objects.visible_to(by)
        .filter(webhook__in=rows, state__in=[*Delivery.OPEN, State.DEAD])
        .values_list("webhook_id")
        .annotate(
            open=Count("pk", filter=Q(state__in=Delivery.OPEN)), dead=Count("pk", filter=Q(state="dead"))
        )
    )
    return {pk: {"open": waits, "dead": dead} for pk, waits, dead in found}


def listeners(name: str, event: Event) -> list[Webhook]:
    """The webhooks of that moment that are on and asked for a published name, for all or for this piece of work."""
    rows = Webhook.objects.filter(active=True, removed_at=None, created_at__lte=event.at)
    rows = rows.filter(Q(only_kind="") | Q(only_kind=event.subject_kind, only_id=event.subject_id))
    return [row for row in rows.select_related("owner", "endpoint") if published.wants(row.events, name)]


def seen_by_owner(owner: User, kind: str, pk: int | None) -> Any:
    """The piece of work as the owner may see it now, or None. Exercises exist for no other program."""
    if not owner.is_active:
        return None
    actor = actors.for_user(owner, door=Door.HOOK)
    found = subjects.kind(kind).visible_to(actor).filter(pk=pk).first()
    return None if isinstance(found, Incident) and found.drill else found


def names_seen(owner: User) -> Callable[[str], bool]:
    """Whether a reference names a piece of work that the owner may see now."""

    def seen(reference: str) -> bool:
        named = subjects.named(reference)
        return named is not None and seen_by_owner(owner, *named) is not None

    return seen


def next_in_line(now: datetime) -> QuerySet[Delivery]:
    """What may go to the outbox: the first open event of its object for its webhook, all before it being known.

    An event that is not yet spread over the webhooks holds up the later ones; one whose spreading failed, and waits
    for another try, only those of its own object.
    """
    same = Delivery.objects.filter(
        webhook=OuterRef("webhook"), subject_kind=OuterRef("subject_kind"), subject_id=OuterRef("subject_id")
    )
    before = same.filter(Q(state=State.SENDING) | Q(state=State.WAITING, event_id__lt=OuterRef("event_id")))
    unknown = Unhandled.objects.filter(
        Q(due_at__lte=now)
        | Q(event__subject_kind=OuterRef("subject_kind"), event__subject_id=OuterRef("subject_id")),
        handler=FAN_OUT, due_at__isnull=False, event_id__lt=OuterRef("event_id"),
    )  # fmt: skip
    tests = Q(subject_kind="")
    return (
        Delivery.objects.filter(state=State.WAITING, due_at__lte=now)
        .filter(tests | (~Exists(before) & ~Exists(unknown)))
        .order_by(F("event_id").asc(nulls_first=True), "id")
    )


def possible_owners(by: Actor) -> QuerySet[User]:
    """Whose rights the actor may lend to a webhook: their own, and those of integration accounts."""
    integrations = User.objects.filter(role_grants__role=Role.INTEGRATION).exclude(
        role_grants__role__in=[role for role in Role if role != Role.INTEGRATION]
    )
    mine = Q(pk=by.user_id) | Q(pk__in=integrations.values("pk"))
    return User.objects.filter(mine, is_active=True).order_by("username")


def may_point(webhook: Webhook, by: Actor) -> bool:
    """Whether the actor may send it elsewhere or read its new secret: their own, or an integration account's.

    Another person's webhook may speak of what that person alone sees; others switch it off or remove it.
    """
    return webhook.owner_id == by.user_id or webhook.owner.role_set == {Role.INTEGRATION}


def identity(delivery: Delivery) -> str:
    """The webhook-id, equal for every attempt."""
    return transport.identity(delivery.message)
