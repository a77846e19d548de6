"""Our events in one sentence each; who and when stand beside it."""

from __future__ import annotations

from core.audit.models import Event
from core.audit.words import Presenter


def _edited(event: Event) -> str:
    names = ", ".join(name.replace("_", " ") for name in event.after) or "address"
    return f"changed the webhook: {names}"


SENTENCES: dict[str, Presenter] = {
    "webhook.created": "made a webhook to {data[host]} for {after[events]}",
    "webhook.edited": _edited,
    "webhook.switched_on": "switched it on",
    "webhook.switched_off": "switched it off",
    "webhook.stopped": "switched it off. {data[why]}",
    "webhook.removed": "removed the webhook to {data[host]}",
    "webhook.secret_rotated": "made a new secret; the old one signs as well for {data[hours]} hours",
    "webhook.tested": "sent a test",
    "webhook.redelivered": "sent delivery {data[delivery]} again",
    "webhook.dead_redelivered": "sent {data[count]} dead letters again",
    "webhook.skipped": "gave up on delivery {data[delivery]}, so that what comes after it goes on",
}
