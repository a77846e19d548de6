"""The endpoints of outgoing webhooks."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from core.accounts.api import DeskViewSet, listing, verb
from core.accounts.permissions import Permission
from core.common.actor import Actor
from webhooks import operations, queries
from webhooks.models import Delivery, Webhook
from webhooks.operations.managing import Made
from webhooks.shapes import DeliveryNamed, DeliveryOut, WebhookCreate, WebhookEdit, WebhookOut


class WebhookViewSet(DeskViewSet):
    """Programs outside that are told what happens, signed as the Standard Webhooks say.

    A failed call is tried again for a day; what happened to one object arrives in order. The secret is in the
    answers to creation and `rotate_secret` alone.
    """

    model = Webhook
    view_permission = Permission.MANAGE_WEBHOOKS
    named_by = "pk"
    serializer_class = WebhookOut
    create_form, patch_form = WebhookCreate, WebhookEdit
    delete_route = True
    ordering_fields = {"id": "pk", "name": "name"}
    ordering = "id"
    related = ("owner", "endpoint")

    def find(self, ref: str, by: Actor) -> Webhook:
        return queries.get_for(ref, by=by)

    def do_create(self, data: dict[str, Any], by: Actor) -> Webhook:
        return _shown_once(operations.create(**data, by=by))

    def do_patch(self, ref: str, data: dict[str, Any], version: int | None, by: Actor) -> Webhook:
        return operations.edit(ref, changes=data, version=version, by=by)

    def do_delete(self, ref: str, version: int | None, by: Actor) -> None:
        operations.remove(ref, version=version, by=by)

    @listing(DeliveryOut, ordering=("-pk",))
    def deliveries(self, ref: str, by: Actor) -> QuerySet[Delivery]:
        """What it was told, the newest first, with every attempt."""
        return queries.deliveries(queries.get_for(ref, by=by), by).prefetch_related("attempts")

    @verb(DeliveryNamed, entry=DeliveryOut, status=200)
    def redeliver(self, ref: str, data: dict[str, Any], by: Actor) -> Delivery:
        """Send one again, with the same webhook-id. 409 while it is on its way or the webhook is off."""
        return operations.redeliver(_of(ref, data, by), by=by)

    @verb()
    def redeliver_dead(self, ref: str, data: dict[str, Any], by: Actor) -> Webhook:
        """Send its dead letters again, in order; at most 500 at a time."""
        return operations.redeliver_dead(ref, by=by)

    @verb(DeliveryNamed, entry=DeliveryOut, status=200)
    def skip(self, ref: str, data: dict[str, Any], by: Actor) -> Delivery:
        """Give up on one that is not delivered; what comes after it goes on."""
        return operations.skip(_of(ref, data, by), by=by)

    @verb(entry=DeliveryOut)
    def test(self, ref: str, data: dict[str, Any], by: Actor) -> Delivery:
        """Send a webhook.test, whatever was chosen."""
        return operations.test(ref, by=by)

    @verb()
    def rotate_secret(self, ref: str, data: dict[str, Any], by: Actor) -> Webhook:
        """A new secret; for 24 hours both sign."""
        return _shown_once(operations.rotate_secret(ref, by=by))


def _of(ref: str, data: dict[str, Any], by: Actor) -> int:
    """The number of a delivery, which must be one of this webhook."""
    return queries.delivery_of(queries.get_for(ref, by=by), data["delivery"], by=by).pk


def _shown_once(made: Made) -> Webhook:
    made.webhook.shown_once = made.secret
    return made.webhook


ROUTES = [("webhooks", WebhookViewSet)]
