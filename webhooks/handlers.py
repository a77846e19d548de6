"""What happens to webhooks when something happens in the rooms below."""

from __future__ import annotations

from core.audit import delivery
from core.audit.models import Event
from webhooks import operations, published


@delivery.handler(*published.SOURCES)
def tell_webhooks(event: Event) -> None:
    """One row for each webhook that asked for it, in the order of the events."""
    operations.tell(event)
