"""Telling the owner of a webhook that the desk had to switch it off."""

from __future__ import annotations

from django.conf import settings
from django.template.loader import render_to_string

from core.outbox import queue
from core.outbox.models import Lane
from webhooks.models import Webhook

TOPIC = "webhook.stopped"


def tell_stopped(webhook: Webhook, why: str) -> None:
    """One mail to its owner. The page says the same."""
    owner = webhook.owner
    if not owner.email:
        return
    url = f"{settings.BASE_URL.rstrip('/')}/webhooks/{webhook.pk}/"
    context = {"webhook": webhook, "owner": owner, "why": why, "url": url}
    queue.put(
        lane=Lane.REPLY,
        to=owner.email,
        subject=" ".join(render_to_string("email/webhook_stopped.subject", context).split()),
        text=render_to_string("email/webhook_stopped.txt", context),
        topic=TOPIC,
        about=webhook,
        dedup_key=f"webhook.stopped.{webhook.pk}.{webhook.version}",
    )
